package watch_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

// narrow is a disk that has no space for a pack of more than so many bytes.
type narrow struct {
	most int64
	says error

	mu    sync.Mutex
	wrote int64
}

func (n *narrow) Before(op *durable.Op) error {
	if !strings.HasSuffix(op.Path, "stage/pack") {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch op.Kind {
	case durable.Create:
		n.wrote = 0
	case durable.Write:
		if n.wrote += int64(len(op.Data)); n.wrote > n.most {
			op.Data = nil
			return n.says
		}
	}
	return nil
}

func (n *narrow) After(*durable.Op) {}

// TestLargestFilesAreOmitted checks that a run omits and reports the largest files until the rest
// fits. It records and reports each version once and each problem once, and leaves nothing behind.
func TestLargestFilesAreOmitted(t *testing.T) {
	for says, scale := range map[error]int{
		syscall.ENOSPC: 1, // some files are read as a stream
		syscall.EDQUOT: 16,
		syscall.EFBIG:  16,
	} {
		t.Run(says.Error(), func(t *testing.T) {
			w := newWorld(t)
			r := rand.New(rand.NewPCG(5, 6))
			w.write("a", "1")
			w.write("gone", "g")
			w.run(2)
			w.write("a", "2")
			w.check(os.Remove(w.path("gone")))
			w.check(syscall.Mkfifo(w.path("fifo"), 0o600))
			for name, size := range map[string]int{"huge": 12 << 20, "large": 9 << 20, "middling": 2 << 20, "d/small": 1000} {
				w.write(name, text(r, size/scale))
			}
			old := time.Now().Add(-time.Hour)
			w.check(os.Chtimes(w.path("large"), old, old)) // so that it is read first
			remove := durable.SetSeam(&narrow{most: int64(3<<20) / int64(scale), says: says})
			s, p, err := w.try()
			remove()
			w.check(err)
			repotest.MustCheck(t, w.dest)
			var named []string
			for _, q := range p {
				if !q.Warning {
					named = append(named, filepath.Base(q.Path))
				}
			}
			if got := strings.Join(named, " "); got != "large huge" && got != "huge large" {
				t.Errorf("named: %q", got)
			}
			if fileVersions(s) != 4 || s.Problems != 2 {
				t.Errorf("%d versions, %d problems", fileVersions(s), s.Problems)
			}
			if left := w.leftovers(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			w.run(2)
			w.run(0)
		})
	}
}

// TestNothingFits checks that a run fails where the smallest change does not fit, and that the next
// run records everything.
func TestNothingFits(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("b", strings.Repeat("b", 1<<20))
	remove := durable.SetSeam(&narrow{says: syscall.ENOSPC})
	_, p, err := w.try()
	remove()
	state := (*refusal.Error)(nil)
	if !errors.As(err, &state) || state.Error() != "destination "+w.dest+" has no room: no space left on device" || state.Remedy.Kind != refusal.FreeSpace || len(p) > 0 {
		t.Errorf("%v %v", err, p)
	}
	if left := w.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	w.run(2)
}

// TestEndlessHole checks that a run reports a sparse file larger than any disk, and does not read
// it.
func TestEndlessHole(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("hole", "")
	if err := os.Truncate(w.path("hole"), 15<<40); err != nil {
		t.Skipf("NOT TESTED: NO FILE OF 15 TiB HERE: %v", err)
	}
	p := w.run(1)
	if len(p) != 1 || p[0].Warning || !strings.Contains(p[0].Msg, "larger than the destination's whole disk") {
		t.Errorf("it says: %v", p)
	}
}

// inodes is a disk without hard links that says how many inodes are free, less what is made.
type inodes struct {
	mu        sync.Mutex
	free, all int64
	least     int64 // that were free when a copy was made
}

func (n *inodes) Before(op *durable.Op) error {
	if op.Kind == durable.Link {
		return syscall.EPERM
	}
	return nil
}

func (n *inodes) After(op *durable.Op) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch op.Kind {
	case durable.Statfs:
		op.Space.FreeInodes, op.Space.Inodes = n.free, n.all
	case durable.Create, durable.Mkdir:
		n.free--
	case durable.Remove, durable.Rmdir:
		n.free++
	}
	if strings.Contains(op.Path+op.To, "dest/copies/") {
		n.least = min(n.least, n.free)
	}
}

// TestCopiesLeaveInodes checks that copies end where inodes become scarce, also in the middle of a
// run, and are written when there are enough. A file system without a limit has enough.
func TestCopiesLeaveInodes(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.runAny()
	for i := range 400 {
		w.write(filepath.Join("d", strings.Repeat("x", i%7+1), time.Duration(i).String()), "1")
	}
	says := func(p problems) (n int) {
		for _, q := range p {
			if strings.Contains(q.Msg, "inodes free, below the 100 kept free: no copies are written") {
				n++
			}
		}
		return n
	}
	disk := &inodes{free: 700, all: 2000, least: 1 << 40}
	remove := durable.SetSeam(disk)
	s, _, err := w.try() // it leaves what the other half of the files takes
	w.check(err)
	if fileVersions(s) != 400 || disk.least < 100 {
		t.Errorf("%d versions, copies left %d inodes", fileVersions(s), disk.least)
	}
	_, p, err := w.try()
	remove()
	w.check(err)
	if says(p) != 1 || len(p) != 1 || disk.least < 50 || disk.least > 150 {
		t.Errorf("copies left %d inodes, with a floor of 100; it says %v", disk.least, p)
	}
	before := len(w.found())
	if before == 0 || before > 390 {
		t.Errorf("%d copies are missing", before)
	}
	remove = durable.SetSeam(&inodes{free: 99, all: 2000})
	if _, p, err := w.try(); err != nil || len(p) > 0 {
		t.Errorf("an idle run says %v, %v", p, err)
	}
	remove()
	if now := len(w.found()); now != before {
		t.Errorf("%d copies are missing, before %d", now, before)
	}
	remove = durable.SetSeam(&inodes{})
	w.runAny()
	remove()
	w.upToDate()
}
