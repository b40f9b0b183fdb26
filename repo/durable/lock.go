package durable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// LockedError says that another program holds one of git's lock files.
type LockedError struct{ Path string }

func (e *LockedError) Error() string { return fmt.Sprintf("%q is held by another program", e.Path) }

// Lock is one of git's lock files, NAME.lock beside NAME, while this process holds it. The new
// content is written to it, and Commit renames it into place. It is a hard link of a file in stage,
// a folder of timemachine's. So a lock that a killed process left is recognized and removed; a
// foreign lock is never touched.
type Lock struct {
	*File
	dir, stage       *Dir
	name, stagedName string
}

// TakeLock takes name's lock in d. It waits up to wait for a foreign one; a lock that stays held is
// a *LockedError. The caller holds the run lock, so that no other timemachine process uses stage at
// the same time.
func (d *Dir) TakeLock(name string, stage *Dir, wait time.Duration) (*Lock, error) {
	if err := CheckName(name); err != nil {
		return nil, d.fail("lock", name, err)
	}
	l := &Lock{dir: d, stage: stage, name: name, stagedName: name + ".lock"}
	if err := l.clearStale(); err != nil {
		return nil, err
	}
	var err error
	if l.File, err = stage.Create(l.stagedName); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	err = Retry(ctx, func() (bool, error) {
		err := l.take()
		if errors.Is(err, fs.ErrExist) {
			return false, nil
		}
		return err == nil, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = &LockedError{Path: d.Path(name + ".lock")}
	}
	if err != nil {
		l.File.Close()
		return nil, errors.Join(err, stage.Remove(l.stagedName))
	}
	return l, nil
}

// take links the staged file to the lock's name. Without hard links it makes the lock as git does.
func (l *Lock) take() error {
	err := l.stage.Link(l.stagedName, l.dir, l.name+".lock")
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if !noLinks(err) {
		return err
	}
	f, err := l.dir.Create(l.name + ".lock")
	if err == nil {
		l.File.Close()
		l.File = f
	}
	return err
}

func noLinks(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EMLINK) || errors.Is(err, unix.EXDEV)
}

// ClearStaleLock removes name's lock in d where a killed timemachine process left it. The caller
// holds the run lock.
func (d *Dir) ClearStaleLock(name string, stage *Dir) error {
	return (&Lock{dir: d, stage: stage, name: name, stagedName: name + ".lock"}).clearStale()
}

func (l *Lock) clearStale() error {
	staged, err := l.stage.Lstat(l.stagedName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	there, err := l.dir.Lstat(l.name + ".lock")
	if err == nil && there.Same(staged) {
		err = l.dir.Remove(l.name + ".lock")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return l.stage.Remove(l.stagedName)
}

// Commit puts the lock's content on disk and in the place of the file it locks.
func (l *Lock) Commit() error {
	err := l.File.Sync()
	if cerr := l.File.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = l.dir.Rename(l.name+".lock", l.dir, l.name)
	}
	if err != nil {
		return errors.Join(err, l.remove())
	}
	return errors.Join(l.dir.Sync(), l.stage.Remove(l.stagedName))
}

// Abort releases the lock and leaves the file as it was.
func (l *Lock) Abort() error {
	return errors.Join(l.File.Close(), l.remove())
}

// remove removes the lock's own name first: while the staged file exists, the lock is known as
// timemachine's.
func (l *Lock) remove() error {
	if err := l.dir.Remove(l.name + ".lock"); err != nil {
		return err
	}
	return l.stage.Remove(l.stagedName)
}
