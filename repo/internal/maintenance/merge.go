package maintenance

import (
	"context"
	"errors"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/internal/runstate"
)

// MergeAll merges packs into one. It has no limit of time or size.
func (r *Maintenance) MergeAll(ctx context.Context, names []string) error {
	if len(names) < 2 {
		return nil
	}
	packs, closeAll, err := r.openPacks(names)
	defer closeAll()
	if err != nil {
		return err
	}
	return r.merge(ctx, packs, nil, nil)
}

// merge replaces packs by one that holds all their objects. paired ends the search for the objects
// before when it returns true, and enough the search for deltas; nil: never.
func (r *Maintenance) merge(ctx context.Context, packs []*pack.Held, paired, enough func() bool) error {
	before, err := r.predecessors(ctx, packs, paired)
	if err != nil {
		return err
	}
	r.Store.Trim()
	b, err := r.NewBatch(nil)
	if err != nil {
		return err
	}
	for _, h := range packs {
		b.Replaces = append(b.Replaces, h.Name())
	}
	if err := b.Writer.Merge(ctx, packs, packwrite.MergeOptions{Follows: before, Read: r.read(), Enough: enough}); err != nil {
		return errors.Join(err, b.Drop())
	}
	name, err := b.Place([]byte(runstate.MergeKeep))
	if err != nil {
		return err
	}
	r.Opts.Log("packs merged", "packs", len(packs), "into", name, "bytes", b.Writer.Size())
	if err := r.RemoveKeep(name); err != nil { // a run removes a pack that has a .keep and no idx
		return err
	}
	return errors.Join(r.Retire(name, b.Replaces...), r.Store.Reload())
}

// read returns a function that reads objects, and trims the packs now and then.
func (r *Maintenance) read() func(object.ID) (object.Kind, []byte, error) {
	n := 0
	return func(id object.ID) (object.Kind, []byte, error) {
		if n++; n%readsInMemory == 0 {
			r.Store.Trim()
		}
		return r.Store.Read(id)
	}
}

// openPacks opens packs. The caller calls closeAll, which is never nil, also after an error.
func (r *Maintenance) openPacks(names []string) (packs []*pack.Held, closeAll func(), err error) {
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
