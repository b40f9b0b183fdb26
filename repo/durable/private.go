package durable

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
// checks the file, its folder and, for a link, those of the target. A missing file is fine.
func CheckPrivate(path string) error {
	places := []string{filepath.Dir(path), path}
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		places = append(places, filepath.Dir(target), target)
	}
	for _, p := range places {
		st, err := os.Stat(p)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if mode := st.Mode().Perm(); mode&0o022 != 0 {
			return &UntrustedError{Path: p, Mode: mode}
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 {
			return &UntrustedError{Path: p, UID: sys.Uid}
		}
	}
	return nil
}
