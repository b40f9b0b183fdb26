package watch

import (
	"cmp"
	"errors"
	"slices"
	"timemachine/watch/scan"

	"golang.org/x/sys/unix"
)

// room is what a run does about a full disk. A destination has no room for all that changed when
// writing to it fails so; then the run begins again with the largest files left out, and less each
// time, until the rest fits. What was left out is named, and the next run tries it again.
type room struct {
	budget int64           // bytes of changed files that are taken on; 0: all
	taken  int64           // that the run under way has taken on
	left   []scan.Problem  // files left out
	cause  error           // what the system said the last time it did not fit
	again  bool            // the run has begun again
	said   map[string]bool // problems that were reported, which a run that begins again would report again
}

// leastBudget is where nothing can be gained any more: what changed takes as much as what says so.
const leastBudget = 4096

// yield lessens what is taken on after it did not fit, and tells whether there is anything to
// lessen. How well files deflate is not known before they are, so it begins at some times the free
// space, where that is told (a quota is not).
func (r *run) yield(err error) bool {
	var errno unix.Errno
	if errors.As(err, &errno) {
		r.room.cause = errno
	}
	next := r.room.taken / 2
	if free, _, ok := r.Repo.Room(); ok && r.room.budget == 0 {
		next = min(next, 4*free)
	}
	if next < leastBudget || r.ctx.Err() != nil {
		return false
	}
	r.room.budget = next
	r.beginAgain()
	return true
}

// beginAgain forgets what the run has counted, but for what is part of the history already.
func (r *run) beginAgain() {
	r.room.taken, r.room.again = 0, true
	r.summary.Problems = 0
}

// fitting leaves out what is larger than the whole disk, which a hole in a file costs nobody to be,
// and takes hours to read; and the largest files until the rest is within the budget. Deletions
// take no room, and are never left.
func (r *run) fitting(changes []scan.Change) []scan.Change {
	r.room.left = nil
	changes = r.possible(changes)
	for i := range changes {
		r.room.taken += size(&changes[i])
	}
	if r.room.budget == 0 || r.room.taken <= r.room.budget {
		return changes
	}
	bySize := make([]int, len(changes))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(size(&changes[b]), size(&changes[a])) })
	out := map[int]bool{}
	for _, i := range bySize {
		if r.room.taken <= r.room.budget {
			break
		}
		out[i] = true
		r.room.taken -= size(&changes[i])
	}
	return r.without(changes, func(i int) bool { return out[i] }, "does not fit on the destination's disk: not recorded", r.room.cause)
}

func (r *run) possible(changes []scan.Change) []scan.Change {
	_, whole, ok := r.Repo.Room()
	tooLarge := func(i int) bool { return ok && size(&changes[i]) > whole && !changes[i].File.Stat.IsLink() }
	for i := range changes {
		if tooLarge(i) {
			return r.without(changes, tooLarge, "is larger than the destination's whole disk: not recorded", nil)
		}
	}
	return changes
}

// without leaves changes out, which are named when the run has come through.
func (r *run) without(changes []scan.Change, out func(i int) bool, why string, cause error) []scan.Change {
	var kept []scan.Change
	for i := range changes {
		if !out(i) {
			kept = append(kept, changes[i])
			continue
		}
		r.room.left = append(r.room.left, scan.Problem{Path: changes[i].File.Path, Msg: why, Err: cause,
			Hint: "the next run tries again; make room there, or leave large files out with max-size"})
	}
	return kept
}

func size(c *scan.Change) int64 {
	if c.Deleted {
		return 0
	}
	return c.File.Stat.Size
}

// nameLeft names the files that were left out, once it is known that the others fit.
func (r *run) nameLeft() {
	for _, p := range r.room.left {
		r.problem(p)
	}
}

// news tells whether a problem was not reported before a run began again.
func (m *room) news(p *scan.Problem) bool {
	id := p.Path + "\x00" + p.Msg
	if m.said[id] {
		return !m.again
	}
	if m.said == nil {
		m.said = map[string]bool{}
	}
	m.said[id] = true
	return true
}
