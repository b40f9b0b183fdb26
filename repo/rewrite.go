package repo

import (
	"context"

	"timemachine/repo/durable"
	"timemachine/repo/object"
)

// rewriter is a follow that writes single versions again. The work tree is in step with tip already, as far as it is
// said to be; a mark of unfinished work stays.
func (r *Repo) rewriter(ctx context.Context, tip object.ID, index *indexLock) (*follow, error) {
	_, behind, err := r.pending()
	if err != nil {
		return nil, err
	}
	return &follow{r: r, ctx: ctx, base: tip, tip: tip, index: index, incomplete: behind, touched: map[string]bool{},
		files: durable.NewWalker(r.root), copies: durable.NewWalker(r.root)}, nil
}

// finish puts what was written on disk and lets the index follow.
func (f *follow) finish() error {
	if err := f.sync(); err != nil {
		return err
	}
	if len(f.changes) == 0 {
		return nil
	}
	return f.settle()
}

func (f *follow) close() {
	f.files.Close()
	f.copies.Close()
}
