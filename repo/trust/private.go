package trust

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// UntrustedError says that another user than root can change a file or folder.
type UntrustedError struct {
	Path string
	Mode fs.FileMode // its permissions, where other users may write it; else 0
	UID  uint32      // its owner, where Mode is 0
}

func (e *UntrustedError) Error() string {
	if e.Mode != 0 {
		return fmt.Sprintf("others may write %s (mode %04o), so root does not trust it", e.Path, e.Mode)
	}
	return fmt.Sprintf("%s belongs to another user (uid %d), so root does not trust it", e.Path, e.UID)
}

// CheckPrivate returns an *UntrustedError for a file that another user than root can change. It
// checks the file, every folder above it and, for a link, those of the target: who can write a
// folder can put another in the place of what lies in it. In a sticky folder further above that is
// not so. A missing file is fine.
func CheckPrivate(path string) error {
	if err := checkWithFolders(path); err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		return checkWithFolders(target)
	}
	return nil
}

func checkWithFolders(path string) error {
	for p, further := path, false; ; p = filepath.Dir(p) {
		if err := checkPlace(p, further); err != nil || p == filepath.Dir(p) {
			return err
		}
		further = p != path
	}
}

// checkPlace checks one file or folder; sticky allows a sticky folder that others may write.
func checkPlace(path string, sticky bool) error {
	st, err := os.Stat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if mode := st.Mode().Perm(); mode&0o022 != 0 && !(sticky && st.Mode()&fs.ModeSticky != 0) {
		return &UntrustedError{Path: path, Mode: mode}
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 {
		return &UntrustedError{Path: path, UID: sys.Uid}
	}
	return nil
}
