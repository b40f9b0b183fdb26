package watch_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// TestFolderAndLinkExchanged: a folder and a link change places while a run scans and reads, below
// two entries of which one contains the other: the scan meets each path twice, and finds a link the
// first time and sources below it the second. Once they stand still, two runs bring everything in
// order: verify and git status find nothing.
func TestFolderAndLinkExchanged(t *testing.T) {
	rounds := 16
	if *repotest.Torture {
		rounds = 400
	}
	for round := range rounds {
		every := 1 + round%8
		w := newWorld(t)
		for _, name := range []string{"d", "d/sub", "d/sub/deep"} {
			for j := range 4 {
				w.write(fmt.Sprintf("%s/f%d", name, j), fmt.Sprint("in ", name, j))
			}
		}
		w.check(os.Symlink("elsewhere", w.path("d/m")))
		w.list(w.src, w.path("d"))
		var mu sync.Mutex
		met, calls := 0, 0
		exchange := func() {
			w.check(unix.Renameat2(unix.AT_FDCWD, w.path("d/sub"), unix.AT_FDCWD, w.path("d/m"), unix.RENAME_EXCHANGE))
		}
		w.own.IsTemporary = func(name string) bool { // called for each name that a scan meets
			mu.Lock()
			defer mu.Unlock()
			if name == "m" {
				if met++; met%2 == 0 {
					exchange()
				}
			}
			return false
		}
		w.clock = func() time.Time { // called before each source is opened
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%every == 0 {
				exchange()
			}
			return time.Now()
		}
		for range 4 {
			if _, _, err := w.try(); err != nil {
				t.Error(err)
			}
		}
		w.own.IsTemporary, w.clock = nil, nil
		w.wantSettled(fmt.Sprintf("exchanged before every %d. source", every))
	}
}

// wantSettled makes two runs, after which everything must be in order.
func (w *world) wantSettled(what string) {
	w.t.Helper()
	for range 2 {
		if _, _, err := w.try(); err != nil {
			w.t.Error(err)
		}
	}
	found, _ := w.verify(verify.Options{})
	if status := repotest.Git(w.t, w.dest, "status", "--porcelain"); len(found) > 0 || status != "" {
		w.t.Errorf("%s: verify: %+v\nstatus: %s", what, found, status)
	}
}

// TestExchangedBesideRuns: folders and links change places beside runs, at any moment.
func TestExchangedBesideRuns(t *testing.T) {
	rounds, runs := 3, 25
	if *repotest.Torture {
		rounds = 200
	}
	for round := range rounds {
		w := newWorldOnDisk(t)
		for _, name := range []string{"d", "d/sub", "d/sub/deep"} {
			for j := range 4 {
				w.write(fmt.Sprintf("%s/f%d", name, j), fmt.Sprint("in ", name, j))
			}
		}
		w.check(os.Symlink("elsewhere", w.path("l")))
		w.check(os.Symlink("elsewhere", w.path("d/m")))
		lists := [][]string{{w.src, w.path("d")}, {w.path("d"), w.src}, {w.path("d/sub"), w.src}}
		w.list(lists[round%len(lists)]...)
		w.run(14)
		stop := w.keepExchanging([2]string{"d", "l"}, [2]string{"d/sub", "d/m"})
		for range runs {
			if _, _, err := w.try(); err != nil {
				t.Error(err)
			}
		}
		stop()
		w.wantSettled(fmt.Sprint("round ", round))
	}
}

// keepExchanging exchanges the names of each pair, over and over, until stop is called.
func (w *world) keepExchanging(pairs ...[2]string) (stop func()) {
	end := make(chan struct{})
	var working sync.WaitGroup
	for _, p := range pairs {
		working.Go(func() {
			for {
				select {
				case <-end:
					return
				case <-time.After(rand.N(time.Millisecond)):
				}
				// This fails while a folder above is exchanged.
				_ = unix.Renameat2(unix.AT_FDCWD, w.path(p[0]), unix.AT_FDCWD, w.path(p[1]), unix.RENAME_EXCHANGE)
			}
		})
	}
	return func() {
		close(end)
		working.Wait()
	}
}
