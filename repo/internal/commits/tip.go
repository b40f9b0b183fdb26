package commits

import (
	"errors"
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
)

// Tip reads the branch; zero before the first commit. A missing branch is an error where anything
// tells of a history.
func (r *Commits) Tip() (object.ID, error) {
	tip, err := r.Refs.Read(r.Branch)
	var broken *ref.DamagedError
	switch {
	case errors.As(err, &broken):
		return tip, r.Damaged(fmt.Sprintf("branch %s is damaged (%s)", record.Quote(r.ShortBranch()), broken.Found), errNoCommit)
	case errors.Is(err, ref.ErrMissing):
		return tip, r.checkUnborn()
	}
	return tip, err
}

// checkUnborn fails for a missing branch where the reflog or a note of a run tells of commits. In a
// destination opened for writing, a pack does so too.
func (r *Commits) checkUnborn() error {
	logged, err := r.Refs.Logged(r.Branch)
	if err != nil {
		return err
	}
	if r.Stage != nil {
		packs, err := r.PackNames()
		if err != nil {
			return err
		}
		for name, suffixes := range packs {
			if suffixes[".pack"] && !suffixes[".keep"] {
				logged = append(logged, object.ID{})
				r.Opts.Log("a pack is there, but no branch", "pack", name)
			}
		}
	}
	if len(logged) == 0 && len(r.notedCommits()) == 0 {
		return nil
	}
	return r.Damaged(fmt.Sprintf("branch %s is missing, but there is a history", record.Quote(r.ShortBranch())), errNoCommit)
}
