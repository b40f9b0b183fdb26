package watch

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/watch/scan"
)

// spaceBudget is what a run does about a full disk. A destination has no room for all that changed
// when writing to it fails so; then the run begins again with the largest files left out, and less
// each time, until the rest fits. What was left out is named, and the next run tries it again.
type spaceBudget struct {
	budget    int64           // bytes of changed files that are taken on; 0: all
	taken     int64           // that the run under way has taken on
	omitted   []scan.Problem  // files left out
	cause     error           // what the system said the last time it did not fit
	restarted bool            // the run has begun again
	reported  map[string]bool // problems that were reported, which a run that begins again would report again
}

// leastBudget is where nothing can be gained any more: what changed takes as much as what says so.
const leastBudget = 4096

// reduceBudget lessens what is taken on after it did not fit, and tells whether there is anything
// to lessen. How well files deflate is not known before they are, so it begins at some times the
// free space, where that is told (a quota is not).
func (r *run) reduceBudget(err error) bool {
	var errno unix.Errno
	if errors.As(err, &errno) {
		r.space.cause = errno
	}
	next := r.space.taken / 2
	if free, _, ok := r.Repo.Room(); ok && r.space.budget == 0 {
		next = min(next, 4*free)
	}
	if next < leastBudget || r.ctx.Err() != nil {
		return false
	}
	r.space.budget = next
	r.restart()
	return true
}

// restart forgets what the run has counted, but for what is part of the history already.
func (r *run) restart() {
	r.space.taken, r.space.restarted = 0, true
	r.summary.Problems = 0
}

// withinBudget leaves out what is larger than the whole disk, which a hole in a file costs nobody
// to be, and takes hours to read; and the largest files until the rest is within the budget.
// Deletions take no room, and are never left.
func (r *run) withinBudget(changes []scan.Change) []scan.Change {
	r.space.omitted = nil
	changes = r.withinDisk(changes)
	for i := range changes {
		r.space.taken += changeSize(&changes[i])
	}
	if r.space.budget == 0 || r.space.taken <= r.space.budget {
		return changes
	}
	bySize := make([]int, len(changes))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(changeSize(&changes[b]), changeSize(&changes[a])) })
	out := map[int]bool{}
	for _, i := range bySize {
		if r.space.taken <= r.space.budget {
			break
		}
		out[i] = true
		r.space.taken -= changeSize(&changes[i])
	}
	return r.omit(changes, func(i int) bool { return out[i] }, "does not fit on the destination's disk: not recorded", r.space.cause)
}

func (r *run) withinDisk(changes []scan.Change) []scan.Change {
	_, whole, ok := r.Repo.Room()
	tooLarge := func(i int) bool { return ok && changeSize(&changes[i]) > whole && !changes[i].File.Stat.IsLink() }
	for i := range changes {
		if tooLarge(i) {
			return r.omit(changes, tooLarge, "is larger than the destination's whole disk: not recorded", nil)
		}
	}
	return changes
}

// omit leaves changes out, which are named when the run has come through.
func (r *run) omit(changes []scan.Change, out func(i int) bool, why string, cause error) []scan.Change {
	var kept []scan.Change
	for i := range changes {
		if !out(i) {
			kept = append(kept, changes[i])
			continue
		}
		r.space.omitted = append(r.space.omitted, scan.Problem{Path: changes[i].File.Path, Msg: why, Err: cause,
			Hint: "the next run tries again; make room there, or leave large files out with max-size"})
	}
	return kept
}

func changeSize(c *scan.Change) int64 {
	if c.Deleted {
		return 0
	}
	return c.File.Stat.Size
}

// reportOmitted names the files that were left out, once it is known that the others fit.
func (r *run) reportOmitted() {
	for _, p := range r.space.omitted {
		r.reportProblem(p)
	}
}

// isNew tells whether a problem was not reported before a run began again.
func (m *spaceBudget) isNew(p *scan.Problem) bool {
	id := p.Path + "\x00" + p.Msg
	if m.reported[id] {
		return !m.restarted
	}
	if m.reported == nil {
		m.reported = map[string]bool{}
	}
	m.reported[id] = true
	return true
}

// spaceForCopies applies the configuration's policy: copies yield before history does.
func (r *run) spaceForCopies(free, size int64) bool {
	if r.Config.CopiesNone {
		return false
	}
	if r.Config.KeepsCopies(free, size) {
		return true
	}
	floor := r.Config.CopiesMinFree.Floor(size)
	r.reportProblem(scan.Problem{Path: r.Repo.Dest(), Msg: fmt.Sprintf("has %.1f MB free, below the %.1f MB kept free: no copies are written", float64(free)/1e6, float64(floor)/1e6),
		Hint: "the history goes on; a run makes up for the copies when there is room again", Warning: true})
	return false
}
