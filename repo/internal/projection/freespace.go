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
	s, err := u.p.Folder.DiskSpace()
	if err != nil {
		u.Warn(u.p.Path, "free space is not known: "+durable.Reason(err), refusal.Remedy{})
		return true
	}
	enough := u.p.copies(s)
	u.copiesOmitted = !enough && u.p.wantsCopies()
	return enough
}

// wantsCopies tells whether copies are written where free space suffices.
func (r *Projection) wantsCopies() bool {
	return r.hasSpace(durable.Space{Free: math.MaxInt64, Size: math.MaxInt64})
}

// spaceWatch looks at the free space from time to time while copies are written: they end before
// the files of the history and of files/ lack any.
type spaceWatch struct {
	left int // copies until the next look
	off  bool
}

// The number of copies between two looks. Each takes an inode or two where there are no hard links,
// and some goroutines write at once, so the fewer are left the closer are the looks.
const (
	mostBetweenLooks = 64
	inodesALook      = 256
)

// suffices tells whether there is space for one more copy, beside so many files and some folders
// for them that the update has yet to write. What cannot be looked at counts as enough.
func (s *spaceWatch) suffices(p *Projection, files int64) bool {
	if s.off {
		return true
	}
	if s.left > 0 {
		s.left--
		return true
	}
	s.left = mostBetweenLooks
	space, err := p.Folder.DiskSpace()
	if err != nil {
		return true
	}
	if space.Inodes > 0 {
		s.left = int(min(mostBetweenLooks, space.FreeInodes/inodesALook))
		space.FreeInodes -= files + files/8
	}
	return p.hasSpace(space)
}
