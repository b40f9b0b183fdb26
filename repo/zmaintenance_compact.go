package repo

import (
	"context"

	"timemachine/repo/git/object"
)

// Compaction says what Compact did. Sizes are those of all packs with their idx, in bytes.
type Compaction struct {
	PacksBefore, PacksAfter int
	BytesBefore, BytesAfter int64
	Foreign                 int // packs among them that were left as they are
	Unlisted                int // packs among those that are not on the list of what timemachine wrote: git's, or the list was lost
}

// Compact merges all packs of ours into one, whatever time that takes, and makes the commit-graph anew, with a filter for each commit. The
// caller holds the lock, and has tip from Start.
func (r *maintainT) Compact(ctx context.Context, tip object.ID) (c Compaction, err error) {
	if c.PacksBefore, c.BytesBefore, err = r.packSizes(); err != nil {
		return c, err
	}
	names, err := r.ownPacks()
	if err != nil {
		return c, err
	}
	c.Foreign = c.PacksBefore - len(names)
	if c.Unlisted, err = r.unlisted(); err != nil {
		return c, err
	}
	if err := r.mergeAll(ctx, names); err != nil {
		return c, err
	}
	if !tip.IsZero() {
		if err := r.rewriteGraph(ctx, tip); err != nil {
			return c, err
		}
	}
	c.PacksAfter, c.BytesAfter, err = r.packSizes()
	return c, err
}

func (r *maintainT) mergeAll(ctx context.Context, names []string) error {
	if len(names) < 2 {
		return nil
	}
	packs, closeAll, err := r.hold(names)
	defer closeAll()
	if err != nil {
		return err
	}
	return r.merge(ctx, packs, nil)
}
