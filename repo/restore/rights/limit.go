package rights

import (
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// Limit is what holds for a history that others could have written: every file is given to one
// owner, and none gets setuid, setgid or an attribute that only root can set.
type Limit struct {
	Owner durable.Owner
	Why   error // why others could have written it
}

// Hold makes a record one that the limit allows, and tells whether it was none. A nil limit allows
// all.
func (l *Limit) Hold(r *record.Record) (limited bool) {
	if l == nil {
		return false
	}
	before := *r
	r.UID, r.GID = uint32(l.Owner.UID), uint32(l.Owner.GID)
	r.Mode &^= unix.S_ISUID | unix.S_ISGID
	roots := slices.ContainsFunc(r.Xattrs, func(x record.Xattr) bool { return IsRoots(x.Name) })
	return r.UID != before.UID || r.GID != before.GID || r.Mode != before.Mode || roots
}
