package config

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"timemachine/repo/durable"
)

// CheckPrivate refuses, for root, a file that others may write, or whose folder they may: they
// could have anything recorded, or written, with root's rights. A link is followed, and both
// folders count. A missing file is fine.
func CheckPrivate(path string, env Env) error {
	if env.UID != 0 {
		return nil
	}
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
			return &Error{File: p, Msg: fmt.Sprintf("cannot be looked at: %v", durable.WithoutPath(err)), cause: err}
		}
		if st.Mode().Perm()&0o022 != 0 {
			return &Error{Msg: fmt.Sprintf("others may write %s (mode %04o), so root does not trust it", p, st.Mode().Perm()), Hint: "chmod go-w " + p}
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 {
			return &Error{Msg: fmt.Sprintf("%s belongs to another user (uid %d), so root does not trust it", p, sys.Uid), Hint: "chown root " + p}
		}
	}
	return nil
}
