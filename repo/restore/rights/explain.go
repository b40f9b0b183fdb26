package rights

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// Explain adds to the error of an operation on a name in a folder what a person can do about it. A
// nil dir is a folder that is not known.
func Explain(dir *durable.Dir, name string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM) && dir != nil:
		if why := Frozen(dir, name); why != "" {
			return errors.New(why)
		}
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w: its file system is mounted read-only", reasonOf(err))
	case errors.Is(err, unix.EACCES) && dir != nil:
		if st, lerr := dir.Lstat(""); lerr == nil && st.UID != uint32(unix.Geteuid()) {
			return fmt.Errorf("%w: its folder %s belongs to user %d", reasonOf(err), record.Quote(dir.Path("")), st.UID)
		}
	case errors.Is(err, unix.ENAMETOOLONG):
		return fmt.Errorf("%w: the file system there takes no name of %d bytes", reasonOf(err), len(name))
	}
	return err
}

// reasonOf is the error without the operation, where that is known.
func reasonOf(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
