package ownpacks

import (
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// A run begins its pack with all that the newest pack of ours holds and removes that one when its
// own is in place, so that what it writes can be deltas of the versions there. That is done while
// the newest pack is small, or copying it costs no more than writing the same things whole would.
const (
	alwaysExtended = 256 << 10 // bytes
	extendedRatio  = 2         // of a pack to what it saves
	mostExtended   = 128 << 20 // bytes: it is taken into memory
)

// PackToExtend is the pack that the next one is to begin with, or nil.
func (r *Packs) PackToExtend(tip object.ID, upcoming []record.Upcoming) (*pack.Held, error) {
	names, err := r.MergeablePacks()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	h, err := r.Store.Hold(names[len(names)-1])
	if err != nil {
		r.Opts.Log("the newest pack is left as it is", "cause", err.Error())
		return nil, nil
	}
	if free, _, ok := r.FreeSpace(); ok && h.Size() > free/2 { // it is there twice until the new one is in place
		h.Close()
		return nil, nil
	}
	if h.Size() > mostExtended || h.Size() > alwaysExtended && h.Size() > extendedRatio*r.weigh(h, tip, upcoming) {
		h.Close()
		return nil, nil
	}
	return h, nil
}

// weigh tells how many bytes it would take to write whole what can be a delta of something in h:
// the sources' contents and the trees of their folders.
func (r *Packs) weigh(h *pack.Held, tip object.ID, upcoming []record.Upcoming) (n int64) {
	if tip.IsZero() {
		return 0
	}
	c, err := r.Store.ReadCommit(tip)
	if err != nil {
		return 0
	}
	tree := c.Tree
	seen := map[object.ID]bool{}
	add := func(id object.ID) {
		if !seen[id] && !id.IsZero() {
			seen[id] = true
			if w := h.Weigh(id); w <= MaxDelta { // what is larger is written whole in any case
				n += w
			}
		}
	}
	for i := range upcoming[:min(len(upcoming), record.MaxUpcoming)] {
		u := &upcoming[i]
		add(u.Blob)
		path, err := layout.TreePath(u.Source)
		if err != nil {
			continue
		}
		_, _, _ = object.Descend(r.Store.ReadTree, tree, path, func(e object.TreeEntry) { add(e.ID) }) // as far as it can be read
	}
	return n
}

// MaxDelta is the largest content that is taken into memory to be written as a delta.
const MaxDelta = 64 << 20
