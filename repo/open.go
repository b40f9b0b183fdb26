package repo

import (
	"cmp"
	"time"
	"timemachine/repo/internal/runstate"
)

// Repo is an open destination.
type Repo struct {
	*projectionT
	maintenance *maintainT
	opts        Options
	unchecked   bool // the run began without reading the tip
}

func newRepo(dest string, o Options) *Repo {
	o = o.withDefaults()
	c := newCommits(newPacks(newDest(dest, settings{Clock: o.Clock, Boot: o.Boot, Log: o.Log, Warn: o.Warn, Exclude: o.Exclude})), o.Remembered)
	return &Repo{projectionT: newProjection(c), maintenance: newMaintenance(c), opts: o}
}

// Ran notes that a run over everything has ended; good: all that is watched was captured. The caller holds the lock.
func (r *Repo) Ran(when time.Time, good bool) error { return runstate.WriteLastRun(r.own, when, good) }

// Open opens the destination at dest. A destination that cannot be used as it is gives a *StateError.
func Open(dest string, o Options) (*Repo, error) {
	r := newRepo(dest, o)
	if err := r.open(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Repo) open() error {
	if err := r.openGit(); err != nil {
		return err
	}
	branch := r.config.Get("timemachine", "branch")
	if branch == "" {
		if ours, err := r.used(); err != nil || ours {
			return cmp.Or(err, r.withoutBranch())
		}
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if branch == "" {
		return r.foreign()
	}
	r.branch = "refs/heads/" + branch
	return r.openParts()
}
