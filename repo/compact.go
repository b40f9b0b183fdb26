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
	// packs among those that are not on the list of what timemachine wrote: git's, or the list was
	// lost
	Unlisted int
}

// Compact merges all of timemachine's packs into one, whatever time that takes, and makes the
// commit-graph anew, with a filter for each commit. The caller holds the lock, and has tip from
// Start.
func (r *Writer) Compact(ctx context.Context, tip object.ID) (c Compaction, err error) {
	if c.PacksBefore, c.BytesBefore, err = r.maintenance.PackSizes(); err != nil {
		return c, err
	}
	names, err := r.maintenance.MergeablePacks()
	if err != nil {
		return c, err
	}
	c.Foreign = c.PacksBefore - len(names)
	if c.Unlisted, err = r.maintenance.CountUnlisted(); err != nil {
		return c, err
	}
	if err := r.maintenance.MergeAll(ctx, names); err != nil {
		return c, err
	}
	if !tip.IsZero() {
		if err := r.maintenance.RewriteGraph(ctx, tip); err != nil {
			return c, err
		}
	}
	c.PacksAfter, c.BytesAfter, err = r.maintenance.PackSizes()
	return c, err
}
