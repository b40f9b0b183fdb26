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

// LookAt takes all looks.
func (u *OtherUser) LookAt(looks []Look) {
	for i := range looks {
		looks[i].Err = looks[i].take()
	}
}

// take returns nil where everybody may read the file: its owner's group and all others may read it,
// and search each folder on the way. Of a link itself, unless it is followed, it is enough that
// they find it.
func (l *Look) take() error {
	folder, err := filepath.EvalSymlinks(filepath.Dir(l.Path))
	if err != nil {
		return err
	}
	path := filepath.Join(folder, filepath.Base(l.Path))
	if l.Follow {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	if l.Stat, err = StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if !l.Stat.IsLink() && l.Stat.Mode&0o044 != 0o044 {
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
