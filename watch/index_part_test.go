package watch_test

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"timemachine/repo/repotest"
)

// TestIndexGoneInRun: an index that is removed while a run is at work is made anew from the
// history, and not from what the run has changed alone.
func TestIndexGoneInRun(t *testing.T) {
	t.Parallel()
	for _, part := range []bool{false, true} {
		w := newWorld(t)
		w.write("a", "1")
		w.write("b", "1")
		w.runAny()
		if part {
			w.parts(func() { w.check(os.Remove(w.index())) })
		} else {
			w.write("b", "2")
			w.clock = nil
			w.check(w.tryWith(context.Background(), &removing{w: w}))
		}
		w.caughtUp()
		w.run(0)
		w.caughtUp()
	}
}

// removing removes the index when a run has looked for it and not locked it yet.
type removing struct {
	problems
	w    *world
	done atomic.Bool
}

func (r *removing) Progress(int64, int64) {
	if !r.done.Swap(true) {
		r.w.check(os.Remove(r.w.index()))
	}
}

// TestAttributesBackInIndex: the file .gitattributes, which a run puts back into the tree, is in
// the index, too.
func TestAttributesBackInIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	repotest.Git(t, w.dest, "rm", "-q", "--cached", ".gitattributes")
	repotest.Git(t, w.dest, "-c", "user.name=p", "-c", "user.email=p@p", "commit", "-q", "-m", "by hand")
	w.runAny()
	w.write("a", "22")
	w.run(1)
	w.caughtUp()
}
