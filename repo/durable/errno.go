package durable

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// IsMissing tells whether a file is missing: IsNoEntry, or a link is in the way, which is not
// followed here.
func IsMissing(err error) bool {
	return IsNoEntry(err) || errors.Is(err, unix.ELOOP)
}

// IsNoEntry tells whether a path leads to nothing: its last name is missing, or a name before that
// is no folder. A link in the way is another error, which IsMissing includes.
func IsNoEntry(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR)
}

// WithoutPath is the reason in an error, without the operation and the path around it.
func WithoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Reason is the text of WithoutPath, for a message that names the path already.
func Reason(err error) string { return WithoutPath(err).Error() }

// IsFull tells whether an error says that the disk, or what a quota leaves of it, is full.
func IsFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// IsTooMuch tells whether an error says that something cannot be written because of its size: the
// disk or a quota is full, or the file system takes no file that large.
func IsTooMuch(err error) bool { return IsFull(err) || errors.Is(err, unix.EFBIG) }

// IsBadName tells whether an error says that a file system cannot have the name, as a colon on FAT.
// Trying again does not help.
func IsBadName(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENAMETOOLONG) || errors.Is(err, unix.EILSEQ)
}

// IsObstructed tells whether an error says that something of another kind has the wanted name, or
// lies on the way to it. A run leaves that as it is; verify --repair moves it aside.
func IsObstructed(err error) bool {
	return errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENOTEMPTY) ||
		errors.Is(err, unix.EEXIST)
}

// IsRefused tells whether an error says that the file system cannot do the operation at all.
// Folders that a virtual machine shares (vboxsf) say that they are read-only. Where that is true,
// nothing else can be made either.
func IsRefused(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EROFS)
}

// Flaw says in a few words why a file cannot be read: that it is missing, or the error's reason.
func Flaw(err error) string {
	if IsMissing(err) {
		return "is missing"
	}
	return Reason(err)
}
