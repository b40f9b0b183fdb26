package watch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
)

// TestWorkTreeIsLeftToTheSystem: a run waits for the history alone to be on disk. What follows it is believed to be
// there while the machine is up, written again when it was started anew, and put on disk by a run some time later.
func TestWorkTreeIsLeftToTheSystem(t *testing.T) {
	if d, err := durable.OpenDir(t.TempDir()); err != nil || d.Mount() == "" {
		t.Skip("the system does not tell one mount from another:", err)
	}
	mark := func(w *world) bool {
		_, err := os.Lstat(filepath.Join(w.dest, ".git/timemachine/pending"))
		return err == nil
	}
	// lose is what a power failure may do to what is not on disk.
	lose := func(w *world) {
		w.check(os.Truncate(w.file("d/b"), 0))
		w.check(os.Truncate(w.newestCopy("a"), 0))
	}
	plant := func(w *world) {
		w.plant()
		w.plantMany()
		w.run(46)
	}
	t.Run("on disk later", func(t *testing.T) {
		w := newWorld(t)
		plant(w)
		w.run(0)
		if !mark(w) {
			t.Fatal("no mark is left")
		}
		w.ahead = time.Minute
		w.run(0)
		if mark(w) {
			t.Error("a minute later the mark is there still")
		}
	})
	for _, boot := range []string{"twice", ""} {
		t.Run("lost before boot "+boot, func(t *testing.T) {
			w := newWorld(t)
			plant(w)
			w.boot = boot
			lose(w)
			w.run(0)
			if findings, _ := w.verify(repo.VerifyOptions{}); len(findings) > 0 {
				t.Errorf("not written again: %v", findings)
			}
		})
	}
	t.Run("added to", func(t *testing.T) {
		w := newWorld(t)
		plant(w)
		w.write("a", "another, alone")
		w.run(1)
		if !mark(w) {
			t.Fatal("the second run has taken the mark of the first away")
		}
		w.boot = "twice"
		lose(w)
		w.run(0)
		if findings, _ := w.verify(repo.VerifyOptions{}); len(findings) > 0 {
			t.Errorf("the first run's part is not written again: %v", findings)
		}
	})
	t.Run("at once", func(t *testing.T) {
		for _, boot := range []string{"", "once"} {
			w := newWorld(t)
			w.boot = boot
			if boot == "" {
				plant(w)
			} else {
				w.plant()
				w.run(6)
			}
			if mark(w) {
				t.Errorf("boot %q: a mark is left", boot)
			}
		}
	})
}
