package repo

import (
	"errors"
	"time"
	"timemachine/repo/durable"
)

// The two files whose mtimes tell of the last run, below .git/timemachine. They are disposable, and not put on disk with
// care: what a power failure takes away the next run brings back.
const (
	ranFile  = "ran"
	goodFile = "ran-well"
)

// Ran notes that a run over everything has ended; good: all that is watched was captured. The caller holds the lock.
func (r *notesT) Ran(when time.Time, good bool) error {
	err := touch(r.own, ranFile, when)
	if good {
		err = errors.Join(err, touch(r.own, goodFile, when))
	}
	return err
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

// checkedName is the file that says of which tip, among which packs, the commit and its tree were read, and which index. While all are
// still as it says, a run that only looks need not read them again. It is disposable.
const checkedName = "checked"
