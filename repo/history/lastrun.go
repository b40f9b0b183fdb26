package history

import (
	"time"

	"timemachine/repo/internal/runstate"
)

// LastRun tells when a run over everything ended last. A run that was cut short, or failed as a
// whole, is none.
type LastRun struct {
	Ended time.Time // zero where it is not known: in a clone, or after nothing but runs of an older program
	Good  time.Time // and left nothing out; zero as above, and where no run has been good
}

// LastRun reads what Ran wrote.
func (h *History) LastRun() (LastRun, error) {
	if h.commits.StateDir == nil {
		return LastRun{}, nil
	}
	ended, good, err := runstate.LastRun(h.commits.StateDir)
	return LastRun{Ended: ended, Good: good}, err
}

// Busy tells whether another process writes to the destination, without taking its lock even for a
// moment: a run that begins just then would take that for another run. Where the system does not
// say, it is false.
func (h *History) Busy() bool {
	return h.commits.StateDir != nil && h.commits.StateDir.IsFlocked(runstate.LockName)
}
