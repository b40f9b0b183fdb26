package history

import (
	"slices"
	"time"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// GraphAfter is how many commits a walk reads before it opens the commit-graph: to read that takes
// about as long.
const GraphAfter = 512

// shortcut spares a walk the commits that, as git's commit-graph knows, changed something and
// nothing at a path. A graph that makes no sense is not used: it is for speed alone.
type shortcut struct {
	h           *History
	paths       []string // of the tree, one for each spelling; none: nothing can be told
	Asked       int
	chain       *commitgraph.Chain
	here, below commitgraph.Commit
	parents     []uint32
}

func (h *History) Shortcut(at selector) *shortcut {
	s := &shortcut{h: h}
	if scope, ok := at.(*scope); ok && scope.path != "/" && len(h.shallow) == 0 {
		s.paths = layout.TreePaths(scope.path)
	}
	return s
}

// From is the first commit from id on back along first parents that has to be read.
func (s *shortcut) From(id object.ID) object.ID {
	if s.Asked++; len(s.paths) == 0 || s.Asked <= GraphAfter && !s.h.graphed {
		return id
	}
	if s.chain == nil {
		if s.chain = s.h.graph(); s.chain == nil {
			s.paths = nil
			return id
		}
	}
	if pos, ok := s.chain.Find(id); ok {
		return s.down(id, pos)
	}
	return id
}

// down goes from the commit id at pos on to one that may have changed the path, or changed nothing
// that git tracks, as a version with another mtime alone does.
func (s *shortcut) down(id object.ID, pos int) object.ID {
	err := s.chain.Commit(pos, &s.here)
	for range s.chain.Len() {
		if err == nil {
			s.parents, err = s.chain.Parents(pos, s.parents[:0])
		}
		if err != nil {
			break
		}
		if len(s.parents) == 0 || slices.ContainsFunc(s.paths, s.here.Filter.May) {
			return s.here.ID
		}
		pos = int(s.parents[0])
		if err = s.chain.Commit(pos, &s.below); err == nil && s.here.Tree == s.below.Tree {
			return s.here.ID
		}
		s.here, s.below = s.below, s.here
	}
	s.paths = nil // damaged, or a ring of parents
	return id
}

// graph is the commit-graph, nil where there is none that can be read.
func (h *History) graph() *commitgraph.Chain {
	if !h.graphed {
		h.chain, h.graphed = h.R.Graph(), true
	}
	return h.chain
}

// olderThan is the first commit, from id on back along first parents, that was not committed in the
// second of committed; id itself where the commit-graph does not tell. Zero where there is none.
func (h *History) olderThan(id object.ID, committed time.Time) object.ID {
	chain := h.graph()
	if chain == nil || id.IsZero() || len(h.shallow) > 0 {
		return id
	}
	pos, ok := chain.Find(id)
	if !ok {
		return id
	}
	var c commitgraph.Commit
	var parents []uint32
	for range chain.Len() {
		err := chain.Commit(pos, &c)
		if err == nil {
			parents, err = chain.Parents(pos, parents[:0])
		}
		switch {
		case err != nil:
			return id
		case c.Date != committed.Unix():
			return c.ID
		case len(parents) == 0:
			return object.ID{}
		}
		pos = int(parents[0])
	}
	return id // a ring of parents
}

// between lists the commits from from along first parents to the one before to; false where the
// commit-graph does not tell.
func (h *History) between(from, to object.ID) ([]object.ID, bool) {
	chain := h.graph()
	if chain == nil || len(h.shallow) > 0 {
		return nil, false
	}
	end, known := chain.Find(to)
	pos, ok := chain.Find(from)
	if !known || !ok {
		return nil, false
	}
	var ids []object.ID
	var parents []uint32
	for range chain.Len() {
		if pos == end {
			return ids, true
		}
		ids = append(ids, chain.ID(pos))
		var err error
		if parents, err = chain.Parents(pos, parents[:0]); err != nil || len(parents) == 0 {
			break
		}
		pos = int(parents[0])
	}
	return nil, false
}
