package watch

import (
	"errors"
	"fmt"

	"timemachine/repo/git/object"
)

// The default floor of free space for copies: whichever of the two is less.
const (
	floorPercent = 5
	floorBytes   = 1 << 30
)

// floor is the free space, of size bytes in all, below which no copies are written.
func (f Free) floor(size int64) int64 {
	switch {
	case !f.Set:
		return min(size/100*floorPercent, floorBytes)
	case f.Percent > 0:
		return int64(float64(size) / 100 * f.Percent)
	}
	return f.Bytes
}

// KeepsCopies tells whether copies are written at all, and where free of size bytes are left on the disk.
func (c *Config) KeepsCopies(free, size int64) bool {
	return !c.CopiesNone && free >= c.CopiesMinFree.floor(size)
}

// roomForCopies applies the configuration's policy: copies yield before history does.
func (r *run) roomForCopies(free, size int64) bool {
	if r.Config.CopiesNone {
		return false
	}
	if r.Config.KeepsCopies(free, size) {
		return true
	}
	floor := r.Config.CopiesMinFree.floor(size)
	r.problem(Problem{Path: r.Repo.Dest(), Msg: fmt.Sprintf("has %.1f MB free, below the %.1f MB kept free: no copies are written", float64(free)/1e6, float64(floor)/1e6),
		Hint: "the history goes on; a run makes up for the copies when there is room again", Warning: true})
	return false
}

// isSourceError tells an error that is the source's own from one of the destination, which ends the run.
func isSourceError(err error) bool {
	var own sourceError
	return errors.As(err, &own) || errors.Is(err, object.ErrCollision)
}
