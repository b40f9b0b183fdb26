// Package projection brings files/, copies/ and the index up to date with the history, recovers
// interrupted updates, and compares them with the history.
package projection

import (
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/gitindex"
)

// Projection brings files/, copies/ and the index up to date with the history.
type Projection struct {
	*commits.Commits
	Index    *gitindex.Index
	copies   func(durable.Space) bool // whether copies are written
	hasSpace func(durable.Space) bool // copies, without a warning; several goroutines may call it

	noReflink atomic.Bool // the file system has shown that it has no reflinks
}

// New makes a Projection that always writes copies.
func New(c *commits.Commits) *Projection {
	r := &Projection{Commits: c, Index: &gitindex.Index{Commits: c}}
	r.SetCopies(nil, nil)
	return r
}

// SetCopies sets what decides whether copies are written. nil: always; hasSpace nil: as copies.
func (r *Projection) SetCopies(copies, hasSpace func(durable.Space) bool) {
	if copies == nil {
		copies = func(durable.Space) bool { return true }
	}
	if hasSpace == nil {
		hasSpace = copies
	}
	r.copies, r.hasSpace = copies, hasSpace
}
