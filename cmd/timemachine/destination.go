package main

import (
	"errors"
	"os"

	"timemachine/repo"
)

func (a *app) repoOptions(p *place) repo.Options {
	return repo.Options{
		Clock:   a.now,
		Zone:    a.zone,
		Ident:   a.identity(),
		Host:    a.host,
		Log:     func(msg string, args ...any) { a.journal.Debug(msg, args...) },
		Exclude: p.ownFiles(),
	}
}

// openRepo opens the destination's repository. An existing folder without one gets one, unless this configuration has
// used the folder before: then its disk is probably not mounted. A missing folder is made when create is set.
func (a *app) openRepo(p *place, create bool) (*repo.Repo, error) {
	o := a.repoOptions(p)
	r, err := repo.Open(p.dest, o)
	switch kindOf(err) {
	case repo.NoDestination:
		if !create {
			return nil, missingDestination(p.dest, err)
		}
	case repo.NoRepository:
		if a.memory.knows(p.dest) {
			return nil, unmounted(p.dest, err)
		}
	default:
		if err == nil {
			a.memory.use(p.dest)
		}
		return r, err
	}
	if err := repo.Init(p.dest, o); err != nil {
		return nil, err
	}
	if r, err = repo.Open(p.dest, o); err == nil {
		a.memory.use(p.dest)
	}
	return r, err
}

// kindOf is what is wrong with a destination; 0 for other errors and for none.
func kindOf(err error) repo.StateKind {
	var s *repo.StateError
	if errors.As(err, &s) {
		return s.Kind
	}
	return 0
}

func missingDestination(dest string, err error) error {
	return &failure{
		msg:  "destination " + quote(dest) + " does not exist",
		hint: "make the folder, or let timemachine init make it",
		err:  err,
	}
}

func unmounted(dest string, err error) error {
	what := " is empty: not mounted?"
	if entries, rerr := os.ReadDir(dest); rerr == nil && len(entries) > 0 {
		what = " has lost its repository: not mounted?"
	}
	return &failure{
		msg:  "destination " + quote(dest) + what,
		hint: "it was used before; mount it, or start afresh with timemachine init -d " + repo.ShellWord(dest),
		err:  err,
	}
}
