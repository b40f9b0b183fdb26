package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/trust"
)

// editWait is how long an edit waits for another edit of the same file.
const editWait = 10 * time.Second

// lockConfig locks a file against other edits. An edit replaces the file, so lockConfig tries again
// where it has locked a file that was replaced meanwhile.
func lockConfig(file string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), editWait)
	defer cancel()
	err = durable.Retry(ctx, func() (bool, error) {
		f, err := os.Open(file)
		if err != nil {
			return false, &Error{File: file, Msg: fmt.Sprintf("cannot be read: %v", durable.WithoutPath(err)), cause: err}
		}
		taken, err := durable.TryFlock(f)
		if taken && isCurrent(f, file) {
			unlock = func() { f.Close() }
			return true, nil
		}
		f.Close()
		if err != nil {
			err = &Error{File: file, Msg: fmt.Sprintf("cannot be locked: %v", err), cause: err}
		}
		return false, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = &Error{File: file, Msg: "is locked by another program", Hint: "try again when it has ended"}
	}
	return unlock, err
}

// isCurrent tells whether the open file f still has the name file.
func isCurrent(f *os.File, file string) bool {
	held, err := f.Stat()
	now, nerr := os.Stat(file)
	return err == nil && nerr == nil && os.SameFile(held, now)
}

// replaceFile replaces the content of a file atomically and keeps its mode and owner. The caller
// holds the file's lock.
func replaceFile(file string, data []byte) error {
	st, err := os.Stat(file)
	if err != nil {
		return writeError(file, err)
	}
	d, err := durable.OpenDir(filepath.Dir(file))
	if err != nil {
		return writeError(file, err)
	}
	defer d.Close()
	name := filepath.Base(file)
	temp := durable.Temporary(name)
	err = d.Remove(temp)
	if err == nil {
		err = createLike(d, temp, data, st)
	}
	if err == nil {
		err = d.Rename(temp, d, name)
	}
	if err != nil {
		return writeError(file, errors.Join(err, d.Remove(temp)))
	}
	return writeError(file, d.Sync())
}

// createLike makes a synced file with the mode and, where permitted, the owner of another.
func createLike(d *durable.Dir, name string, data []byte, as fs.FileInfo) error {
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if sys, ok := as.Sys().(*syscall.Stat_t); ok {
		if err := f.Chown(int(sys.Uid), int(sys.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := f.Chmod(as.Mode().Perm()); err != nil {
		return err
	}
	return f.Sync()
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// createFile makes a new file of a mode atomically, with all of data. The error is fs.ErrExist for
// an existing file.
func createFile(file string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".new-")
	if err != nil {
		return writeError(file, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = durable.NameNew(f.Name(), file)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if err == nil {
		err = syncFolder(filepath.Dir(file))
	}
	return writeError(file, err)
}

// writeError returns an *Error for a failed write, nil for nil.
func writeError(file string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{File: file, Msg: fmt.Sprintf("cannot be written: %v", durable.WithoutPath(err)), cause: err}
}

// CheckPrivate refuses a file that another user than root can change, where env belongs to root.
// Such a user could have any file recorded or written with root's rights. The cause of the error is
// a *trust.UntrustedError, if the file could be looked at.
func CheckPrivate(path string, env Env) error {
	if env.UID != 0 {
		return nil
	}
	err := trust.CheckPrivate(path)
	var untrusted *trust.UntrustedError
	var unseen *fs.PathError
	switch {
	case errors.As(err, &untrusted):
		return &Error{Msg: err.Error(), cause: err}
	case errors.As(err, &unseen):
		return &Error{File: unseen.Path, Msg: fmt.Sprintf("cannot be looked at: %v", unseen.Err), cause: err}
	}
	return err
}
