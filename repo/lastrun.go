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
	if !gone(err) {
		return err
	}
	f, err := dir.Append(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), dir.SetMtime(name, when))
}

// LastRun tells when a run over everything ended last. A run that was cut short, or failed as a whole, is none.
type LastRun struct {
	Ended time.Time // zero where it is not known: in a clone, or after nothing but runs of an older program
	Good  time.Time // and left nothing out; zero as above, and where no run has been good
}

// LastRun reads what Ran wrote.
func (h *History) LastRun() (LastRun, error) {
	var l LastRun
	for name, at := range map[string]*time.Time{ranFile: &l.Ended, goodFile: &l.Good} {
		if h.r.own == nil {
			continue
		}
		st, err := h.r.own.Lstat(name)
		switch {
		case err == nil:
			*at = time.Unix(st.Mtime.Sec, st.Mtime.Nsec)
		case !gone(err):
			return l, err
		}
	}
	return l, nil
}

// Busy tells whether another process writes to the destination, without taking its lock even for a moment: a run that
// begins just then would take that for another run. Where the system does not say, it is false.
func (h *History) Busy() bool { return h.r.own != nil && h.r.own.Flocked("lock") }
