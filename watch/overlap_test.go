package watch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/repotest"
	"timemachine/watch/scan"
)

// tree returns the paths in the tip's tree below the watched folder, links with their target.
func (w *world) tree() []string {
	var paths []string
	for _, line := range repotest.Lines(w.t, w.dest, "ls-tree", "-r", "HEAD", "--", "files") {
		meta, path, _ := strings.Cut(line, "\t")
		path = strings.TrimPrefix(path, "files"+w.src+"/")
		if fields := strings.Fields(meta); fields[0] == "120000" {
			path += " -> " + filepath.Base(repotest.Git(w.t, w.dest, "cat-file", "blob", fields[2]))
		}
		paths = append(paths, path)
	}
	return paths
}

func (w *world) wantTree(paths ...string) {
	w.t.Helper()
	if got := w.tree(); !slices.Equal(got, paths) {
		w.t.Fatalf("the tree holds %q, want %q", got, paths)
	}
}

// mustBeSettled makes runs that must find nothing, also without the cache, and looks whether verify
// and git agree with the destination.
func (w *world) mustBeSettled() {
	w.t.Helper()
	for _, lose := range []bool{false, true} {
		if lose {
			w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
		}
		if p := w.run(0); len(p) > 0 {
			w.t.Fatalf("problems %v", p)
		}
	}
	if status := repotest.Git(w.t, w.dest, "status", "--porcelain"); status != "" {
		w.t.Fatalf("git status: %s", status)
	}
}

func (w *world) list(paths ...string) {
	w.config = ""
	for _, path := range paths {
		w.config += fmt.Sprintf("- %q\n", path)
	}
}

// TestLinkStaysBeforeNothing: a link that a walk finds stays recorded while nothing that can be
// recorded lies where an entry leads through it.
func TestLinkStaysBeforeNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entry string
		make  func(folder string) error
	}{
		"a link that leads nowhere": {"link/a", func(folder string) error { return os.Symlink("missing", folder+"/a") }},
		"a link in a circle":        {"link/a", func(folder string) error { return os.Symlink("a", folder+"/a") }},
		"a FIFO that is listed":     {"link/a", func(folder string) error { return syscall.Mkfifo(folder+"/a", 0o600) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			real := filepath.Join(filepath.Dir(w.src), "real")
			w.check(os.Mkdir(real, 0o755))
			w.check(os.Symlink(real, w.src+"/link"))
			w.list(w.src, filepath.Join(w.src, c.entry))
			w.run(1)
			w.wantTree("link -> real")
			w.check(c.make(real))
			for range 2 {
				w.run(0)
				w.wantTree("link -> real")
			}
		})
	}
}

// TestEntryWinsOverWalk: a link that a walk finds yields to sources that an entry names behind it.
func TestEntryWinsOverWalk(t *testing.T) {
	t.Parallel()
	for name, entry := range map[string]string{"the link": "link", "a file behind it": "link/a", "a pattern behind it": "link/*", "a folder behind it": "link/d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			real := filepath.Join(filepath.Dir(w.src), "real")
			w.check(os.MkdirAll(filepath.Join(real, "d"), 0o755))
			for _, f := range []string{"a", "d/b"} {
				w.check(os.WriteFile(filepath.Join(real, f), []byte(f), 0o644))
			}
			w.check(os.Symlink(real, w.path("link")))
			w.write("z", "z")
			behind := map[string][]string{"link": {"link/a", "link/d/b"}, "link/a": {"link/a"}, "link/*": {"link/a", "link/d/b"}, "link/d": {"link/d/b"}}[entry]

			both := []string{w.src, w.path(entry)}
			for range 2 { // in either order
				w.list(both...)
				w.run(len(behind) + 1)
				w.wantTree(append(slices.Clone(behind), "z")...)
				w.mustBeSettled()
				w.check(os.RemoveAll(w.dest))
				w.check(repo.Init(w.dest, repo.Options{}))
				slices.Reverse(both)
			}

			// The link was recorded before the entry came.
			w.list(w.src)
			w.run(2)
			w.wantTree("link -> real", "z")
			w.list(both...)
			w.run(len(behind) + 1)
			w.wantTree(append(slices.Clone(behind), "z")...)
			if events := repotest.Git(t, w.dest, "log", "--format=%(trailers:key=Event,valueonly)"); strings.Contains(events, "deleted") {
				t.Errorf("the link is there, and recorded as deleted")
			}
			w.mustBeSettled()

			// The entry is taken off the list.
			w.list(w.src)
			w.run(len(behind) + 1)
			w.wantTree("link -> real", "z")
			w.mustBeSettled()
		})
	}
}

// TestEntryBehindLinkThatLeadsNowhere: while deletions behind a link are held back, their place is
// not given to the link.
func TestEntryBehindLinkThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	real := filepath.Join(filepath.Dir(w.src), "real")
	w.check(os.Mkdir(real, 0o755))
	w.check(os.WriteFile(filepath.Join(real, "a"), nil, 0o644))
	w.check(os.Symlink(real, w.path("link")))
	w.write("z", "z")
	w.list(w.src, w.path("link/a"))
	w.run(2)
	w.check(os.Rename(real, real+"-away"))
	if p := w.run(0); len(p) != 1 {
		t.Fatalf("problems %v", p)
	}
	w.wantTree("link/a", "z")
	w.check(os.Rename(real+"-away", real))
	w.mustBeSettled()
}

// TestUnwatchedSourceInTheWay: a source that nothing watches any more ends when another takes its
// place in the tree.
func TestUnwatchedSourceInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("f", "a file")
	w.write("d/x", "in a folder")
	w.write("z", "z")
	w.list(w.path("f"), w.path("d"), w.path("z"))
	w.run(3)
	w.check(os.Remove(w.path("f")))
	w.write("f/x", "in a folder")
	w.check(os.RemoveAll(w.path("d")))
	w.write("d", "a file")
	w.list(w.path("z"))
	w.run(0)
	w.list(w.path("z"), w.path("f/x"), w.path("d"))
	w.run(4)
	w.wantTree("d", "f/x", "z")
	w.mustBeSettled()
}

// TestListedSourceChangesKind: a listed file becomes a folder, and the reverse.
func TestListedSourceChangesKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.list(w.path("x"))
	w.write("x", "a file")
	w.write("other", "not listed")
	w.run(1)
	w.check(os.Remove(w.path("x")))
	w.write("x/in", "in a folder")
	w.write("x/d/in", "deeper")
	if p := w.run(3); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
	w.want("Change type of x", "Add x/in", "Add x/d/in")
	w.wantTree("x/d/in", "x/in")
	w.mustBeSettled()
	w.check(os.RemoveAll(w.path("x")))
	w.write("x", "a file")
	if p := w.run(3); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
	w.want("Delete x/d/in", "Delete x/in", "Change type of x")
	w.mustBeSettled()

	w.check(os.Remove(w.path("x")))
	w.check(os.Mkdir(w.path("x"), 0o755))
	if p := w.run(1); len(p) > 0 {
		t.Fatalf("an empty folder: problems %v", p)
	}
	w.want("Change type of x")
	w.mustBeSettled()

	w.check(os.Remove(w.path("x")))
	w.check(os.WriteFile(filepath.Join(filepath.Dir(w.src), "real"), []byte("1"), 0o644))
	w.check(os.Symlink(filepath.Join(filepath.Dir(w.src), "real"), w.path("x")))
	w.run(1)
	w.check(os.Remove(filepath.Join(filepath.Dir(w.src), "real")))
	w.check(os.MkdirAll(filepath.Join(filepath.Dir(w.src), "real"), 0o755))
	w.check(os.WriteFile(filepath.Join(filepath.Dir(w.src), "real", "in"), []byte("1"), 0o644))
	w.run(2)
	w.want("Change type of x", "Add x/in")
	w.mustBeSettled()
}

// TestDeletionsOfAFolderThatBecameAFile: those of a pattern whose folder is a file now are no
// suspicion.
func TestDeletionsOfAFolderThatBecameAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("d/a.md", "a")
	w.list(w.path("d/*.md"))
	w.run(1)
	w.check(os.RemoveAll(w.path("d")))
	w.write("d", "a file")
	w.run(1)
	w.want("Delete d/a.md")
}

// TestFileInTheWayOfListedSources: a file that is recorded where a folder above listed sources was
// is no suspicion either.
func TestFileInTheWayOfListedSources(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(w *world){
		"folder": func(w *world) { w.write("d/f", "f"); w.write("d/sub/g", "g") },
		"link": func(w *world) {
			outside := t.TempDir()
			w.check(os.Mkdir(filepath.Join(outside, "sub"), 0o755))
			w.check(os.WriteFile(filepath.Join(outside, "f"), nil, 0o644))
			w.check(os.WriteFile(filepath.Join(outside, "sub/g"), nil, 0o644))
			w.check(os.Symlink(outside, w.path("d")))
		},
	} {
		w := newWorld(t)
		make(w)
		w.list(w.src, w.path("d/f"), w.path("d/sub"))
		w.run(2)
		w.check(os.RemoveAll(w.path("d")))
		w.write("d", "a file")
		w.run(3)
		w.want("Delete d/f", "Delete d/sub/g", map[string]string{"folder": "Change type of d", "link": "Add d"}[name])
		if w.wantTree("d"); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestListedLinkIsRemoved: a listed link that led to another place is deleted like a file.
func TestListedLinkIsRemoved(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/shm"); err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	w := newWorld(t)
	other, err := os.MkdirTemp("/dev/shm", "timemachine-test-")
	w.check(err)
	t.Cleanup(func() { os.RemoveAll(other) })
	w.check(os.WriteFile(filepath.Join(other, "f"), []byte("1"), 0o644))
	w.check(os.Symlink(filepath.Join(other, "f"), w.path("link")))
	w.write("beside", "not listed")
	w.list(w.path("link"))
	w.run(1)
	w.check(os.Remove(w.path("link")))
	if p := w.run(1); len(p) > 0 && p[0].Path != w.path("link") {
		t.Fatalf("problems %v", p)
	}
	w.want("Delete link")
}

// onProblem calls a function at the first problem of a run, which comes between scan and capture.
type onProblem struct {
	problems
	do func()
}

func (o *onProblem) Problem(scan.Problem) {
	if o.do != nil {
		o.do()
	}
	o.do = nil
}

// TestSourceThatIsBack: the deletion of a source that is there again when it would be recorded is
// not, and nothing takes its place.
func TestSourceThatIsBack(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(w *world){
		"missing":  func(w *world) {},
		"a folder": func(w *world) { w.write("a/b", "b") },
	} {
		w := newWorld(t)
		w.write("a", "a")
		w.write("b", "b")
		w.run(2)
		w.check(os.Remove(w.path("a")))
		replace(w)
		w.check(syscall.Mkfifo(w.path("fifo"), 0o600))
		w.check(w.tryWith(t.Context(), &onProblem{do: func() {
			w.check(os.RemoveAll(w.path("a")))
			w.write("a", "a")
		}}))
		if events := repotest.Git(t, w.dest, "log", "--format=%(trailers:key=Event,valueonly)"); strings.Contains(events, "deleted") {
			t.Errorf("%s: a source that is there is recorded as deleted", name)
		}
		w.wantTree("a", "b")
		w.check(os.Remove(w.path("fifo")))
		w.check(os.Remove(w.path("a")))
		w.run(1)
		w.want("Delete a")
	}
}

// TestEntryWinsInARunOverItsFolder: a run over some paths only does not walk over what other
// entries name there.
func TestEntryWinsInARunOverItsFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	real := filepath.Join(filepath.Dir(w.src), "real")
	w.check(os.Mkdir(real, 0o755))
	w.check(os.WriteFile(filepath.Join(real, "a"), []byte("a"), 0o644))
	w.check(os.Symlink(filepath.Join(real, "a"), w.path("file")))
	w.check(os.Symlink(real, w.path("folder")))
	w.list(w.path("file"), w.path("folder"))
	w.run(2)
	w.write("z", "z")
	w.list(w.path("file"), w.path("folder"), w.src)
	w.only = []string{w.src}
	w.run(1)
	w.only = nil
	w.wantTree("file", "folder/a", "z")
	w.mustBeSettled()
}

// TestNamedLinkToAFolder: an entry names a link to a folder, and another one the folder that the
// link is in. Runs that find nothing new record nothing, whatever the order and whatever is there.
func TestNamedLinkToAFolder(t *testing.T) {
	t.Parallel()
	worlds := map[*world]int{} // how many files there are
	for _, list := range []string{"- %[1]s\n- %[1]s/link\n", "- %[1]s/link\n- %[1]s\n", "- %[1]s/**\n- %[1]s/link\n"} {
		for _, inside := range []string{"", "f"} {
			w := newWorld(t)
			w.config = fmt.Sprintf(list, w.src)
			away := w.src + "-away"
			w.check(os.Mkdir(away, 0o755))
			w.check(os.Symlink(away, w.path("link")))
			if inside != "" {
				w.check(os.WriteFile(filepath.Join(away, inside), nil, 0o644))
			}
			worlds[w] = len(inside)
		}
	}
	time.Sleep(2100 * time.Millisecond) // so that no stat is in doubt
	for w, files := range worlds {
		w.run(files)
		for range 3 {
			if s, _, err := w.try(); err != nil || s.Versions > 0 {
				t.Fatalf("%q, %d files: %d versions, %v: %v", w.config, files, s.Versions, err, w.subjects(s.Versions))
			}
		}
	}
}
