package history

import (
	"context"
	"errors"
	"time"

	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
)

// LastRun tells when the last run over everything ended that did not fail as a whole.
type LastRun struct {
	Ended     time.Time // zero where it is not known, as in a clone or of another branch
	Good      time.Time // of the last one that left nothing out; zero: none is known
	Unwritten int       // versions that could not be written beside the history so far
}

// LastRun reads what the last run has noted.
func (h *History) LastRun() (LastRun, error) {
	if h.commits.StateDir == nil || h.commits.Other {
		return LastRun{}, nil
	}
	ended, good, err := runstate.LastRun(h.commits.StateDir)
	u, _, uerr := runstate.ReadUnwritten(h.commits.StateDir)
	return LastRun{Ended: ended, Good: good, Unwritten: max(len(u.Files), len(u.Copies))}, errors.Join(err, uerr)
}

// Busy tells whether another process writes to the destination; false where the system does not
// tell. It never takes the lock: a run that begins just then would take it for another run.
func (h *History) Busy() bool {
	return h.commits.StateDir != nil && h.commits.StateDir.FlockHolder(runstate.LockName) != 0
}

// Sizes is the disk space of a destination in bytes: blocks, not lengths. A file with several
// names counts once: in .git, else in files/, else in copies/.
type Sizes struct {
	Git, Files, Copies int64
}

// Sizes adds up the disk space of the destination. Files that vanish meanwhile do not count. The
// error names what could not be read, and the sum is that of the rest.
func (h *History) Sizes(ctx context.Context) (s Sizes, err error) {
	s.Git, s.Files, s.Copies, err = h.commits.Sizes(ctx, h.commits.Bare)
	return s, err
}

// Count counts the versions and returns the newest one.
func (h *History) Count(ctx context.Context) (n int, newest record.Version, err error) {
	return h.commits.Count(ctx, h.read.Tip)
}
