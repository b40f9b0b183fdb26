package repo

import (
	"context"
	"errors"

	"timemachine/repo/history"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/refusal"
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

// VerifyDamaged checks what can be read of the destination, or clone, at a path whose history
// cannot be opened. cause says why.
func VerifyDamaged(ctx context.Context, path string, cause *refusal.Error, log func(msg string, args ...any), o verify.Options) (*verify.Summary, error) {
	c := commits.New(dest.New(path, dest.Options{Log: log}), nil)
	sum, err := verify.RunDamaged(ctx, c, cause, o)
	return sum, errors.Join(err, c.Close())
}

// VerifyClone compares the history of any clone with itself.
func VerifyClone(ctx context.Context, h *history.History, o verify.Options) (*verify.Summary, error) {
	return verify.RunHistory(ctx, h.Commits(), h.Tip(), o)
}
