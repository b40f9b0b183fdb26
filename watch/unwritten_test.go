package watch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// tally counts operations on the file system and the bytes that they write.
type tally struct {
	mu    sync.Mutex
	ops   int
	bytes int
}

func (c *tally) Before(op *durable.Op) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops++
	c.bytes += len(op.Data)
	return nil
}

func (c *tally) After(*durable.Op) {}

// idle makes runs until nothing is new to them, and returns what one more costs.
func (w *world) idle() (ops, bytes int) {
	w.t.Helper()
	for range 2 {
		w.ahead += time.Minute // files are put on disk, and are not too new to be trusted
		w.runAny()
	}
	var c tally
	remove := durable.SetSeam(&c)
	s, _, err := w.try()
	remove()
	w.check(err)
	if fileVersions(s) != 0 {
		w.t.Fatalf("an idle run records %d versions", fileVersions(s))
	}
	return c.ops, c.bytes
}

// obstacles are what can keep a version out of files/ or the index for long. remove takes one away.
var obstacles = []struct {
	name   string
	put    func(w *world)
	remove func(w *world)
}{
	{"foreign folder", func(w *world) { w.occupy(w.file("new")) }, func(w *world) { w.check(os.RemoveAll(w.file("new"))) }},
	{"foreign file as a folder", func(w *world) {
		w.check(os.WriteFile(w.file("sub"), nil, 0o600))
		w.check(os.MkdirAll(w.path("sub"), 0o700))
		w.write("sub/x", "1")
	}, func(w *world) { w.check(os.Remove(w.file("sub"))) }},
	{"link in files/", func(w *world) {
		w.check(os.Symlink(w.t.TempDir(), w.file("sub")))
		w.check(os.MkdirAll(w.path("sub"), 0o700))
		w.write("sub/x", "1")
	}, func(w *world) { w.check(os.Remove(w.file("sub"))) }},
	{"folder where a source is deleted", func(w *world) {
		w.write("old", "1")
		w.runAny()
		w.check(os.Remove(w.file("old")))
		w.occupy(w.file("old"))
		w.check(os.Remove(w.path("old")))
	}, func(w *world) { w.check(os.RemoveAll(w.file("old"))) }},
	{"split index", func(w *world) {
		repotest.Git(w.t, w.dest, "config", "core.splitIndex", "true")
		repotest.Git(w.t, w.dest, "update-index", "--split-index")
	}, func(w *world) {
		repotest.Git(w.t, w.dest, "config", "core.splitIndex", "false")
		repotest.Git(w.t, w.dest, "update-index", "--no-split-index")
	}},
	{"folder as index", func(w *world) {
		w.check(os.Rename(w.index(), w.index()+".kept"))
		w.occupy(w.index())
	}, func(w *world) {
		w.check(os.RemoveAll(w.index()))
		w.check(os.Rename(w.index()+".kept", w.index()))
	}},
	{"locked index", func(w *world) { w.check(os.WriteFile(w.index()+".lock", nil, 0o600)) },
		func(w *world) { w.check(os.Remove(w.index() + ".lock")) }},
	{"sparse checkout", func(w *world) { repotest.Git(w.t, w.dest, "sparse-checkout", "set", "files"+w.path("many")) },
		func(w *world) { repotest.Git(w.t, w.dest, "sparse-checkout", "disable") }},
	{"another branch", func(w *world) { repotest.Git(w.t, w.dest, "checkout", "-q", "-b", "other") },
		func(w *world) { repotest.Git(w.t, w.dest, "checkout", "-q", "main") }},
}

// occupy makes a foreign folder at a place that is free.
func (w *world) occupy(place string) {
	w.t.Helper()
	w.check(os.MkdirAll(place, 0o700))
	w.check(os.WriteFile(filepath.Join(place, "own"), []byte("own"), 0o600))
}

// waitBriefly lets runs wait only briefly for locks, which stay in this test.
func waitBriefly(t *testing.T) {
	was := durable.LongestWait
	durable.LongestWait = 100 * time.Millisecond
	t.Cleanup(func() { durable.LongestWait = was })
}

func (w *world) index() string { return filepath.Join(w.dest, ".git/index") }

// TestIdleRunsCostTheSame checks that an idle run costs the same number of operations and bytes
// after one version and after hundreds, whatever keeps one of them out of files/ or the index.
// When that is gone a run brings everything up to date.
func TestIdleRunsCostTheSame(t *testing.T) {
	waitBriefly(t)
	const files, rounds = 100, 3
	for _, o := range obstacles {
		t.Run(o.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "1")
			for i := range files {
				w.write(fmt.Sprint("many/", i), "0")
			}
			w.runAny()
			o.put(w)
			w.write("new", "1")
			w.runAny()
			ops, bytes := w.idle()
			for round := range rounds {
				for i := range files {
					w.write(fmt.Sprint("many/", i), fmt.Sprint("round ", round+1))
				}
				w.runAny()
			}
			most := ops + 2
			if o.name == "locked index" {
				most = 2 * ops // a wait looks at the lock more or less often
			}
			if after, more := w.idle(); after > most || more > bytes {
				t.Errorf("an idle run takes %d operations and %d bytes after one version, %d and %d after %d", ops, bytes, after, more, files*rounds)
			}
			o.remove(w)
			w.runAny()
			w.upToDate()
		})
	}
}

// upToDate checks that nothing is missing beside the history, and that nothing is left to do.
func (w *world) upToDate() {
	w.t.Helper()
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		w.t.Errorf("%d findings, the first: %+v", len(found), found[0])
	}
	repotest.MustCheck(w.t, w.dest)
	for _, name := range []string{"unwritten", "owed"} {
		if _, err := os.Lstat(filepath.Join(w.dest, ".git/timemachine", name)); err == nil {
			w.t.Errorf("%s is left", name)
		}
	}
}

// TestPlaceOfFormerFileHoldsFolder checks that nothing is left to do where a source came, went and
// gave its place to a folder again while another branch was checked out.
func TestPlaceOfFormerFileHoldsFolder(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	sub := func(name string) {
		w.check(os.RemoveAll(w.path("sub")))
		w.check(os.MkdirAll(filepath.Dir(w.path(name)), 0o700))
		w.write(name, "1")
		w.runAny()
	}
	sub("sub/old")
	repotest.Git(t, w.dest, "checkout", "-q", "-b", "other")
	sub("sub")
	sub("sub/new")
	repotest.Git(t, w.dest, "checkout", "-q", "main")
	w.runAny()
	w.upToDate()
	if _, bytes := w.idle(); bytes > 0 {
		t.Errorf("an idle run writes %d bytes", bytes)
	}
}

// TestIdleRunsWithFilesInDoubt checks that nothing is written for a file that each run reads again,
// since its mtime is an hour ahead.
func TestIdleRunsWithFilesInDoubt(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	ahead := time.Now().Add(time.Hour)
	w.check(os.Chtimes(w.path("a"), ahead, ahead))
	w.runAny()
	if _, bytes := w.idle(); bytes > 0 {
		t.Errorf("an idle run writes %d bytes", bytes)
	}
}

// failsIn lets each operation in a folder of the destination fail that makes a file.
type failsIn struct {
	in   string
	with error
	once bool // the first alone
	mu   sync.Mutex
	hits int
}

func (f *failsIn) Before(op *durable.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	to := op.Path
	if op.Kind == durable.Link || op.Kind == durable.Rename {
		to = op.To
	}
	makes := op.Kind == durable.Create || op.Kind == durable.Mkdir || op.Kind == durable.Link || op.Kind == durable.Rename
	if !makes || !strings.Contains(to, f.in) || f.once && f.hits > 2 { // three ways
		return nil
	}
	f.hits++
	return f.with
}

func (f *failsIn) After(*durable.Op) {}

// TestMissingCopiesAreWritten checks that copies which could not be written are written by a later
// run, whatever else was wrong.
func TestMissingCopiesAreWritten(t *testing.T) {
	waitBriefly(t)
	eio := errors.New("input/output error")
	prepare := func(t *testing.T) *world {
		w := newWorld(t)
		for i := range 40 {
			w.write(fmt.Sprint("d/", i), "1")
		}
		w.runAny()
		for i := range 40 {
			w.write(fmt.Sprint("d/", i), "two")
		}
		return w
	}
	under := func(w *world, f *failsIn) {
		f.in = filepath.Join("dest", f.in)
		remove := durable.SetSeam(f)
		w.runAny()
		remove()
		if f.hits == 0 {
			w.t.Fatal("nothing went wrong")
		}
	}
	t.Run("one failed", func(t *testing.T) {
		w := prepare(t)
		under(w, &failsIn{in: "copies", with: eio, once: true})
		w.runAny()
		w.upToDate()
	})
	t.Run("all failed", func(t *testing.T) {
		w := prepare(t)
		under(w, &failsIn{in: "copies", with: eio})
		under(w, &failsIn{in: "copies", with: eio})
		w.runAny()
		w.upToDate()
	})
	t.Run("and the index is damaged", func(t *testing.T) {
		w := prepare(t)
		b, err := os.ReadFile(w.index())
		w.check(err)
		w.check(os.WriteFile(w.index(), append(b[:len(b)/2:len(b)/2], b[len(b)/2+40:]...), 0o600))
		under(w, &failsIn{in: "copies", with: eio})
		w.runAny()
		w.upToDate()
	})
	t.Run("the file as well", func(t *testing.T) {
		w := prepare(t)
		w.check(os.Remove(w.file("d/7")))
		w.occupy(w.file("d/7"))
		w.runAny()
		for _, f := range w.found() {
			if f.Part == verify.PartCopy {
				t.Errorf("found %+v", f)
			}
		}
		w.check(os.RemoveAll(w.file("d/7")))
		w.runAny()
		w.upToDate()
	})
	t.Run("obstructed when they are made up for", func(t *testing.T) {
		w := prepare(t)
		enough := w.config
		w.config = "watch: [" + w.src + "]\ncopies: {min-free: 100%}\n"
		w.runAny()
		w.config = enough
		w.check(os.Rename(w.copies("d"), w.copies("d")+"-away"))
		w.check(os.WriteFile(w.copies("d"), nil, 0o600))
		w.runAny()
		w.check(os.Remove(w.copies("d")))
		w.check(os.Rename(w.copies("d")+"-away", w.copies("d")))
		w.runAny()
		w.upToDate()
	})
	t.Run("source out of the tree", func(t *testing.T) {
		w := prepare(t)
		w.check(os.WriteFile(w.index()+".lock", nil, 0o600))
		under(w, &failsIn{in: "copies", with: eio})
		w.check(os.Remove(w.index() + ".lock"))
		repotest.Git(t, w.dest, "read-tree", "HEAD")
		repotest.Git(t, w.dest, "rm", "-q", "--cached", "files"+w.path("d/5"))
		repotest.Git(t, w.dest, "commit", "-q", "-m", "by hand")
		w.runAny()
		for _, f := range w.found() {
			if f.Part == verify.PartCopy {
				t.Errorf("found %+v", f)
			}
		}
	})
}

func (w *world) found() []verify.Finding {
	w.t.Helper()
	found, _ := w.verify(verify.Options{})
	return found
}

// TestListOfUnwritten checks what happens where the list of versions that could not be written is
// damaged, is no file, or is too long.
func TestListOfUnwritten(t *testing.T) {
	repotest.OneAtATime(t)
	list := func(w *world) string { return filepath.Join(w.dest, ".git/timemachine/unwritten") }
	for name, spoil := range map[string]func(w *world){
		"damaged": func(w *world) { w.check(os.WriteFile(list(w), []byte("file abc\n"), 0o600)) },
		"cut":     func(w *world) { w.check(os.Truncate(list(w), 60)) },
		"folder": func(w *world) {
			w.check(os.Remove(list(w)))
			w.occupy(list(w))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "1")
			w.write("b", "1")
			w.runAny()
			w.occupy(w.file("new"))
			w.write("new", "1")
			w.runAny()
			if _, err := os.Stat(list(w)); err != nil {
				t.Fatal(err)
			}
			spoil(w)
			w.check(os.RemoveAll(w.file("new")))
			w.runAny()
			w.upToDate()
		})
	}
	t.Run("too long", func(t *testing.T) {
		w := newWorld(t)
		w.batch = 500 // the part after the one that is too much can be listed again
		w.write("a", "1")
		w.runAny()
		w.check(os.WriteFile(w.file("sub"), nil, 0o600))
		for i := range 4100 {
			w.write(fmt.Sprintf("sub/%d/%d", i%64, i), "1") // verify reads the folder of each
		}
		later := time.Now().Add(time.Minute)
		for i := range 1500 { // parts that have nothing to list
			name := fmt.Sprintf("later/%d/%d", i%64, i)
			w.write(name, "1")
			w.check(os.Chtimes(w.path(name), later, later))
		}
		w.runAny()
		w.check(os.Remove(w.file("sub")))
		w.runAny()
		w.upToDate()
	})
}
