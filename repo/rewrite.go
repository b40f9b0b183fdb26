package repo

import (
	"context"

	"timemachine/repo/git/object"
)

// rewriter is a placer that writes single versions again. The work tree is in step with tip already, as far as it is
// said to be; a mark of unfinished work stays.
func (r *projectionT) rewriter(ctx context.Context, tip object.ID, index *indexLock) (*placer, error) {
	_, behind, err := r.behind(tip)
	if err == nil && !behind {
		err = r.anchor()
	}
	if err != nil {
		return nil, err
	}
	f := &follow{r: r, ctx: ctx, base: tip, tip: tip, index: index, incomplete: behind, warn: r.o.Warn}
	if f.taken, err = r.crowdedOut(tip); err != nil {
		return nil, err
	}
	return f.newPlacer(0, r.o.Warn), nil
}

// finish puts what was written on disk and lets the index follow.
func (p *placer) finish() error {
	f := p.follow
	f.take(p)
	if err := f.sync(); err != nil {
		return err
	}
	if len(f.changes) == 0 {
		return nil
	}
	return f.orAnew(f.settle(), !f.incomplete)
}
