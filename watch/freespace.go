package watch

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// spaceBudget says how much a run records while the destination's disk is full. When a write fails
// for lack of space, the run starts again without the largest files, and with less each time, until
// the rest fits. The next run tries the omitted files again.
type spaceBudget struct {
	budget    int64           // bytes of changed files to record; 0: all
	taken     int64           // bytes of changed files that the present attempt records
	omitted   []scan.Problem  // the omitted files
	cause     error           // errno of the last write without space
	restarted bool            // the run has started again
	reported  map[string]bool // the problems that were reported, by path and message
}

// largerThanDisk is what is said of a file that no run can record.
const largerThanDisk = "is larger than the destination's whole disk: not recorded"

// leastBudget is the smallest budget, in bytes. Below it, the records take as much space as the
// content.
const leastBudget = 4096

// reduceBudget reduces the budget after a write without space. It returns false where it cannot be
// reduced. The first budget is four times the free space, where that is known, since compressed
// sizes are not known before.
func (r *run) reduceBudget(err error) bool {
	var errno unix.Errno
	if errors.As(err, &errno) {
		r.space.cause = errno
	}
	next := r.space.taken / 2
	if free, _, ok := r.Repo.FreeSpace(); ok && r.space.budget == 0 {
		next = min(next, 4*free)
	}
	if next < leastBudget || r.ctx.Err() != nil {
		return false
	}
	r.space.budget = next
	r.restart()
	return true
}

// restart resets the counts of the run for the next attempt. The published versions stay counted.
func (r *run) restart() {
	r.space.taken, r.space.restarted = 0, true
	r.summary.Problems = 0
}

// withinBudget omits files that are larger than the whole disk, as a sparse file can be. It also
// omits the largest files until the rest fits the budget. It never omits deletions.
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

// withinDisk omits files that are larger than the destination's whole disk.
func (r *run) withinDisk(changes []scan.Change) []scan.Change {
	_, whole, ok := r.Repo.FreeSpace()
	tooLarge := func(i int) bool { return ok && changeSize(&changes[i]) > whole && !changes[i].File.Stat.IsLink() }
	for i := range changes {
		if tooLarge(i) {
			return r.omit(changes, tooLarge, largerThanDisk, nil)
		}
	}
	return changes
}

// omit returns the changes that out does not select, and keeps a problem for each of the others.
func (r *run) omit(changes []scan.Change, out func(i int) bool, why string, cause error) []scan.Change {
	var kept []scan.Change
	for i := range changes {
		if !out(i) {
			kept = append(kept, changes[i])
			continue
		}
		r.space.omitted = append(r.space.omitted, scan.Problem{Path: changes[i].File.Path, Msg: why, Err: cause,
			Remedy: refusal.Remedy{Kind: scan.FreeSpaceOrLimitSize}})
	}
	return kept
}

// changeSize returns the bytes that a change needs before compression.
func changeSize(c *scan.Change) int64 {
	if c.Deleted || c.File.Stat.IsDir() {
		return 0
	}
	return c.File.Stat.Size
}

// reportOmitted reports the omitted files. The caller knows that the others fit.
func (r *run) reportOmitted() {
	for _, p := range r.space.omitted {
		r.reportProblem(p)
	}
}

// isNew tells whether a problem was not reported before the run started again.
func (b *spaceBudget) isNew(p *scan.Problem) bool {
	id := p.Path + "\x00" + p.Msg
	if b.reported[id] {
		return !b.restarted
	}
	if b.reported == nil {
		b.reported = map[string]bool{}
	}
	b.reported[id] = true
	return true
}

// spaceForCopies tells whether the configuration allows copies with this free space, and reports
// where it is too low.
func (r *run) spaceForCopies(s durable.Space) bool {
	if r.Config.CopiesKeep.None {
		return false
	}
	if r.Config.KeepsCopies(s) {
		return true
	}
	r.reportProblem(scan.Problem{Path: r.Repo.Path(), Msg: shortSpace(s, r.Config.CopiesMinFree) + ": no copies are written",
		Remedy: refusal.Remedy{Kind: scan.CopiesWaitForSpace}, Warning: true})
	return false
}

// noteCopyPolicy notes which copies the versions of this run have, before it records any.
func (r *run) noteCopyPolicy() {
	if err := r.writer.NoteCopyPolicy(repo.CopyPolicy(r.Config.CopiesKeep), r.Clock(), r.base); err != nil {
		r.reportProblem(scan.Problem{Path: r.Repo.Path(), Msg: "which copies are kept could not be noted", Err: durable.WithoutPath(err), Warning: true})
	}
}

// keepCopies removes the copies that the configuration does not keep any more.
func (r *run) keepCopies() {
	done, err := r.writer.KeepCopies(r.ctx, repo.CopyPolicy(r.Config.CopiesKeep), r.Clock(), r.base, r.summary.Tip)
	if err = cmp.Or(err, done.Cause); err != nil && r.ctx.Err() == nil {
		r.reportProblem(scan.Problem{Path: r.Repo.Path(), Msg: "copies that are not kept could not be removed", Err: err, Warning: true})
	}
	r.summary.Pruned = done
}

// shortSpace says which free space is below the floor.
func shortSpace(s durable.Space, f config.FreeSpace) string {
	if floor := f.Floor(s.Size); s.Free < floor {
		return fmt.Sprintf("has %.1f MB free, below the %.1f MB kept free", float64(s.Free)/1e6, float64(floor)/1e6)
	}
	return fmt.Sprintf("has %d inodes free, below the %d kept free", s.FreeInodes, f.InodeFloor(s.Inodes))
}
