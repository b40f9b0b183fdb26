package versions

import (
	"time"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
)

// graphAfter is how many commits a walk reads before it opens git's commit-graph, which takes about
// as long.
const graphAfter = 512

// pathSkipper spares a walk the commits of which the commit-graph knows that they did not change a
// path. It serves for speed alone: a graph that makes no sense is not used.
type pathSkipper struct {
	r     *Reader
	paths []string // in the tree, one for each spelling; none: no commit is passed over
	asked int
	walk  *commitgraph.PathWalk
}

func (r *Reader) newSkipper(at Selector) *pathSkipper {
	s := &pathSkipper{r: r}
	if paths := at.treePaths(); len(paths) > 0 && len(r.Commits.Shallow) == 0 {
		// A version can change nothing in its commit's tree but a large attribute.
		s.paths = append(paths, dest.XattrsFolder)
	}
	return s
}

// from returns the first commit, from id on along first parents, that must be read.
func (s *pathSkipper) from(id object.ID) object.ID {
	if s.asked++; len(s.paths) == 0 || s.asked <= graphAfter && !s.r.graphRead {
		return id
	}
	if s.walk == nil {
		chain := s.r.graph()
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
func (r *Reader) graph() *commitgraph.Chain {
	if !r.graphRead {
		r.chain, r.graphRead = r.Commits.Graph(), true
	}
	return r.chain
}

// FirstNotAt returns the first commit, from id on along first parents, that was not committed in a
// second; zero for none, and id itself where the commit-graph does not tell.
func (r *Reader) FirstNotAt(id object.ID, second time.Time) object.ID {
	chain := r.graph()
	if chain == nil || id.IsZero() || len(r.Commits.Shallow) > 0 {
		return id
	}
	id, _ = chain.FirstNotAt(id, second.Unix())
	return id
}

// CommitsBetween lists the commits from one on along first parents, up to the one before end. It is
// false where the commit-graph does not tell.
func (r *Reader) CommitsBetween(from, end object.ID) ([]object.ID, bool) {
	chain := r.graph()
	if chain == nil || len(r.Commits.Shallow) > 0 {
		return nil, false
	}
	return chain.Line(from, end)
}
