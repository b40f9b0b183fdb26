package repo

import (
	"context"

	"timemachine/repo/git/object"
)

// RebuildCopies writes the copies that are missing or are not what their version says by size, mtime, mode and kind,
// under the names that the records give. It removes nothing else. The caller holds the lock. Memory is in proportion to
// the number of commits (20 bytes each) and of sources.
func (r *Repo) RebuildCopies(ctx context.Context, o RebuildOptions) (*Rebuilt, error) {
	tip, err := r.Start(ctx)
	if err != nil || tip.IsZero() {
		return &Rebuilt{}, err
	}
	return r.work.rebuildSince(ctx, tip, object.ID{}, o)
}
