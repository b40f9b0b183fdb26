package projection

import (
	"math"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
)

// askForSpace tells whether copies are to be written: they are wanted, and free space suffices. The
// user hears where it does not.
func (u *update) askForSpace() bool {
	if u.NoCopies {
		return false
	}
	free, size, err := u.p.Folder.DiskSpace()
	if err != nil {
		u.Warn(u.p.Path, "free space is not known: "+durable.Reason(err), refusal.Remedy{})
		return true
	}
	enough := u.p.copies(free, size)
	u.copiesOmitted = !enough && u.p.wantsCopies(size)
	return enough
}

// wantsCopies tells whether copies are written where free space suffices.
func (r *Projection) wantsCopies(size int64) bool { return r.hasSpace(math.MaxInt64, size) }
