package runstate

import (
	"errors"
	"time"

	"timemachine/repo/durable"
)

// The mtimes of these two files tell when the last run ended. They are not forced to disk: the next
// run writes what a power failure takes away.
const (
	ranName  = "ran"
	goodName = "ran-well"
)

// WriteLastRun notes that a run over every entry has ended. good tells that it captured everything.
func WriteLastRun(dir *durable.Dir, when time.Time, good bool) error {
	err := touch(dir, ranName, when)
	if good {
		err = errors.Join(err, touch(dir, goodName, when))
	}
	return err
}

// LastRun reads what [WriteLastRun] noted: when the last run ended, and the last good one. Unknown
// times are zero.
func LastRun(dir *durable.Dir) (ended, good time.Time, err error) {
	if ended, err = mtime(dir, ranName); err == nil {
		good, err = mtime(dir, goodName)
	}
	return ended, good, err
}

// mtime is a file's mtime, zero for a missing file.
func mtime(dir *durable.Dir, name string) (time.Time, error) {
	st, err := dir.Lstat(name)
	if durable.IsMissing(err) {
		return time.Time{}, nil
	}
	return time.Unix(st.Mtime.Unix()), err
}

// touch sets a file's mtime, and makes the file where it is missing.
func touch(dir *durable.Dir, name string, when time.Time) error {
	err := dir.SetMtime(name, when)
	if !durable.IsMissing(err) {
		return err
	}
	f, err := dir.Append(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), dir.SetMtime(name, when))
}
