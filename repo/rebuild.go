package repo

import (
	"context"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/projection"
	"timemachine/repo/internal/runstate"
)

// RebuildCopies writes the copies that a policy keeps and that are missing, or are not what their
// version says by size, mtime, mode and kind, under the names that the records give. It removes
// nothing else. The caller holds the lock. Memory is in proportion to the number of commits (20
// bytes each) and of sources.
func (r *Writer) RebuildCopies(ctx context.Context, o RebuildOptions) (*Rebuilt, error) {
	if err := r.work.MakeCopies(); err != nil && !durable.IsObstructed(err) {
		// else Start advises to rebuild
		return &Rebuilt{}, err
	}
	tip, err := r.Start(ctx)
	if err != nil || tip.IsZero() {
		return &Rebuilt{}, err
	}
	wanted := projection.RebuildOptions{WantCopy: r.CopiesKept(ctx, o.Policy, o.Now), Progress: o.Progress}
	done, err := r.work.RebuildSince(ctx, tip, object.ID{}, wanted)
	if err == nil && done.Failed == 0 && !done.NoRoom {
		err = runstate.ForgetKeptBefore(r.work.StateDir, o.Policy.String(), o.Now)
	}
	return (*Rebuilt)(done), err
}

// RebuildOptions of RebuildCopies. The zero value works, and writes all copies.
type RebuildOptions struct {
	Policy   CopyPolicy
	Now      time.Time               // at which Policy is applied; may be zero where it keeps all
	Progress func(done, total int64) // versions looked at; nil: none
}

// Rebuilt is what RebuildCopies did.
type Rebuilt struct {
	Versions int64 // that have a copy
	Written  int64
	Failed   int64 // each was warned of
	NoRoom   bool  // it stopped because space is short
}
