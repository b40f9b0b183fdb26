package maintenance

import (
	"context"
	"time"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/refusal"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// Packs are rolled up geometrically: when the newest ones together are more than half as large as
// the one before them they are merged with it. So there are never more than a few for each doubling
// of the history, and a byte is copied about as often as the history doubles. A run does that as
// long as it takes no time to speak of, up to rollUpBytes; up to rollUpMost it does it when there
// are many packs. Larger ones are left to Compact. The search for deltas, which a merge can do
// without, ends at rollUpTime.
const (
	rollUpBytes = 8 << 20
	rollUpMost  = 128 << 20
	rollUpPacks = 10
	rollUpTime  = 100 * time.Millisecond
)

// graphEach is how many new commits are worth a layer of the commit-graph by themselves.
const graphEach = 1000

// RollUp merges packs of ours where that is due after a run that committed so many versions up to
// tip, and then lets git's commit-graph follow. The caller holds the lock.
func (r *Maintenance) RollUp(ctx context.Context, tip object.ID, versions int) error {
	merged, err := r.mergeDue(ctx)
	if err == nil && (merged || versions >= graphEach && versions <= graphMost) {
		err = r.WriteGraph(ctx, tip)
	}
	return err
}

// mergeDue merges packs where that is due. The newest is left out: the next run may add to it.
func (r *Maintenance) mergeDue(ctx context.Context) (merged bool, err error) {
	names, err := r.MergeablePacks()
	if err == nil && len(names) == 0 {
		err = r.warnOfLayers()
	}
	if err != nil || len(names) < 3 {
		return false, err
	}
	packs, closeAll, err := r.openPacks(names[:len(names)-1])
	defer closeAll()
	if err != nil {
		return false, err
	}
	limit := int64(rollUpBytes)
	if len(names) > rollUpPacks {
		limit = rollUpMost
	}
	if packs = due(packs, limit); len(packs) < 2 {
		return false, nil
	}
	began := r.Opts.Clock()
	return true, r.merge(ctx, packs, func() bool { return r.Opts.Clock().Sub(began) > rollUpTime })
}

// warnOfLayers says where packs pile up because git has them.
func (r *Maintenance) warnOfLayers() error {
	layered, err := r.HasPackLayers()
	if err != nil || !layered {
		return err
	}
	if packs, err := r.PackNames(); err != nil || len(packs) <= rollUpPacks {
		return err
	}
	r.Opts.Warn(r.Git.Path("objects/pack/"+ownpacks.MultiPackIndexChain), "is git's index of the packs, in layers: they are not merged", r.Remedy(refusal.RepackAll, ""))
	return nil
}

// due is the packs, of those given oldest first, that are out of proportion, up to limit bytes of
// them.
func due(packs []*pack.Held, limit int64) []*pack.Held {
	from, sum := len(packs), int64(0)
	for i := len(packs) - 1; i >= 0; i-- {
		size := packs[i].Size()
		if size >= 2*sum && sum > 0 || sum+size > limit {
			break
		}
		from, sum = i, sum+size
	}
	return packs[from:]
}
