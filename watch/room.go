package watch

import (
	"fmt"
	"timemachine/watch/scan"
)

// roomForCopies applies the configuration's policy: copies yield before history does.
func (r *run) roomForCopies(free, size int64) bool {
	if r.Config.CopiesNone {
		return false
	}
	if r.Config.KeepsCopies(free, size) {
		return true
	}
	floor := r.Config.CopiesMinFree.Floor(size)
	r.problem(scan.Problem{Path: r.Repo.Dest(), Msg: fmt.Sprintf("has %.1f MB free, below the %.1f MB kept free: no copies are written", float64(free)/1e6, float64(floor)/1e6),
		Hint: "the history goes on; a run makes up for the copies when there is room again", Warning: true})
	return false
}
