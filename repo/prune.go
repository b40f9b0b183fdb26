package repo

import (
	"context"
	"slices"
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

// CopiesExpected tells which versions must have their copies: those that keep them now, and kept
// them by all the policies that were in force before. nil: all of them.
func (r *Repo) CopiesExpected(ctx context.Context, p CopyPolicy, now time.Time) (func(*record.Version) bool, error) {
	kept := r.CopiesKept(ctx, p, now)
	tip, err := r.work.Tip()
	if err != nil || tip.IsZero() {
		return kept, nil // which verify tells
	}
	before, err := runstate.KeptBefore(r.work.StateDir, p.String(), tip)
	if err != nil {
		return kept, err
	}
	var left []func(*record.Version) bool
	for _, k := range before {
		policy := pruning.ParsePolicy(k.Policy)
		is, err := pruning.LeftOut(ctx, r.work.Commits, tip, k.Tip, policy, k.Until)
		if err != nil && !k.Tip.IsZero() { // the history does not hold that commit any more
			is, err = pruning.LeftOut(ctx, r.work.Commits, tip, object.ID{}, policy, k.Until)
		}
		if err != nil {
			return kept, ctx.Err()
		}
		left = append(left, is)
	}
	return func(v *record.Version) bool {
		return (kept == nil || kept(v)) && !slices.ContainsFunc(left, func(is func(*record.Version) bool) bool { return is(v) })
	}, nil
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
	if !o.DryRun {
		if err := r.NoteCopyPolicy(o.Policy, o.Now, tip); err != nil {
			return Pruned{}, err
		}
	}
	done, err := pruning.Prune(ctx, r.work.Commits, tip, pruning.Options{Policy: o.Policy, Now: o.Now, DryRun: o.DryRun, Progress: o.Progress})
	if err == nil && !o.DryRun && done.IsComplete() {
		err = runstate.WritePruned(r.work.StateDir, o.Policy.String(), o.Now, tip)
	}
	return done, err
}

// NoteCopyPolicy notes a policy that is another one than before: before a run records anything by
// it on top of base, and before a copy is removed. Without a note, all copies were kept.
func (r *Writer) NoteCopyPolicy(p CopyPolicy, now time.Time, base object.ID) error {
	last, _, err := runstate.Pruned(r.work.StateDir)
	if err != nil || runstate.NotedPolicy(last) == p.String() || last == "" && p.KeepsAll() {
		return err
	}
	note := p.String()
	if !p.None && !p.KeepsAll() {
		note += runstate.NotPruned
	}
	return runstate.WritePruned(r.work.StateDir, note, now, base)
}

// KeepCopies removes, after a run from base to tip, the copies that a policy does not keep any
// more, for a bounded time. A policy of none is left to PruneCopies, and only noted. A clock that
// is more than a day ahead of the last run counts as a day ahead: it may be wrong, and is believed
// step by step.
func (r *Writer) KeepCopies(ctx context.Context, p CopyPolicy, now time.Time, base, tip object.ID) (done Pruned, err error) {
	if tip.IsZero() {
		return done, nil
	}
	if err = r.NoteCopyPolicy(p, now, base); err != nil || p.None || p.KeepsAll() {
		return done, err
	}
	state := r.work.StateDir
	last, at, err := runstate.Pruned(state)
	if err != nil {
		return done, err
	}
	again := last == p.String()+runstate.PruneAgain
	ran, _, err := runstate.LastRun(state)
	if err != nil {
		return done, err
	}
	if most := ran.Add(24 * time.Hour); !ran.IsZero() && now.After(most) {
		now = most
	}
	o := pruning.Options{Policy: p, Now: now, Limit: pruneTime}
	switch {
	case last != p.String() && !again: // by another policy, and never
	case p.IsDue(at, now) && last == p.String():
		o.Last = at
	case p.IsDue(at, now):
	case p.Count > 0 && base != tip && !base.IsZero():
		done, err = pruning.PruneDisplaced(ctx, r.work.Commits, tip, base, o)
		if err == nil && !done.IsComplete() {
			err = runstate.WritePruned(state, p.String()+runstate.PruneAgain, at, base)
		}
		return done, err
	default:
		return done, nil
	}
	if done, err = pruning.Prune(ctx, r.work.Commits, tip, o); err == nil && !done.Unfinished {
		note := p.String()
		if !done.IsComplete() {
			note += runstate.PruneAgain
		}
		err = runstate.WritePruned(state, note, now, base)
	}
	return done, err
}
