package commitgraph

import (
	"slices"

	"timemachine/repo/git/object"
)

// PathWalk goes along first parents and passes over the commits that did not change certain paths.
type PathWalk struct {
	chain        *Chain
	paths        []string
	here, parent Commit
	parents      []uint32
}

// WalkPaths returns a walk of the commits that changed one of the tree paths.
func (c *Chain) WalkPaths(paths []string) *PathWalk { return &PathWalk{chain: c, paths: paths} }

// From returns the first commit, from id on along first parents, that may have changed one of the
// paths, or that has the tree of its parent. It is id itself where the chain does not hold id. It
// is false where the chain makes no sense.
func (w *PathWalk) From(id object.ID) (object.ID, bool) {
	pos, ok := w.chain.Find(id)
	if !ok {
		return id, true
	}
	err := w.chain.Commit(pos, &w.here)
	for range w.chain.Len() {
		if err == nil {
			w.parents, err = w.chain.Parents(pos, w.parents[:0])
		}
		if err != nil {
			return id, false
		}
		if len(w.parents) == 0 || slices.ContainsFunc(w.paths, w.here.Filter.May) {
			return w.here.ID, true
		}
		pos = int(w.parents[0])
		if err = w.chain.Commit(pos, &w.parent); err == nil && w.here.Tree == w.parent.Tree {
			return w.here.ID, true
		}
		w.here, w.parent = w.parent, w.here
	}
	return id, false // a ring of parents
}

// FirstNotAt returns the first commit, from id on along first parents, with another date than this
// one, in seconds since 1970; zero for none. It is false where the chain does not tell.
func (c *Chain) FirstNotAt(id object.ID, date int64) (object.ID, bool) {
	pos, ok := c.Find(id)
	var here Commit
	var parents []uint32
	for range c.Len() {
		if !ok || c.Commit(pos, &here) != nil {
			break
		}
		if here.Date != date {
			return here.ID, true
		}
		var err error
		if parents, err = c.Parents(pos, parents[:0]); err != nil {
			break
		}
		if len(parents) == 0 {
			return object.ID{}, true
		}
		pos = int(parents[0])
	}
	return id, false
}

// Line lists the commits from one on along first parents, up to the one before end. It is false
// where the chain does not tell.
func (c *Chain) Line(from, end object.ID) ([]object.ID, bool) {
	last, known := c.Find(end)
	pos, ok := c.Find(from)
	var ids []object.ID
	var parents []uint32
	for range c.Len() {
		if !known || !ok {
			break
		}
		if pos == last {
			return ids, true
		}
		ids = append(ids, c.ID(pos))
		var err error
		if parents, err = c.Parents(pos, parents[:0]); err != nil || len(parents) == 0 {
			break
		}
		pos = int(parents[0])
	}
	return nil, false
}
