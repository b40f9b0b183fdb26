package durable

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// IsMissing tells whether a name, or the way to it, is not there.
func IsMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// Reason is an error's reason without the names in it, which the message gives already.
func Reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// IsFull tells whether an error says that the disk, or what a quota leaves of it, is full.
func IsFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// IsBadName tells whether an error says that a file system cannot have the name, as with a colon on
// FAT. Trying again is no use.
func IsBadName(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENAMETOOLONG) || errors.Is(err, unix.EILSEQ)
}

// IsObstructed tells whether an error says that something of another kind has a place that is
// wanted, or lies on the way to it. A run leaves that as it is; verify --repair moves it aside.
func IsObstructed(err error) bool {
	for _, what := range []error{unix.ENOTDIR, unix.ELOOP, unix.EISDIR, unix.ENOTEMPTY, unix.EEXIST} {
		if errors.Is(err, what) {
			return true
		}
	}
	return false
}

// IsRefused tells whether an error says that the file system cannot do what was asked of it at all.
// Folders that a virtual machine shares (vboxsf) say that they are read-only; where that is true,
// nothing else can be made either.
func IsRefused(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EROFS)
}
