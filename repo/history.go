package repo

import (
	"context"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/verify"
)

// History asks the destination as it is now. It is good until r is closed.
func (r *Repo) History() (*history.History, error) {
	return history.Of(r.work.Commits, history.Options{Heads: r.opts.Heads})
}

// Verify compares the history with itself, and files/, copies/ and the index with the history. With
// Repair the caller holds the lock.
func (r *Repo) Verify(ctx context.Context, o verify.Options) (*verify.Summary, error) {
	return verify.Run(ctx, r.work, r.Start, o)
}

// VerifyClone compares the history of any clone with itself.
func VerifyClone(ctx context.Context, h *history.History, o verify.Options) (*verify.Summary, error) {
	return verify.RunHistory(ctx, h.Commits(), h.Tip(), o)
}

// RollUp merges packs and brings git's commit-graph up to tip where that is due. versions is how
// many the run has committed.
func (r *Repo) RollUp(ctx context.Context, tip object.ID, versions int) error {
	return r.maintenance.RollUp(ctx, tip, versions)
}
