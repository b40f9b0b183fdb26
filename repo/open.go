package repo

import (
	"cmp"
	"errors"
	"time"
	"timemachine/repo/internal/runstate"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// Repo is an open destination.
type Repo struct {
	*maintainT
	unchecked bool // the run began without reading the tip
}

func newRepo(dest string, o Options) *Repo {
	r := &Repo{maintainT: &maintainT{}}
	r.dest, r.o = dest, o.withDefaults()
	return r
}

// Configure replaces what Open was given, for settings that are known only later.
func (r *Repo) Configure(change func(*Options)) {
	change(&r.o)
	r.o = r.o.withDefaults()
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

// Close gives up the lock and what is open.
func (r *Repo) Close() error {
	var errs []error
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	if r.lock != nil {
		// Closing it alone would leave the lock to a child that is just being started, until it is another program.
		errs = append(errs, unix.Flock(int(r.lock.Fd()), unix.LOCK_UN), r.lock.Close())
	}
	for _, d := range []*durable.Dir{r.stage, r.own, r.git, r.root} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}
