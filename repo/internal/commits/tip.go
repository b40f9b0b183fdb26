package repo

import (
	"errors"
	"fmt"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
)

// Tip reads the branch: zero where it has no commits yet. A missing branch is damage where anything speaks of a history.
func (r *commitsT) Tip() (object.ID, error) {
	tip, err := r.refs.Read(r.branch)
	var broken *ref.DamagedError
	switch {
	case errors.As(err, &broken):
		return tip, r.damaged(fmt.Sprintf("branch %s is damaged (%s)", record.Quote(r.shortBranch()), broken.Found), errEmptyRef)
	case errors.Is(err, ref.ErrMissing):
		return tip, r.checkUnborn()
	}
	return tip, err
}

// checkUnborn is an error where a reflog, a note or, in a destination opened for writing, a pack tells of commits.
func (r *commitsT) checkUnborn() error {
	logged, err := r.refs.Logged(r.branch)
	if err != nil {
		return err
	}
	if r.stage != nil {
		packs, err := r.packNames()
		if err != nil {
			return err
		}
		for name, suffixes := range packs {
			if suffixes[".pack"] && !suffixes[".keep"] {
				logged = append(logged, object.ID{})
				r.o.Log("a pack is there, but no branch", "pack", name)
			}
		}
	}
	if len(logged) == 0 && len(r.noted()) == 0 {
		return nil
	}
	return r.damaged(fmt.Sprintf("branch %s is missing, but there is a history", record.Quote(r.shortBranch())), errEmptyRef)
}
