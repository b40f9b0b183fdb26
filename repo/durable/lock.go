package durable

import (
	"cmp"
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

// Lock is one of git's locks, NAME.lock beside NAME, while this process holds it. The new content
// is written to its File, and Commit renames that into place.
// A lock that a killed process left is recognized and removed; a foreign lock is never touched.
// While the lock is held, the file NAME.lock in stage, a folder of timemachine's, says so, and
// NAME.lock is a hard link of it. On a file system without hard links NAME.lock is an empty folder,
// which git respects and never makes, and the new content is in NAME.new in stage.
type Lock struct {
	*File
	dir, stage       *Dir
	name, stagedName string
	folder           bool // there are no hard links
	alike            bool // lock and staged file have one inode number, as links should
}

// LongestWait is the most that TakeLock waits for a lock, in tests of locks that stay.
var LongestWait = time.Hour

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
	ctx, cancel := context.WithTimeout(context.Background(), min(wait, LongestWait))
	defer cancel()
	err = Retry(ctx, func() (bool, error) {
		if err := l.take(); !errors.Is(err, fs.ErrExist) {
			return err == nil, err
		}
		return false, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = &LockedError{Path: d.Path(name + ".lock")}
	}
	if err != nil {
		if l.File != nil {
			l.File.Close()
		}
		return nil, errors.Join(err, stage.Remove(l.contentName()), stage.Remove(l.stagedName))
	}
	return l, nil
}

// take links the staged file to the lock's name. Without hard links it makes a folder of that name.
func (l *Lock) take() error {
	if l.folder {
		return l.dir.Mkdir(l.name + ".lock")
	}
	err := l.stage.Link(l.stagedName, l.dir, l.name+".lock")
	if l.alike = err == nil; l.alike {
		l.alike, _ = l.isHeld() // not so on sshfs, where each name has a number
	}
	if err == nil || !lacksLinks(err) {
		return err
	}
	// Only the staged file tells whose the folder is: it must be on disk first.
	if err := errors.Join(l.File.Sync(), l.File.Close(), l.stage.Sync(), l.stage.Remove(l.contentName())); err != nil {
		return err
	}
	if l.File, err = l.stage.Create(l.contentName()); err != nil {
		return err
	}
	l.folder = true
	return l.dir.Mkdir(l.name + ".lock")
}

// contentName is the name in stage of the new content, where there are no hard links.
func (l *Lock) contentName() string { return l.name + ".new" }

// NameNew gives the file at the path from the name to, which must be free: else the error is
// fs.ErrExist, and from may be gone. Without hard links, an empty file takes the name first.
func NameNew(from, to string) error {
	err := unix.Link(from, to)
	if err == nil || !lacksLinks(err) {
		return err
	}
	fd, err := openat(unix.AT_FDCWD, to, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, FilePerm)
	if err != nil {
		return err
	}
	return errors.Join(unix.Close(fd), unix.Rename(from, to))
}

// lacksLinks tells whether an error of Link says that there are no hard links, or no more of them.
func lacksLinks(err error) bool {
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
	switch {
	case err == nil && there.Same(staged):
		err = l.dir.Remove(l.name + ".lock")
	case err == nil && there.IsDir():
		err = l.removeFolder()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(l.stage.Remove(l.contentName()), l.stage.Remove(l.stagedName))
}

// removeFolder removes the folder that is a lock. One that holds something is another program's.
func (l *Lock) removeFolder() error {
	err := l.dir.RemoveDir(l.name + ".lock")
	switch {
	case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST):
		return nil
	case err != nil:
		return err
	}
	return l.dir.Sync()
}

// Commit puts the lock's content on disk and in the place of the file it locks.
func (l *Lock) Commit() error {
	err := errors.Join(l.File.Sync(), l.File.Close())
	held, herr := l.isHeld()
	switch {
	case err != nil:
	case l.folder:
		err = l.stage.Rename(l.contentName(), l.dir, l.name)
	case !held: // it would put what another program has not finished in the place of the file
		err = cmp.Or[error](herr, &LockedError{Path: l.dir.Path(l.name + ".lock")})
	default:
		err = l.dir.Rename(l.name+".lock", l.dir, l.name)
	}
	if err != nil {
		return errors.Join(err, l.remove())
	}
	if err := l.dir.Sync(); err != nil || l.folder {
		return errors.Join(err, l.remove())
	}
	return l.stage.Remove(l.stagedName)
}

// Abort releases the lock and leaves the file as it was.
func (l *Lock) Abort() error {
	return errors.Join(l.File.Close(), l.remove())
}

// remove removes the lock's own name first: while the staged file exists, the lock is known as
// timemachine's.
func (l *Lock) remove() error {
	if l.folder {
		if err := l.removeFolder(); err != nil {
			return err
		}
		return errors.Join(l.stage.Remove(l.contentName()), l.stage.Remove(l.stagedName))
	}
	held, err := l.isHeld()
	if err == nil && held {
		err = l.dir.Remove(l.name + ".lock")
	}
	if err == nil {
		err = l.stage.Remove(l.stagedName)
	}
	return err
}

// isHeld tells whether the lock's name is still ours: a person may have removed it, as git advises,
// and another program have taken it since.
func (l *Lock) isHeld() (bool, error) {
	staged, err := l.stage.Lstat(l.stagedName)
	there, terr := l.dir.Lstat(l.name + ".lock")
	if err = errors.Join(err, terr); !l.alike || IsNoEntry(err) {
		return !l.alike, nil
	}
	return err == nil && there.Same(staged), err
}
