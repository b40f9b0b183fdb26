package repo

import (
	"context"

	"timemachine/repo/history"
	"timemachine/repo/verify"
)

// History asks the destination as it is now. It is good until r is closed.
func (r *Repo) History() (*history.History, error) {
	return history.New(r.work.Commits, history.Options{Heads: r.opts.Heads})
}

// Verify compares the history with itself, and files/, copies/ and the index with the history. It
// repairs nothing.
func (r *Repo) Verify(ctx context.Context, o verify.Options) (*verify.Summary, error) {
	o.Repair = false
	return verify.Run(ctx, r.work, nil, o)
}

// VerifyClone compares the history of any clone with itself.
func VerifyClone(ctx context.Context, h *history.History, o verify.Options) (*verify.Summary, error) {
	return verify.RunHistory(ctx, h.Commits(), h.Tip(), o)
}
