package maintenance

import (
	"context"
	"errors"
	"time"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/refusal"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
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
	names, err := r.OwnPacks()
	if err == nil && len(names) == 0 {
		err = r.warnOfLayers()
	}
	if err != nil || len(names) < 3 {
		return false, err
	}
	packs, closeAll, err := r.hold(names[:len(names)-1])
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

// hold opens packs; the function returned, never nil, lets them go.
func (r *Maintenance) hold(names []string) (packs []*pack.Held, closeAll func(), err error) {
	closeAll = func() {
		for _, h := range packs {
			h.Close()
		}
	}
	for _, name := range names {
		h, err := r.Store.Hold(name)
		if err != nil {
			return packs, closeAll, err
		}
		packs = append(packs, h)
	}
	return packs, closeAll, nil
}

// merge puts one pack in the place of several.
func (r *Maintenance) merge(ctx context.Context, packs []*pack.Held, enough func() bool) error {
	follows, err := r.follows(ctx, packs, enough)
	if err != nil {
		return err
	}
	b, err := r.NewBatch(nil)
	if err != nil {
		return err
	}
	for _, h := range packs {
		b.Holds = append(b.Holds, h.Name())
	}
	if err := b.Writer.Merge(ctx, packs, packwrite.MergeOptions{Follows: follows, Read: r.Store.Read, Enough: enough}); err != nil {
		return errors.Join(err, b.Drop())
	}
	name, err := b.Place([]byte(runstate.MergeKeep))
	if err != nil {
		return err
	}
	r.Opts.Log("packs merged", "packs", len(packs), "into", name, "bytes", b.Writer.Size())
	if err := r.RemoveKeep(name); err != nil { // a pack that still has it when it is found without its idx is removed
		return err
	}
	return errors.Join(r.Retire(name, b.Holds...), r.Store.Reload())
}

// follows finds what each pack began with whole although another holds the version before it: for
// the contents and folders that a pack's commits name first, what their parents had in their place.
func (r *Maintenance) follows(ctx context.Context, packs []*pack.Held, enough func() bool) (map[object.ID]object.ID, error) {
	f := follower{r: r, pairs: map[object.ID]object.ID{}}
	for _, h := range packs {
		f.seen = map[string]bool{}
		err := h.Commits(func(_ object.ID, raw []byte) error {
			if enough != nil && enough() {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.commit(raw)
		})
		if err != nil {
			return nil, err
		}
	}
	return f.pairs, nil
}
