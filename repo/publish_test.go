package repo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/repotest"
)

// TestGraphBesideFiles: a run that adds many commits writes their layer of the commit-graph when it
// publishes them, and not once more at its end.
func TestGraphBesideFiles(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	written := 0
	h.r.maintenance.Opts.Log = func(msg string, _ ...any) {
		if msg == "commit-graph is up to date" {
			written++
		}
	}
	tip := h.run(some(1000)...)
	if g := h.r.work.Graph(); g == nil || g.Len() != 1000 {
		t.Error("the commits that were published are not in the graph")
	}
	h.check(h.r.RollUp(context.Background(), tip, 1000))
	if written != 1 {
		t.Errorf("the graph was written %d times", written)
	}
	h.verify()
	h.run(some(9)...)
	if n := h.r.work.Graph().Len(); n != 1000 || written != 1 {
		t.Error("a small run wrote the graph")
	}
}

// sideBySide holds one operation back until another one is done.
type sideBySide struct {
	held, awaited func(*durable.Op) bool
	done          chan struct{}
	alone         bool // the awaited one did not come
	met           bool
}

func (s *sideBySide) Before(op *durable.Op) error {
	if s.held(op) && !s.met {
		s.met = true
		select {
		case <-s.done:
		case <-time.After(20 * time.Second):
			s.alone = true
		}
	}
	return nil
}

func (s *sideBySide) After(op *durable.Op) {
	if s.awaited(op) {
		select {
		case s.done <- struct{}{}:
		default:
		}
	}
}

// TestWrittenSideBySide: what may be put on disk in any order does not wait for each other.
func TestWrittenSideBySide(t *testing.T) {
	for name, s := range map[string]sideBySide{
		"the pending mark and the pack": {
			held:    func(op *durable.Op) bool { return op.Kind == durable.Rename && strings.HasSuffix(op.To, ".pack") },
			awaited: func(op *durable.Op) bool { return op.Kind == durable.Rename && strings.HasSuffix(op.To, "/pending") },
		},
		"the index and the folders of files/": {
			held: func(op *durable.Op) bool { return op.Kind == durable.SyncDir && strings.Contains(op.Path, "/files/") },
			awaited: func(op *durable.Op) bool {
				return op.Kind == durable.Write && strings.HasSuffix(op.Path, "/index.lock")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPast(t)
			h.run("/etc/a", "/etc/b")
			s.done = make(chan struct{}, 1)
			remove := durable.SetSeam(&s)
			h.run("/etc/a")
			remove()
			if !s.met || s.alone {
				t.Errorf("held back: %t; it waited in vain: %t", s.met, s.alone)
			}
		})
	}
}

// TestWrittenIsKnownToBeWhole: the next run does not read what a run has written, unless another
// program has changed it.
func TestWrittenIsKnownToBeWhole(t *testing.T) {
	h := newPast(t)
	end := func() {
		t.Helper()
		h.check(h.r.RollUp(context.Background(), h.tip(), 1))
	}
	start := func(known bool, what string) {
		t.Helper()
		h.check(h.idle())
		if h.r.unchecked != known {
			t.Errorf("%s: known to be whole: %t, want %t", what, h.r.unchecked, known)
		}
	}
	h.run("/etc/a", "/etc/b")
	end()
	start(true, "after a run")
	h.run("/etc/a")
	end()
	spoil(t, h.newestPack())
	h.mustBeDamaged("a pack spoilt after the run")

	h = newPast(t)
	h.run("/etc/a", "/etc/b")
	index := filepath.Join(h.dest, ".git/index")
	b, err := os.ReadFile(index)
	h.check(err)
	h.check(os.Remove(index))
	h.check(os.WriteFile(index, b[:40], 0o600))
	end()
	start(false, "an index that another program wrote before the run ended")

	h.run("/etc/a")
	end()
	repotest.Git(t, h.dest, "reset", "-q")
	start(false, "an index that git wrote after the run")
	start(true, "the same, read once")
}

// syncsAfter counts how often a folder is put on disk after a file was removed from it.
type syncsAfter struct {
	folder, file string
	removed      bool
	n            int
}

func (s *syncsAfter) Before(*durable.Op) error { return nil }

func (s *syncsAfter) After(op *durable.Op) {
	switch {
	case op.Kind == durable.Remove && op.Path == filepath.Join(s.folder, s.file):
		s.removed = true
	case s.removed && op.Kind == durable.SyncDir && filepath.Clean(op.Path) == s.folder:
		s.n++
	}
}

// TestMarkGoesWithoutAWait: nobody waits until the end of an update is on disk.
func TestMarkGoesWithoutAWait(t *testing.T) {
	h := newPast(t)
	h.run("/etc/a", "/etc/b")
	s := &syncsAfter{folder: filepath.Join(h.dest, ".git/timemachine"), file: runstate.PendingName}
	defer durable.SetSeam(s)()
	h.run("/etc/a")
	if !s.removed || s.n > 0 {
		t.Errorf("the mark was removed: %t, and its folder put on disk %d times", s.removed, s.n)
	}
}
