// Package versions finds the versions of sources in the commits of a history: by a walk back from a
// commit, along a source's own chain, and from what git's commit-graph and a cache tell.
package versions

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
)

// Reader finds versions. Only one goroutine may call its methods at a time.
type Reader struct {
	Commits   *commits.Commits
	Tip       object.ID // the newest commit
	loadHeads func(state *durable.Dir, path string) Heads
	headCache *headCache // nil: the cache was not read yet
	preread   map[object.ID]Located
	chain     *commitgraph.Chain // nil: there is none, or graphRead is false
	graphRead bool
}

// New reads from commits. loadHeads reads from a cache in the state folder what it has about the
// sources at and below a path; nil, and a zero result: there is no cache.
func New(c *commits.Commits, loadHeads func(state *durable.Dir, path string) Heads) *Reader {
	return &Reader{Commits: c, loadHeads: loadHeads}
}
