package maintenance

import (
	"context"
	"sync"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/refusal"
)

// Limits of a roll-up.
//
// Packs are rolled up geometrically. When the newest ones together are more than half as large
// as the one before them, and they are rollUpFrom with it, they are merged. So each doubling of
// the history adds a few packs at most, and a byte is copied about as often as the history
// doubles. Larger packs are left to compact. A merge works without the search for deltas, which
// ends after rollUpTime and rollUpTimeMB for each MiB that is merged, and at the latest after
// rollUpTimeMost: a run waits for it. At most half of it goes to the search for the objects
// before. A later merge looks for what is left.
const (
	rollUpBytes = 8 << 20   // of packs that a run merges, as that takes little time
	rollUpMost  = 128 << 20 // the same with more than rollUpPacks packs
	rollUpPacks = 10
	rollUpFrom  = 4 // packs: fewer save less than most runs would wait for a merge
	rollUpTime  = 100 * time.Millisecond

	rollUpTimeMB   = 100 * time.Millisecond
	rollUpTimeMost = 2 * time.Second
)

// graphEach is the number of new commits for which the commit-graph gets a layer without a merge.
const graphEach = 1000

// RollUp merges timemachine's packs where that is due, after a run that committed a number of
// versions up to tip. Then it updates git's commit-graph, unless BeginGraph did. The caller holds
// the lock.
func (r *Maintenance) RollUp(ctx context.Context, tip object.ID, versions int) error {
	merged, err := r.mergeDue(ctx)
	if err == nil && (merged || graphIsDue(versions) && r.graphed != tip) {
		err = r.WriteGraph(ctx, tip, merged)
	}
	return err
}

// graphIsDue tells whether so many new commits get a layer of the commit-graph without a merge.
func graphIsDue(versions int) bool { return versions >= graphEach && versions <= graphMost }

// BeginGraph begins to update git's commit-graph where RollUp would do so without a merge. The
// commits up to tip are part of the history. The caller holds the lock until it has called wait. If
// the update fails, RollUp does it again.
func (r *Maintenance) BeginGraph(ctx context.Context, tip object.ID, versions int) (wait func()) {
	if !graphIsDue(versions) {
		return func() {}
	}
	r.Store.Trim() // what the run has read to make deltas: memory is scarcest beside files/
	var done sync.WaitGroup
	var err error
	done.Go(func() {
		err = durable.Guard(func() error { return r.WriteGraph(ctx, tip, false) })
	})
	return func() {
		if done.Wait(); err == nil {
			r.graphed = tip
		}
	}
}

// mergeDue merges packs where that is due. The newest pack stays: the next run may add to it.
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
	if packs = due(packs, limit); len(packs) < rollUpFrom {
		return false, nil
	}
	limited := rollUpTime
	for _, h := range packs {
		limited += rollUpTimeMB * time.Duration(h.Size()) / (1 << 20)
	}
	limited = min(limited, rollUpTimeMost)
	began := r.Opts.Clock()
	after := func(d time.Duration) func() bool { return func() bool { return r.Opts.Clock().Sub(began) > d } }
	return true, r.merge(ctx, packs, after(limited/2), after(limited))
}

// warnOfLayers warns where there are many packs that cannot be merged, since git keeps its index of
// them in layers.
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

// due returns those of the packs, which are given oldest first, that must be merged. Together they
// have limit bytes at most.
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
