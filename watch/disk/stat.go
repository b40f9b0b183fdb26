// Package disk opens files and folders on disk and takes their stat, without blocking and without a
// trace.
//
// What it opens it reads only. It follows no link that its caller does not name, and it leaves
// access times as they are where the system lets it. It orders paths as a walk meets them.
package disk

import (
	"time"

	"golang.org/x/sys/unix"
)

// Stat is the stat of a file. Two equal values mean that the file has not changed, but for changes
// within the resolution of the file system's clock.
type Stat struct {
	Dev, Ino             uint64
	Size                 int64
	MtimeSec, CtimeSec   int64
	BirthSec             int64 // when the inode was made; 0: unknown
	MtimeNsec, CtimeNsec uint32
	BirthNsec            uint32
	Mode                 uint32 // with the S_IFMT bits
	UID, GID             uint32
}

// HasOtherNames tells whether the file whose stat StatName took has other names.
func HasOtherNames(st *StatBuffer) bool { return st.Nlink > 1 }

// Inode identifies a file on this machine, whatever its name.
type Inode struct{ Dev, Ino uint64 }

// Inode returns the device and inode number.
func (s *Stat) Inode() Inode { return Inode{s.Dev, s.Ino} }

// Mtime returns the time of the last change to the content.
func (s *Stat) Mtime() time.Time { return time.Unix(s.MtimeSec, int64(s.MtimeNsec)) }

// Ctime returns the time of the last change to content, mode or owner.
func (s *Stat) Ctime() time.Time { return time.Unix(s.CtimeSec, int64(s.CtimeNsec)) }

func (s *Stat) kind() uint32 { return s.Mode & unix.S_IFMT }
func (s *Stat) IsDir() bool  { return s.kind() == unix.S_IFDIR }

// IsLink tells whether the file is a symbolic link.
func (s *Stat) IsLink() bool { return s.kind() == unix.S_IFLNK }

// IsRegular tells whether the file is a regular file.
func (s *Stat) IsRegular() bool { return s.kind() == unix.S_IFREG }

// IsZero tells whether the stat was never taken.
func (s *Stat) IsZero() bool { return *s == Stat{} }

// SameInode tells whether a file that vanished and one that appeared are the same, renamed. They
// have the same inode, made at the same moment. Where that moment is unknown, the mtimes must be
// equal, since file systems use inode numbers again.
func (s *Stat) SameInode(other *Stat) bool {
	if s.Inode() != other.Inode() {
		return false
	}
	if s.BirthSec != 0 && other.BirthSec != 0 {
		return s.BirthSec == other.BirthSec && s.BirthNsec == other.BirthNsec
	}
	return s.MtimeSec == other.MtimeSec && s.MtimeNsec == other.MtimeNsec
}

// SpecialKind names the kind of a file that has no content of its own.
func (s *Stat) SpecialKind() string {
	switch s.kind() {
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
