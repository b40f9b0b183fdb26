package repo

import (
	"context"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/pruning"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
)

// CopyPolicy says which versions keep their copies.
type CopyPolicy = pruning.Policy

// Pruned is what removing copies did.
type Pruned = pruning.Pruned

// pruneTime is how long a run removes copies. The next one goes on.
const pruneTime = 2 * time.Second

// CopiesKept tells which versions keep their copies; nil: all of them. Where the history cannot be
// read, none has to.
func (r *Repo) CopiesKept(ctx context.Context, p CopyPolicy, now time.Time) func(*record.Version) bool {
	if p.KeepsAll() {
		return nil
	}
	var kept map[object.ID]bool
	if tip, err := r.work.Tip(); err == nil && !tip.IsZero() && !p.None {
		if kept, err = pruning.Kept(ctx, r.work.Commits, tip, p, now); err != nil {
			kept = nil
		}
	}
	return func(v *record.Version) bool { return kept[v.Commit] }
}

// PruneOptions of PruneCopies.
type PruneOptions struct {
	Policy   CopyPolicy
	Now      time.Time
	DryRun   bool                    // only count
	Progress func(done, total int64) // copies looked at; nil: none
}

// PruneCopies removes all copies that a policy does not keep.
func (r *Writer) PruneCopies(ctx context.Context, o PruneOptions) (Pruned, error) {
	tip, err := r.Start(ctx)
	if err != nil || tip.IsZero() {
		return Pruned{}, err
	}
	done, err := pruning.Prune(ctx, r.work.Commits, tip, pruning.Options{Policy: o.Policy, Now: o.Now, DryRun: o.DryRun, Progress: o.Progress})
	if err == nil && !o.DryRun && done.IsComplete() {
		err = runstate.WritePruned(r.work.StateDir, o.Policy.String(), o.Now)
	}
	return done, err
}

// again ends the note of a policy by which not all could be removed: the next time looks at all.
const again = " again"

// KeepCopies removes, after a run from base to tip, the copies that a policy does not keep any
// more, for a bounded time. A policy of none is left to PruneCopies. A clock that is more than a
// day ahead of the last run counts as a day ahead: it may be wrong, and is believed step by step.
func (r *Writer) KeepCopies(ctx context.Context, p CopyPolicy, now time.Time, base, tip object.ID) (done Pruned, err error) {
	if p.KeepsAll() || p.None || tip.IsZero() {
		return done, nil
	}
	state := r.work.StateDir
	last, at, err := runstate.Pruned(state)
	if err != nil {
		return done, err
	}
	ran, _, err := runstate.LastRun(state)
	if err != nil {
		return done, err
	}
	if most := ran.Add(24 * time.Hour); !ran.IsZero() && now.After(most) {
		now = most
	}
	o := pruning.Options{Policy: p, Now: now, Limit: pruneTime}
	switch {
	case last != p.String() && last != p.String()+again: // by another policy, and never
	case p.IsDue(at, now) && last == p.String():
		o.Last = at
	case p.IsDue(at, now):
	case p.Count > 0 && base != tip && !base.IsZero():
		done, err = pruning.PruneDisplaced(ctx, r.work.Commits, tip, base, o)
		if err == nil && !done.IsComplete() {
			err = runstate.WritePruned(state, p.String()+again, at)
		}
		return done, err
	default:
		return done, nil
	}
	if done, err = pruning.Prune(ctx, r.work.Commits, tip, o); err == nil && !done.Unfinished {
		note := p.String()
		if !done.IsComplete() {
			note += again
		}
		err = runstate.WritePruned(state, note, now)
	}
	return done, err
}
