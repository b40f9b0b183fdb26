package disk

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OtherUser is what another user may read: what everybody may, by the permission bits. This system
// gives no thread another user's rights.
type OtherUser struct{}

// NewOtherUser returns what a user may read.
func NewOtherUser(uid int, groups []int) (*OtherUser, error) { return &OtherUser{}, nil }

// Close does nothing.
func (u *OtherUser) Close() {}

// MayRead returns nil where everybody may read the file at a path that this process has opened,
// whose stat is file: its owner's group and all others may read it, and search each folder on the
// way. It returns ErrOtherFile where the path leads to another file. Of a link itself, unless it is
// followed, it is enough that they find it.
func (u *OtherUser) MayRead(path string, follow bool, file *Stat) error {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	path = filepath.Join(folder, filepath.Base(path))
	if follow {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	st, err := StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case err != nil:
		return err
	case st.Inode() != file.Inode():
		return ErrOtherFile
	case !st.IsLink() && st.Mode&0o044 != 0o044:
		return os.ErrPermission
	}
	for path != "/" {
		path = filepath.Dir(path)
		if st, err := StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW); err != nil || !st.IsDir() || st.Mode&0o011 != 0o011 {
			return os.ErrPermission
		}
	}
	return nil
}
