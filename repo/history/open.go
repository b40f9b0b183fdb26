package history

import (
	"context"
	"errors"
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// open opens the folders, the settings and the objects, and reads the tip of the branch.
func (h *History) open(branch string) error {
	if err := h.commits.OpenReader(); err != nil {
		return err
	}
	if branch == "" {
		return h.checkMade(h.readTip())
	}
	if err := h.commits.SelectBranch(branch); err != nil {
		return err
	}
	if err := h.readTip(); err != nil {
		return err
	}
	_, ok, err := h.commits.Newest(context.Background(), h.read.Tip, nil)
	if err == nil && !ok {
		err = h.branchError("branch %s of %s holds no history of timemachine's")
	}
	return err
}

// checkMade refuses a repository that timemachine did not make and that is no clone of a history:
// it has neither timemachine's settings, nor files of a run, nor a record. tipErr is the error of
// readTip.
func (h *History) checkMade(tipErr error) error {
	var state *refusal.Error
	empty := errors.As(tipErr, &state) && state.Kind == refusal.NoVersions
	if tipErr != nil && !empty || h.commits.Config.Get("timemachine", "branch") != "" {
		return tipErr
	}
	if h.commits.StateDir != nil {
		if used, err := h.commits.IsUsed(); used || err != nil {
			return errors.Join(tipErr, err)
		}
	}
	_, ok, err := h.commits.Newest(context.Background(), h.read.Tip, nil)
	if err == nil && !ok {
		err = h.readOtherBranch()
	}
	return err
}

// readTip reads the tip of the branch. A branch without a commit is an error of kind NoVersions.
func (h *History) readTip() error {
	var err error
	if h.commits.Branch == "" {
		h.read.Tip, err = h.detachedTip()
		return err
	}
	if h.read.Tip, err = h.commits.Tip(); err == nil && h.read.Tip.IsZero() {
		return &refusal.Error{Kind: refusal.NoVersions, Dest: h.commits.Path, Msg: fmt.Sprintf("destination %s holds no versions yet", record.Quote(h.commits.Path)),
			Remedy: refusal.Remedy{Kind: refusal.RunFirst}}
	}
	return err
}

// detachedTip returns the commit that HEAD names where HEAD names no branch.
func (h *History) detachedTip() (object.ID, error) {
	id, err := h.commits.Refs.Read("HEAD")
	if err != nil {
		return id, &refusal.Error{Kind: refusal.Damaged, Dest: h.commits.Path, Msg: fmt.Sprintf("HEAD of %s cannot be read", record.Quote(h.commits.Path)), Err: err}
	}
	return id, nil
}
