package ownpacks

import (
	stdpath "path"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Limits of a pack that the next one begins with.
//
// A run begins its pack with the objects of timemachine's newest pack, and removes that one when
// the new pack is in place. So new objects can be deltas of earlier versions. A run does this while
// the newest pack is small, or where the deltas save more than copying it costs.
const (
	alwaysExtended = 256 << 10 // bytes
	extendedRatio  = 2         // of a pack to what it saves
	mostExtended   = 128 << 20 // bytes: the pack is read into memory
)

// PackToExtend is the pack that the next one begins with; nil for none. upcoming are the sources
// that the run is about to record.
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
	if free, _, ok := r.FreeSpace(); ok && h.Size() > free/2 {
		// both exist until the new one is in place
		h.Close()
		return nil, nil
	}
	if h.Size() > mostExtended || h.Size() > alwaysExtended && h.Size() > extendedRatio*r.weigh(h, tip, upcoming) {
		h.Close()
		return nil, nil
	}
	return h, nil
}

// weigh is the size in bytes, without deltas, of all objects to be written that can be deltas of
// objects in h: the sources' contents and the trees of their folders.
func (r *Packs) weigh(h *pack.Held, tip object.ID, upcoming []record.Upcoming) (n int64) {
	if tip.IsZero() {
		return 0
	}
	c, err := r.Store.ReadCommit(tip)
	if err != nil {
		return 0
	}
	folders := object.NewFolderLookup(r.Store.ReadTree, c.Tree)
	seen := map[object.ID]bool{}
	add := func(id object.ID) {
		if !seen[id] && !id.IsZero() {
			seen[id] = true
			if w := h.Weigh(id); w <= MaxDelta { // larger objects are never deltas
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
		folders.Tree(stdpath.Dir(path)) // or as far as the trees can be read
		for id := range folders.Passed() {
			add(id)
		}
	}
	return n
}

// MaxDelta is the size in bytes of the largest content that is read into memory and written as a
// delta.
const MaxDelta = 64 << 20
