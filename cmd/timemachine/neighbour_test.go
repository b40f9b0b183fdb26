package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// shared is a machine on which root makes runs over folders of another user's.
type shared struct {
	*damaged
	dir string
}

// newShared has an empty watch list and no destination yet. Everybody can reach its folders.
func newShared(t *testing.T) *shared {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("this is about root")
	}
	dir := t.TempDir()
	s := &shared{damaged: &damaged{t: t, dest: filepath.Join(dir, "dest")}, dir: dir}
	s.check(os.Chmod(filepath.Dir(dir), 0o711))
	for _, name := range []string{"home", "root", "dest"} {
		s.check(os.Mkdir(s.path(name), 0o755))
	}
	s.check(os.Chown(s.path("home"), stranger, stranger))
	s.check(os.Chmod(s.path("root"), 0o700))
	return s
}

func (s *shared) path(name string) string { return filepath.Join(s.dir, name) }

// watch makes the watch list.
func (s *shared) watch(names ...string) {
	s.t.Helper()
	text := ""
	for _, name := range names {
		text += "- " + s.path(name) + "\n"
	}
	write(s.t, s.path("config.dat"), []byte(text))
}

// sh runs a script in home as its owner.
func (s *shared) sh(script string) {
	s.t.Helper()
	cmd := exec.Command("setpriv", "--reuid", fmt.Sprint(stranger), "--regid", fmt.Sprint(stranger), "--clear-groups", "sh", "-ec", script)
	cmd.Dir = s.path("home")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v %s", script, err, out)
	}
}

// put writes a file of root's.
func (s *shared) put(name, text string, mode os.FileMode) {
	s.t.Helper()
	s.check(os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	write(s.t, s.path(name), []byte(text))
	s.check(os.Chmod(s.path(name), mode))
}

// tracked lists what the newest tree holds, in files/ and below dir.
func (s *shared) tracked() string {
	prefix := "files" + s.dir + "/"
	var names []string
	for _, name := range repotest.Lines(s.t, s.dest, "-c", "safe.directory=*", "ls-tree", "-r", "--name-only", "main") {
		if name, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// mustRun makes a run that ends with an exit status, and returns what it says.
func (s *shared) mustRun(want int) string {
	s.t.Helper()
	out, code := s.timemachine("run")
	if code != want {
		s.t.Errorf("exit %d, want %d: %s", code, want, out)
	}
	return out
}

const secret = "what nobody but root may read\n"

// wantNoSecret looks for the secret in each object.
func (s *shared) wantNoSecret() {
	s.t.Helper()
	for _, line := range repotest.Lines(s.t, s.dest, "-c", "safe.directory=*", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname) %(objectsize)") {
		f := strings.Fields(line)
		if f[0] == "blob" && f[2] == fmt.Sprint(len(secret)) && repotest.Git(s.t, s.dest, "-c", "safe.directory=*", "cat-file", "blob", f[1]) == secret {
			s.t.Error("the secret is in the history")
		}
	}
}

// TestForeignLinks: another user's link at or above the root of an entry, or at a listed file,
// leads root to what belongs to that user only. Anything else is named, and no source counts as
// deleted.
func TestForeignLinks(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		entry, make, exchange string
		followed              string // what is recorded then; "": nothing, and the run says so
	}{
		"a folder":                   {"home/docs", "mkdir docs; echo 1 >docs/a", "mv docs old; ln -s ../root docs", ""},
		"a folder above":             {"home/way/docs", "mkdir -p way/docs; echo 1 >way/docs/a", "mv way old; ln -s ../root way", ""},
		"a chain":                    {"home/docs", "mkdir docs; echo 1 >docs/a", "mv docs old; ln -s ../root l; ln -s l docs", ""},
		"a pattern":                  {"home/docs/*", "mkdir docs; echo 1 >docs/a", "mv docs old; ln -s ../root docs", ""},
		"a listed file":              {"home/a", "echo 1 >a", "mv a old; ln -s ../root/a a", ""},
		"the folder of a file":       {"home/docs/a", "mkdir docs; echo 1 >docs/a", "mv docs old; ln -s ../root docs", ""},
		"through their own folder":   {"home/docs/a", "mkdir docs; echo 1 >docs/a", "mv docs old; mkdir docs; ln -s ../../root/a docs/a", ""},
		"a folder of their own":      {"home/docs", "mkdir docs; echo 1 >docs/a", "mv docs old; ln -s old docs; echo 2 >old/a", "2\n"},
		"a file of their own":        {"home/a", "echo 1 >a", "mv a old; ln -s old a; echo 2 >old", "2\n"},
		"a link of root's to all":    {"roots/docs", "mkdir docs; echo 1 >docs/a", "echo 2 >docs/a", "2\n"},
		"a link of root's to a file": {"tofile", "mkdir docs; echo 1 >docs/a", "echo 2 >docs/a", "2\n"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShared(t)
			s.put("root/a", secret, 0o600)
			s.put("root/docs/a", secret, 0o600)
			s.check(os.Symlink("home", s.path("roots")))
			s.check(os.Symlink("home/docs/a", s.path("tofile")))
			s.watch(c.entry)
			s.sh(c.make)
			s.mustRun(0)
			before := repotest.Git(t, s.dest, "rev-parse", "main")
			s.sh(c.exchange)
			if c.followed != "" {
				s.mustRun(0)
				if got := repotest.Git(t, s.dest, "show", "main:"+strings.Fields(repotest.Git(t, s.dest, "ls-tree", "-r", "--name-only", "main", "files"))[0]); got != c.followed {
					t.Errorf("recorded: %q", got)
				}
				return
			}
			for range 2 {
				if out := s.mustRun(3); !strings.Contains(out, "a link of uid 54321 leads there") || strings.Count(out, "ERR") != 1 {
					t.Errorf("it says: %s", out)
				}
				s.check(os.RemoveAll(s.path("state"))) // so that the next run says it again
			}
			if after := repotest.Git(t, s.dest, "rev-parse", "main"); after != before {
				t.Errorf("recorded: %s", repotest.Git(t, s.dest, "log", "--format=%s"))
			}
			s.wantNoSecret()
		})
	}
}

// TestOwnerReads: in a destination of another user's root records what its owner may read, and
// nothing else. The rest is named, in a bounded list.
func TestOwnerReads(t *testing.T) {
	s := newShared(t)
	s.check(os.Chown(s.dest, stranger, stranger))
	s.put("etc/open", "open\n", 0o644)
	s.put("etc/closed", secret, 0o600)
	s.put("etc/group", secret, 0o640)
	s.put("etc/barred/open", secret, 0o644)
	s.put("etc/passed/open", "passed\n", 0o644)
	s.put("etc/theirs", "theirs\n", 0o600)
	s.put("etc/not theirs", secret, 0o044)
	s.check(os.Chmod(s.path("etc/barred"), 0o700))
	s.check(os.Chmod(s.path("etc/passed"), 0o711))
	s.check(os.Chown(s.path("etc/theirs"), stranger, 0))
	s.check(os.Chown(s.path("etc/not theirs"), stranger, 0))
	s.check(os.Symlink("/nowhere", s.path("etc/link")))
	s.check(os.Symlink(secret, s.path("etc/barred/link")))
	s.check(os.Symlink("etc/closed", s.path("listed")))
	s.check(os.Symlink("etc/open", s.path("listed open")))
	s.put("alone", secret, 0o600)
	for i := range 100 {
		s.put(fmt.Sprintf("many/%c%c", 'a'+i/10, 'a'+i%10), secret, 0o600)
	}
	s.watch("etc", "alone", "listed", "listed open", "many")
	list, err := os.ReadFile(s.path("config.dat"))
	s.check(err)
	// By its mode everybody may read it, and the kernel lets others not open it.
	write(t, s.path("config.dat"), append(list, "- /proc/self/maps\n"...))
	out := s.mustRun(3)
	if !strings.Contains(out, "/proc/self/maps: is not recorded: uid 54321, who owns the destination, may find something else") {
		t.Errorf("it says: %s", out)
	}
	if got := s.tracked(); got != "etc/link etc/open etc/passed/open etc/theirs listed open" {
		t.Errorf("recorded: %s", got)
	}
	s.wantNoSecret()
	if n := strings.Count(out, "ERR"); n != 22 || !strings.Contains(out, "uid 54321, who owns the destination, may not read it") || !strings.Contains(out, "and 87 more") {
		t.Errorf("%d errors: %s", n, out)
	}
	for _, name := range []string{"etc/closed", "etc/barred/link", "alone"} {
		if out, _ := s.timemachine("status"); !strings.Contains(out, s.path(name)+": is not recorded: uid 54321") {
			t.Errorf("status says of %s: %s", name, out)
		}
	}
	s.put("etc/closed", "not secret any more\n", 0o644)
	s.check(os.RemoveAll(s.path("many")))
	for _, name := range []string{"etc/group", "etc/barred", "etc/not theirs", "alone"} {
		s.check(os.RemoveAll(s.path(name)))
	}
	s.mustRun(3) // an entry is missing
	if got := s.tracked(); got != "etc/closed etc/link etc/open etc/passed/open etc/theirs listed listed open" {
		t.Errorf("recorded: %s", got)
	}
}

// TestRestoreThroughForeignLinks: restore follows a listed link of root's, but no link of another
// user's behind it: the version's content would replace a file of root's.
func TestRestoreThroughForeignLinks(t *testing.T) {
	for what, c := range map[string]struct {
		make, exchange string
		want           string // of root/a and of home/old
		code           int
	}{
		"their link to root's file":   {"echo theirs >app", "mv app old; ln -s ../root/a app", "root's theirs\n", 3},
		"their link to their own":     {"echo theirs >app", "mv app old; ln -s old app; echo new >old", "root's new\n", 3},
		"a chain of root's to theirs": {"echo theirs >app", "mv app old; cp old app; echo new >app", "root's theirs\n", 0},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShared(t)
			s.put("root/a", "root's ", 0o600)
			s.check(os.Symlink("second", s.path("conf")))
			s.check(os.Symlink("home/app", s.path("second")))
			s.watch("conf")
			s.sh(c.make)
			s.mustRun(0)
			s.sh(c.exchange)
			if out, code := s.timemachine("restore", s.path("conf"), "--at", "@0"); code != c.code || c.code != 0 && !strings.Contains(out, "is a link of user 54321's, and not followed") {
				t.Errorf("exit %d: %s", code, out)
			}
			got := ""
			for _, name := range []string{"root/a", "home/old"} {
				b, err := os.ReadFile(s.path(name))
				s.check(err)
				got += string(b)
			}
			if got != c.want {
				t.Errorf("there is %q, want %q", got, c.want)
			}
			if b, err := os.ReadFile(s.path("home/app")); c.code == 0 && (err != nil || string(b) != "theirs\n") {
				t.Errorf("restored: %q, %v", b, err)
			}
		})
	}
}

// TestObjectsOfOthers: in another user's destination root reads no pack and no loose object that is
// not that user's, also where they have put links to those of a repository that is closed to them.
func TestObjectsOfOthers(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	s.check(os.Chown(s.dest, stranger, stranger))
	s.put("etc/open", "open\n", 0o644)
	s.watch("etc")
	s.mustRun(0)
	// A repository of root's, with the secret in a pack and, another, in a loose object.
	closed := s.path("root/closed")
	repotest.Git(t, s.path("root"), "init", "-q", closed)
	write(t, filepath.Join(closed, "packed"), []byte(secret))
	repotest.Git(t, closed, "add", "packed")
	repotest.Git(t, closed, "-c", "user.name=r", "-c", "user.email=r@r", "commit", "-qm", "one")
	repotest.Git(t, closed, "repack", "-adq")
	packs, err := filepath.Glob(filepath.Join(closed, ".git/objects/pack/pack-*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	name := strings.TrimSuffix(filepath.Base(packs[0]), ".pack")
	tip := strings.TrimSpace(repotest.Git(t, closed, "rev-parse", "HEAD"))
	links := fmt.Sprintf("cd %s/.git/objects/pack; ln -s %[2]s/%[3]s.pack .; ln -s %[2]s/%[3]s.idx .; echo %[3]s >>../../timemachine/packs",
		s.dest, filepath.Dir(packs[0]), name)
	s.sh(links)
	for i := range 12 { // so that packs are merged
		s.put("etc/open", fmt.Sprint("open ", i, "\n"), 0o644)
		s.timemachine("run")
	}
	s.timemachine("compact")
	if out, code := s.timemachine("show", "--at", tip, "/packed"); code == 0 || strings.Contains(out, secret) {
		t.Errorf("exit %d: %s", code, out)
	}
	s.sh(fmt.Sprintf("cd %s/.git/objects/pack; rm -f %[2]s.pack %[2]s.idx", s.dest, name))
	s.wantNoSecret()
	// Its whole folder of packs, or of loose objects.
	s.sh(fmt.Sprintf("cd %s/.git/objects; mv pack packs; ln -s %s pack", s.dest, filepath.Dir(packs[0])))
	if out, code := s.timemachine("restore", "/", "--at", tip, "--to", s.path("home")); code == 0 || strings.Contains(out, secret) {
		t.Errorf("exit %d: %s", code, out)
	}
	s.sh(fmt.Sprintf("cd %s/.git/objects; rm pack; mv packs pack", s.dest))
	s.mustRun(0)
	s.wantNoSecret()
	if out, code := s.timemachine("verify"); code != 0 {
		t.Errorf("verify: exit %d: %s", code, out)
	}
}

// TestDestinationThatBecomesRoots: one that was another user's, and belongs to root by now, may be
// another destination of root's that the user has put there. init says that it is meant.
func TestDestinationThatBecomesRoots(t *testing.T) {
	s := newShared(t)
	s.check(os.Chown(s.dest, stranger, stranger))
	s.put("etc/open", "open\n", 0o644)
	s.watch("etc")
	s.mustRun(0)
	if out, err := exec.Command("chown", "-R", "0:0", s.dest).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	s.put("etc/open", "changed\n", 0o644)
	if out := s.mustRun(1); !strings.Contains(out, "belongs to uid 0 now") {
		t.Errorf("it says: %s", out)
	}
	if out, code := s.timemachine("init"); code != 0 {
		t.Errorf("init: exit %d: %s", code, out)
	}
	s.mustRun(0)
}
