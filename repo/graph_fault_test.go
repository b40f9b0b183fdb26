package repo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// faults lets the operation of one number fail and, as if the process were gone, all that follow
// where dead is set.
type faults struct {
	at, n int
	dead  bool
}

var errFault = errors.New("fault")

func (f *faults) Before(op *durable.Op) error {
	if f.n <= f.at && (op.Kind == durable.Open || op.Kind == durable.Lstat || op.Kind == durable.List) {
		return nil // looking does no harm
	}
	n := f.n
	f.n++
	if n == f.at || f.dead && n > f.at {
		return errFault
	}
	return nil
}

func (f *faults) After(*durable.Op) {}

// TestGraphFaults fails or stops an update at each operation that changes something, in turn. git
// must find the graph sound after that, and the next update must go through and leave nothing
// behind.
func TestGraphFaults(t *testing.T) {
	for name, prepare := range map[string]func(h *past){
		"layers": func(h *past) { h.run(some(30)...); h.graph(); h.run(some(9)...); h.graph() },
		"single": func(h *past) {
			h.run(some(30)...)
			h.graph()
			repotest.Git(h, h.dest, "gc", "-q")
			h.check(h.r.work.Store.Reload())
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPast(t)
			prepare(h)
			h.run(some(5)...)
			saved := repotest.InMemory(t)
			h.copyInfo(h.info("."), saved)
			for _, dead := range []bool{false, true} {
				for at := 0; h.fault(saved, at, dead); at++ {
				}
			}
		})
	}
}

func (h *past) copyInfo(from, to string) {
	h.Helper()
	h.check(os.RemoveAll(to))
	h.check(exec.Command("cp", "-a", from, to).Run())
}

// fault is false when the update no longer has so many operations.
func (h *past) fault(saved string, at int, dead bool) bool {
	h.Helper()
	h.copyInfo(saved, h.info("."))
	tip := h.tip()
	f := &faults{at: at, dead: dead}
	remove := durable.SetSeam(f)
	err := h.r.maintenance.WriteGraph(context.Background(), tip, false)
	remove()
	if f.n <= at {
		h.check(err)
		return false
	}
	h.verify()
	h.same([]string{"files/etc/d1/f1"})
	h.run("/etc/d1/f1") // without something to add, superseded layers may stay
	h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), false))
	h.tidied(len(h.layers()))
	if h.Failed() {
		h.Fatalf("after operation %d of %d failed (and all after it: %v) with: %v", at, f.n, dead, err)
	}
	return true
}
