package watch_test

import (
	"errors"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

// racing makes a foreign commit so many times, right before a run locks the branch.
type racing struct {
	w     *world
	times int
}

func (c *racing) Before(op *durable.Op) error {
	if op.Kind == durable.Link && strings.HasSuffix(op.To, "refs/heads/main.lock") && c.times > 0 {
		c.times--
		commit := repotest.Git(c.w.t, c.w.dest, "commit-tree", "-p", "main", "-m", "a user's", "main^{tree}")
		repotest.Git(c.w.t, c.w.dest, "update-ref", "refs/heads/main", strings.TrimSpace(commit))
	}
	return nil
}

func (c *racing) After(*durable.Op) {}

// TestRunLosesTheRace makes foreign commits during a run. The run starts again on top of each and
// reports each problem once. It gives up only where that happens each time.
func TestRunLosesTheRace(t *testing.T) {
	for _, row := range []struct {
		commits int
		lost    bool
	}{{1, false}, {10, false}, {11, true}} {
		w := newWorld(t)
		w.write("a", "1")
		w.run(1)
		w.write("a", "2")
		w.config += "- " + w.path("missing") + "\n"
		remove := durable.SetSeam(&racing{w: w, times: row.commits})
		s, p, err := w.try()
		remove()
		if state := (*refusal.Error)(nil); errors.As(err, &state) != row.lost || row.lost && state.Kind != refusal.Moved {
			t.Fatalf("%d commits: %v", row.commits, err)
		}
		if !row.lost && (fileVersions(s) != 1 || s.Problems != 1 || len(p) != 1) {
			t.Errorf("%d commits: %d versions, %d problems, told %v", row.commits, fileVersions(s), s.Problems, p)
		}
		if row.lost {
			w.try()
		}
		repotest.MustCheck(t, w.dest)
		if got := repotest.Lines(t, w.dest, "rev-list", "main"); len(got) != row.commits+3 || w.committed("a") != "2" {
			t.Errorf("%d commits: history %q, a is %q", row.commits, got, w.committed("a"))
		}
		if left := w.leftovers(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
