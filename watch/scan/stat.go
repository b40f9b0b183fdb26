package scan

import (
	"time"

	"golang.org/x/sys/unix"
)

// Stat is what tells whether a file is still the one that was looked at last. Two equal keys mean
// the same state, but for changes within the resolution of the file system's clock.
type Stat struct {
	Dev, Ino             uint64
	Size                 int64
	MtimeSec, CtimeSec   int64
	MtimeNsec, CtimeNsec uint32
	Mode                 uint32 // with the S_IFMT bits
	UID, GID             uint32
	BirthSec             int64 // when the inode was made; 0 where the file system does not say
	BirthNsec            uint32
}

func (k *Stat) Mtime() time.Time { return time.Unix(k.MtimeSec, int64(k.MtimeNsec)) }
func (k *Stat) Ctime() time.Time { return time.Unix(k.CtimeSec, int64(k.CtimeNsec)) }
func (k *Stat) kind() uint32     { return k.Mode & unix.S_IFMT }
func (k *Stat) isDir() bool      { return k.kind() == unix.S_IFDIR }
func (k *Stat) IsLink() bool     { return k.kind() == unix.S_IFLNK }
func (k *Stat) IsRegular() bool  { return k.kind() == unix.S_IFREG }
func (k *Stat) IsZero() bool     { return *k == Stat{} }

// SameInode tells whether a file that vanished and one that appeared are one, renamed: the same
// inode, made at the same moment; where that is not known, with the same mtime, since inode numbers
// are used again.
func (k *Stat) SameInode(o *Stat) bool {
	if k.Dev != o.Dev || k.Ino != o.Ino {
		return false
	}
	if k.BirthSec != 0 && o.BirthSec != 0 {
		return k.BirthSec == o.BirthSec && k.BirthNsec == o.BirthNsec
	}
	return k.MtimeSec == o.MtimeSec && k.MtimeNsec == o.MtimeNsec
}

// specialKind names a file that has no content of its own.
func (k *Stat) specialKind() string {
	switch k.kind() {
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR:
		return "a character device"
	case unix.S_IFBLK:
		return "a block device"
	}
	return "no regular file"
}
