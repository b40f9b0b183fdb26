// Package maintenance merges timemachine's packs and writes git's commit-graph.
package maintenance

import (
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
)

// Maintenance merges packs and writes git's commit-graph.
type Maintenance struct {
	*commits.Commits
	graphed object.ID // the newest commit that BeginGraph has brought the graph up to
}

// New maintains what c reads.
func New(c *commits.Commits) *Maintenance { return &Maintenance{Commits: c} }
