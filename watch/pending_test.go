package watch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// TestWorkTreeIsLeftToTheSystem checks that a run syncs the history only. Until the next boot,
// files/ and copies/ count as written. A run after a boot writes them again, and a later run syncs
// them.
func TestWorkTreeIsLeftToTheSystem(t *testing.T) {
	d, err := durable.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if mount, err := d.Mount(""); mount == "" {
		t.Skip("the system does not tell one mount from another:", err)
	}
	mark := func(w *world) bool {
		_, err := os.Lstat(filepath.Join(w.dest, ".git/timemachine/pending"))
		return err == nil
	}
	// lose does to unsynced files what a power failure may do.
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
			if findings, _ := w.verify(verify.Options{}); len(findings) > 0 {
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
		if findings, _ := w.verify(verify.Options{}); len(findings) > 0 {
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

// TestBatches publishes the changes of a run in several parts, each with its pack and its move of
// the branch.
func TestBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.batch = 500
	const n = 4200 // more than one part of a run
	for i := range n {
		w.write(fmt.Sprintf("d%d/f%d", i%90, i), fmt.Sprint(i))
	}
	first, p, err := w.try()
	if w.check(err); fileVersions(first) != n {
		t.Fatalf("%d versions of %d: %v", first.Versions, n, p)
	}
	// A batch that is full takes all that was read for it.
	if moves := len(repotest.Lines(t, w.dest, "reflog", "main")); moves < 2 || moves > n/50 {
		t.Errorf("the branch moved %d times", moves)
	}
	for i := range n {
		w.write(fmt.Sprintf("d%d/f%d", i%90, i), fmt.Sprint("again ", i))
	}
	if again, _, err := w.try(); err != nil || fileVersions(again) != n {
		t.Fatalf("%+v %v", again, err)
	}
	w.run(0)
	if findings, _ := w.verify(verify.Options{}); len(findings) > 0 {
		t.Errorf("%v", findings)
	}
}

// unlockBefore removes a file before the first operation of a kind on a path.
type unlockBefore struct {
	kind         durable.Kind
	suffix, file string
}

func (u *unlockBefore) Before(op *durable.Op) error {
	if op.Kind == u.kind && strings.HasSuffix(op.Path, u.suffix) {
		os.Remove(u.file)
	}
	return nil
}

func (u *unlockBefore) After(*durable.Op) {}

// TestMarkOfAnEarlierRunStays checks that a run leaves the mark of an earlier run whose versions
// are still pending.
func TestMarkOfAnEarlierRunStays(t *testing.T) {
	waitBriefly(t)
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	lock := filepath.Join(w.dest, ".git/index.lock")
	w.check(os.WriteFile(lock, nil, 0o600))
	w.write("a", "2")
	w.runAny() // a foreign lock: files/ and the index are not updated
	w.write("b", "1")
	// The next run meets the lock while it recovers, but no more when it updates files/.
	remove := durable.SetSeam(&unlockBefore{durable.Create, "stage/pack", lock})
	w.runAny()
	remove()
	w.run(0)
	if b, err := os.ReadFile(w.file("a")); err != nil || string(b) != "2" {
		t.Errorf("files/ has %q of the version that was recorded under a lock, %v", b, err)
	}
}
