package history

import (
	"time"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// graphAfter is how many commits a walk reads before it opens git's commit-graph, which takes about
// as long.
const graphAfter = 512

// pathSkipper spares a walk the commits of which the commit-graph knows that they did not change a
// path. It serves for speed alone: a graph that makes no sense is not used.
type pathSkipper struct {
	h     *History
	paths []string // in the tree, one for each spelling; none: no commit is passed over
	asked int
	walk  *commitgraph.PathWalk
}

func (h *History) newSkipper(at selector) *pathSkipper {
	s := &pathSkipper{h: h}
	if scope, ok := at.(*scope); ok && scope.path != "/" && len(h.commits.Shallow) == 0 {
		s.paths = layout.TreePaths(scope.path)
	}
	return s
}

// from returns the first commit, from id on along first parents, that must be read.
func (s *pathSkipper) from(id object.ID) object.ID {
	if s.asked++; len(s.paths) == 0 || s.asked <= graphAfter && !s.h.graphRead {
		return id
	}
	if s.walk == nil {
		chain := s.h.graph()
		if chain == nil {
			s.paths = nil
			return id
		}
		s.walk = chain.WalkPaths(s.paths)
	}
	id, ok := s.walk.From(id)
	if !ok {
		s.paths = nil
	}
	return id
}

// graph is the commit-graph, nil where none can be read.
func (h *History) graph() *commitgraph.Chain {
	if !h.graphRead {
		h.chain, h.graphRead = h.commits.Graph(), true
	}
	return h.chain
}

// firstNotAt returns the first commit, from id on along first parents, that was not committed in a
// second; zero for none, and id itself where the commit-graph does not tell.
func (h *History) firstNotAt(id object.ID, second time.Time) object.ID {
	chain := h.graph()
	if chain == nil || id.IsZero() || len(h.commits.Shallow) > 0 {
		return id
	}
	id, _ = chain.FirstNotAt(id, second.Unix())
	return id
}

// commitsBetween lists the commits from one on along first parents, up to the one before end. It is
// false where the commit-graph does not tell.
func (h *History) commitsBetween(from, end object.ID) ([]object.ID, bool) {
	chain := h.graph()
	if chain == nil || len(h.commits.Shallow) > 0 {
		return nil, false
	}
	return chain.Line(from, end)
}
