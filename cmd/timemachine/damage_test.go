package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"timemachine/repo/repotest"
)

// damaged is a destination to damage, with one watched file. A shell would take its name apart.
type damaged struct {
	t          *testing.T
	dest, file string
	tip        string
	config     string // as git lists it
	owner      int    // of the destination
}

// timemachine runs the program and returns its output and exit status.
func (d *damaged) timemachine(args ...string) (out string, code int) {
	d.t.Helper()
	cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(d.dest), "-d", d.dest}, args...)...)
	cmd.Env = d.env()
	b, _ := cmd.CombinedOutput()
	return string(b), cmd.ProcessState.ExitCode()
}

func (d *damaged) env() []string {
	home := filepath.Dir(d.dest)
	return append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8")
}

func newDamaged(t *testing.T) *damaged {
	dir := repotest.InMemory(t)
	d := &damaged{t: t, dest: filepath.Join(dir, "it's $(touch pwned) here"), file: filepath.Join(dir, "watched"), owner: os.Geteuid()}
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		write(t, d.file, []byte(text))
		if out, code := d.timemachine("add", d.file); code != 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
	d.config = repotest.Git(t, d.dest, "config", "--local", "--list")
	d.tip = strings.TrimSpace(repotest.Git(t, d.dest, "rev-parse", "main"))
	return d
}

func (d *damaged) git(name string) string { return filepath.Join(d.dest, ".git", name) }

func (d *damaged) replace(name string, data []byte) {
	d.t.Helper()
	if err := os.Remove(d.git(name)); err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	if data != nil {
		write(d.t, d.git(name), data)
	}
}

func (d *damaged) firstMatch(pattern string) string {
	d.t.Helper()
	all, err := filepath.Glob(strings.ReplaceAll(d.git(pattern), "$", `\$`))
	if err != nil || len(all) == 0 {
		d.t.Fatalf("%s: %v %v", pattern, all, err)
	}
	rel, err := filepath.Rel(d.git(""), all[0])
	if err != nil {
		d.t.Fatal(err)
	}
	return rel
}

func (d *damaged) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// replaceBy puts something else in the place of a file or folder, which it moves out of the
// repository if it exists.
func (d *damaged) replaceBy(name string, put func(path, was string)) {
	d.t.Helper()
	was := filepath.Join(repotest.InMemory(d.t), "was")
	if err := os.Rename(d.git(name), was); err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	put(d.git(name), was)
}

func (d *damaged) putLink(path, was string) { d.check(os.Symlink(was, path)) }

func (d *damaged) putFolder(path, _ string) {
	d.check(os.Mkdir(path, 0o700))
	write(d.t, filepath.Join(path, "something"), nil)
}

// overwriteHalf overwrites the second half of a file.
func (d *damaged) overwriteHalf(name string) {
	d.t.Helper()
	b, err := os.ReadFile(d.git(name))
	if err != nil {
		d.t.Fatal(err)
	}
	copy(b[len(b)/2:], bytes.Repeat([]byte{0xa5}, len(b)-len(b)/2))
	d.replace(name, b)
}

// The outcomes of a damage.
const (
	recovers = "the run goes on, and the user has nothing to do"
	warned   = "the run goes on, and names the command that repairs it"
	hinted   = "the run stops; after the commands of its hints it goes on, with the whole history"
	stops    = "the run stops and names a command that checks; the history must come from a copy"
)

// damage is one damage to a destination.
type damage struct {
	name string
	do   func(d *damaged)
	end  string
	says string // a regular expression
}

var damages = []damage{
	{"branch empty", func(d *damaged) { d.replace("refs/heads/main", []byte{}) }, hinted, `branch main is damaged \(its file is empty\)`},
	{"branch of zeros", func(d *damaged) { d.replace("refs/heads/main", make([]byte, 41)) }, hinted, `holds only zero bytes`},
	{"branch cut", func(d *damaged) { d.replace("refs/heads/main", []byte(d.tip[:20])) }, hinted, `is cut to 20 bytes`},
	{"branch no name", func(d *damaged) { d.replace("refs/heads/main", []byte(strings.Repeat("x", 41))) }, hinted, `holds no commit name`},
	{"branch missing", func(d *damaged) { d.replace("refs/heads/main", nil) }, hinted, `is missing, but there is a history`},
	{"branch and reflog missing", func(d *damaged) {
		d.replace("refs/heads/main", nil)
		d.replace("logs/refs/heads/main", nil)
	}, hinted, `is missing, but there is a history`},
	{"branch and reflog missing, checked older", func(d *damaged) {
		d.replace("refs/heads/main", nil)
		d.replace("logs/refs/heads/main", nil)
		d.replace("timemachine/followed", nil)
		d.replace("timemachine/checked", []byte(repotest.Git(d.t, d.dest, "rev-parse", d.tip+"~2")))
	}, hinted, `the last commit that a run has recorded is TIP`},
	{"branch, reflog and cache missing, checked older", func(d *damaged) {
		d.replace("refs/heads/main", nil)
		d.replace("logs/refs/heads/main", nil)
		d.check(os.RemoveAll(d.git("timemachine/cache")))
		d.replace("timemachine/followed", nil)
		d.replace("timemachine/checked", []byte(repotest.Git(d.t, d.dest, "rev-parse", d.tip+"~2")))
	}, hinted, `the newest commit with a record of timemachine's is TIP`},
	{"branch and reflog missing, no packs", func(d *damaged) {
		cmd := exec.Command("sh", "-c", "mv objects/pack ../packs && mkdir objects/pack && for p in ../packs/*.pack; do git unpack-objects -q < $p || exit; done && rm -r ../packs")
		cmd.Dir = d.git("")
		if out, err := cmd.CombinedOutput(); err != nil {
			d.t.Fatalf("unpack-objects: %s", out)
		}
		d.replace("refs/heads/main", nil)
		d.replace("logs/refs/heads/main", nil)
	}, hinted, `is missing, but there is a history`},
	{"branch missing, reflog older", func(d *damaged) {
		d.replace("refs/heads/main", nil)
		log, err := os.ReadFile(d.git("logs/refs/heads/main"))
		d.check(err)
		first, _, _ := strings.Cut(string(log), "\n")
		d.replace("logs/refs/heads/main", []byte(first+"\n"))
	}, hinted, `the last commit that a run has recorded is TIP`},
	{"branch, reflog and state of runs missing", func(d *damaged) {
		repotest.Git(d.t, d.dest, "commit-tree", "-m", "no record", "-p", d.tip, d.tip+"^{tree}")
		d.replace("refs/heads/main", nil)
		d.replace("logs/refs/heads/main", nil)
		d.check(os.RemoveAll(d.git("timemachine")))
	}, hinted, `the newest commit with a record of timemachine's is TIP`},
	{"branches and reflogs missing", func(d *damaged) {
		d.check(os.RemoveAll(d.git("refs")))
		d.check(os.RemoveAll(d.git("logs")))
	}, hinted, `is missing, but there is a history`},
	{"packed branches damaged", func(d *damaged) {
		repotest.Git(d.t, d.dest, "pack-refs", "--all")
		d.replace("packed-refs", []byte("# pack-refs with: peeled fully-peeled sorted\nno line\n"))
	}, hinted, `packed-refs holds a line that is none`},
	{"packed branches empty", func(d *damaged) {
		repotest.Git(d.t, d.dest, "pack-refs", "--all")
		d.replace("packed-refs", []byte{})
	}, hinted, `is missing, but there is a history`},
	{"HEAD missing", func(d *damaged) { d.replace("HEAD", nil) }, warned, `HEAD: is missing`},
	{"HEAD empty", func(d *damaged) { d.replace("HEAD", []byte{}) }, warned, `HEAD: is empty`},
	{"HEAD of zeros", func(d *damaged) { d.replace("HEAD", make([]byte, 21)) }, warned, `HEAD: names no branch`},
	{"objects missing", func(d *damaged) { d.check(os.RemoveAll(d.git("objects"))) }, stops, `objects is missing`},
	{"idx missing", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.idx"), nil) }, hinted, `cannot be read`},
	{"idx damaged", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.idx"), []byte("no idx")) }, hinted, `cannot be read`},
	{"idx empty", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.idx"), []byte{}) }, hinted, `cannot be read`},
	{"pack missing", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.pack"), nil) }, stops, `cannot be read`},
	{"pack empty", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.pack"), []byte{}) }, stops, `cannot be read`},
	{"pack damaged", func(d *damaged) { d.replace(d.firstMatch("objects/pack/*.pack"), []byte("PACK and then nothing")) }, stops, `cannot be read`},
	{"index missing", func(d *damaged) { d.replace("index", nil) }, recovers, ``},
	{"index damaged", func(d *damaged) { d.overwriteHalf("index") }, recovers, `index.*made anew from the history`},
	{"index empty", func(d *damaged) { d.replace("index", []byte{}) }, recovers, `index.*made anew from the history`},
	{"index cut", func(d *damaged) { d.check(os.Truncate(d.git("index"), 100)) }, recovers, `index.*made anew from the history`},
	{"reflog of HEAD a folder", func(d *damaged) { d.replaceBy("logs/HEAD", d.putFolder) }, hinted, `logs/HEAD.* is in the way of the reflog`},
	{"reflog a pipe", func(d *damaged) {
		d.replaceBy("logs/refs/heads/main", func(path, _ string) { d.check(syscall.Mkfifo(path, 0o600)) })
	}, hinted, `logs/refs/heads/main.* is in the way of the reflog`},
	{"reflogs' folder a file", func(d *damaged) {
		d.replaceBy("logs", func(path, _ string) { write(d.t, path, []byte("no folder")) })
	}, hinted, `logs.* is in the way of the reflog`},
	{"cache missing", func(d *damaged) { d.replace("timemachine/cache", nil) }, recovers, ``},
	{"cache damaged", func(d *damaged) { d.overwriteHalf("timemachine/cache") }, recovers, ``},
	{"list of packs damaged", func(d *damaged) { d.replace("timemachine/packs", []byte("\x00\x00../../x\n")) }, recovers, ``},
	{"list of packs a link", func(d *damaged) { d.replaceBy("timemachine/packs", d.putLink) }, recovers, `timemachine/packs.*is no regular file`},
	{"list of packs a folder", func(d *damaged) { d.replaceBy("timemachine/packs", d.putFolder) }, recovers, `timemachine/packs.*is no regular file`},
	{"pending mark a folder", func(d *damaged) { d.replaceBy("timemachine/pending", d.putFolder) }, recovers, `timemachine/pending.*is no regular file`},
	{"cache a folder", func(d *damaged) { d.replaceBy("timemachine/cache", d.putFolder) }, recovers, `timemachine/cache.*is no regular file`},
	{"time of the last run a link", func(d *damaged) { d.replaceBy("timemachine/ran", d.putLink) }, recovers, `timemachine/ran.*is no regular file`},
	{"run lock a link", func(d *damaged) { d.replaceBy("timemachine/lock", d.putLink) }, hinted, `timemachine/lock.* is no regular file`},
	{"run lock a folder", func(d *damaged) { d.replaceBy("timemachine/lock", d.putFolder) }, hinted, `timemachine/lock.* is no regular file`},
	{"stage a link", func(d *damaged) { d.replaceBy("timemachine/stage", d.putLink) }, hinted, `timemachine/stage.* is no folder`},
	{"state folder a file", func(d *damaged) {
		d.check(os.RemoveAll(d.git("timemachine")))
		write(d.t, d.git("timemachine"), []byte("no folder"))
	}, hinted, `timemachine.* is no folder`},
	{"pending mark damaged", func(d *damaged) { d.replace("timemachine/pending", []byte("zzz")) }, recovers, ``},
	{"settings missing", func(d *damaged) { d.replace("config", []byte("[core]\n\trepositoryformatversion = 0\n")) }, hinted, `timemachine.branch is missing`},
	{"config missing", func(d *damaged) { d.replace("config", nil) }, hinted, `timemachine.branch is missing`},
	{"config empty", func(d *damaged) { d.replace("config", []byte{}) }, hinted, `timemachine.branch is missing`},
	{"config cut", func(d *damaged) { d.replace("config", []byte("[core]\n\trepositoryformatversion = 0\n\tbare")) }, hinted, `timemachine.branch is missing`},
	{"config cut in the branch", func(d *damaged) {
		config, err := os.ReadFile(d.git("config"))
		d.check(err)
		d.replace("config", config[:len(config)-len("in\n")])
	}, hinted, `timemachine.branch is missing`},
	{"config not to be parsed", func(d *damaged) { d.replace("config", []byte("[core\x00\n")) }, hinted, `config.* cannot be read`},
	{"branch locked", func(d *damaged) { d.replace("refs/heads/main.lock", []byte{}) }, hinted, `branch main is locked`},
	{"index locked", func(d *damaged) { d.replace("index.lock", []byte{}) }, recovers, `index is locked by another git`},
	{"commits fewer", func(d *damaged) { repotest.Git(d.t, d.dest, "update-ref", "refs/heads/main", "main~1") }, hinted, `was rewritten`},
}

// TestDamage damages each part in turn. A run recovers by itself, or stops and names a command.
// That command works when it is pasted into a shell. There is never a second root.
func TestDamage(t *testing.T) {
	for i, row := range damages {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.follow(newDamaged(t))
		})
	}
}

// TestDamageOfOthers is TestDamage as root in another user's destination: what the hints make root
// do there serves that user.
func TestDamageOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can act for others")
	}
	for i, row := range damages {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := newDamaged(t)
			d.check(os.Chmod(filepath.Dir(filepath.Dir(d.dest)), 0o711))
			d.check(os.Chmod(filepath.Dir(d.dest), 0o711))
			d.owner = nobody
			d.give(nobody)
			d.check(os.RemoveAll(filepath.Join(filepath.Dir(d.dest), "state")))
			if out, code := d.timemachine(); code != 0 {
				t.Fatalf("exit %d: %s", code, out)
			}
			row.follow(d)
		})
	}
}

// give gives all of the destination to a user, if the tests run as root.
func (d *damaged) give(uid int) {
	d.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	walk(d.t, d.dest, func(path string, _ fs.FileInfo) { d.check(os.Lchown(path, uid, uid)) })
}

// follow damages a destination, and does what the program says until it works again.
func (row *damage) follow(d *damaged) {
	t := d.t
	whole := d.dest + ".whole"
	if out, err := exec.Command("cp", "-a", d.dest, whole).CombinedOutput(); err != nil {
		t.Fatalf("cp: %s", out)
	}
	d.give(os.Geteuid())
	row.do(d)
	d.give(d.owner)
	write(t, d.file, []byte("four\n"))
	out, code := d.timemachine()
	if row.says == "" && out != "" || !regexp.MustCompile(strings.Replace(row.says, "TIP", d.tip, 1)).MatchString(out) {
		t.Errorf("it says: %s", out)
	}
	if (code != 0) != (row.end != recovers && row.end != warned) || code > 1 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if said, code := d.timemachine("verify"); code == 0 && strings.Contains(row.says, "timemachine.branch") {
		t.Errorf("verify: exit %d: %s", code, said)
	}
	switch row.end {
	case warned:
		d.runHint(out, true)
	case hinted:
		d.followHints(out)
	case stops:
		d.runHint(out, false)
		if err := os.RemoveAll(d.dest); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(whole, d.dest); err != nil {
			t.Fatal(err)
		}
	}
	os.Remove(d.git("index.lock"))
	for range 2 {
		if out, code := d.timemachine(); code != 0 {
			t.Fatalf("afterwards: exit %d: %s", code, out)
		}
	}
	walk(t, d.dest, func(path string, info fs.FileInfo) {
		if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != d.owner {
			t.Errorf("%s belongs to %d", path, uid)
		}
	})
	d.give(os.Geteuid())
	d.checkWhole()
}

func (d *damaged) checkWhole() {
	d.t.Helper()
	repotest.MustCheck(d.t, d.dest)
	if got := repotest.Git(d.t, d.dest, "config", "--local", "--list"); !sameSettings(got, d.config) {
		d.t.Errorf("configuration\n%s, it was\n%s", got, d.config)
	}
	if n := len(repotest.Lines(d.t, d.dest, "rev-list", "--max-parents=0", "main")); n != 1 {
		d.t.Errorf("%d roots", n)
	}
	if got := repotest.Lines(d.t, d.dest, "log", "--format=%s", "main"); len(got) != 4 {
		d.t.Errorf("history %q", got)
	}
	repotest.Git(d.t, d.dest, "merge-base", "--is-ancestor", strings.TrimSpace(d.tip), "main")
	if _, err := os.Stat("pwned"); err == nil {
		d.t.Error("a hint ran what a folder is called")
	}
}

// sameSettings compares two configurations as git lists them, in any order.
func sameSettings(a, b string) bool {
	sorted := func(s string) []string { return slices.Compact(slices.Sorted(strings.Lines(s))) }
	return slices.Equal(sorted(a), sorted(b))
}

// followHints follows the hints until a run succeeds.
func (d *damaged) followHints(out string) {
	d.t.Helper()
	for range 3 {
		d.runHint(out, true)
		code := 0
		if out, code = d.timemachine(); code == 0 {
			return
		}
	}
	d.t.Errorf("the hints do not mend it: %s", out)
}

// hintedCommand matches the command in a hint: after the last "with:", "back:" or "lock:", up to a
// semicolon.
var hintedCommand = regexp.MustCompile(`(?m)^hint: .*?(?:with|back|lock): ([^;\n]+)`)

// runHint runs the command in a hint.
func (d *damaged) runHint(out string, mustSucceed bool) {
	d.t.Helper()
	m := hintedCommand.FindStringSubmatch(out)
	if m == nil {
		d.t.Fatalf("no command in: %s", out)
	}
	cmd := exec.Command("sh", "-c", m[1])
	cmd.Dir, cmd.Env = d.t.TempDir(), d.env()
	said, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code == 126 || code == 127 || mustSucceed && err != nil {
		d.t.Fatalf("%s: %v: %s", m[1], err, said)
	}
	if _, err := os.Stat(filepath.Join(cmd.Dir, "pwned")); err == nil {
		d.t.Errorf("%s ran what a folder is called", m[1])
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedIndexIsSeen: a run with nothing to record also writes a damaged index again. If only
// the checksum shows the damage, a run that records something does.
func TestDamagedIndexIsSeen(t *testing.T) {
	d := newDamaged(t)
	for _, b := range [][]byte{{}, make([]byte, 300), []byte("DIRC")} {
		d.replace("index", b)
		if out, code := d.timemachine(); code != 0 || !strings.Contains(out, "made anew") {
			t.Errorf("exit %d: %s", code, out)
		}
		repotest.MustCheck(t, d.dest)
		if out, code := d.timemachine(); code != 0 || out != "" {
			t.Errorf("the run after: exit %d: %s", code, out)
		}
	}
	b, err := os.ReadFile(d.git("index"))
	d.check(err)
	b[len(b)-1] ^= 1
	d.replace("index", b)
	write(t, d.file, []byte("four\n"))
	if out, code := d.timemachine(); code != 0 || !strings.Contains(out, "made anew") {
		t.Errorf("exit %d: %s", code, out)
	}
	repotest.MustCheck(t, d.dest)
	if out, code := d.timemachine("verify"); code != 0 {
		t.Errorf("verify: exit %d: %s", code, out)
	}
}

// TestNothingMovesUnlogged: while the reflog cannot be written the branch does not move, and no
// packs pile up.
func TestNothingMovesUnlogged(t *testing.T) {
	d := newDamaged(t)
	d.replaceBy("logs/HEAD", d.putFolder)
	reflog, err := os.ReadFile(d.git("logs/refs/heads/main"))
	d.check(err)
	packs := 0
	for i := range 4 {
		write(t, d.file, fmt.Appendf(nil, "try %d\n", i))
		if out, code := d.timemachine(); code != 1 || strings.Count(out, "\n") != 2 {
			t.Errorf("exit %d: %s", code, out)
		}
		all, err := filepath.Glob(strings.ReplaceAll(d.git("objects/pack/*"), "$", `\$`))
		d.check(err)
		if i > 0 && len(all) != packs {
			t.Errorf("%d files of packs, before %d", len(all), packs)
		}
		packs = len(all)
	}
	if tip := strings.TrimSpace(repotest.Git(t, d.dest, "rev-parse", "main")); tip != d.tip {
		t.Errorf("main is at %s, was at %s", tip, d.tip)
	}
	if now, err := os.ReadFile(d.git("logs/refs/heads/main")); err != nil || !bytes.Equal(now, reflog) {
		t.Errorf("the reflog is %q, was %q: %v", now, reflog, err)
	}
	d.check(os.RemoveAll(d.git("logs/HEAD")))
	if out, code := d.timemachine(); code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	if got := repotest.Git(t, d.dest, "cat-file", "blob", "main:files"+d.file); got != "try 3\n" {
		t.Errorf("recorded: %q", got)
	}
	repotest.MustCheck(t, d.dest)
}
