// Package maintenance merges timemachine's packs and writes git's commit-graph.
package maintenance

import "timemachine/repo/internal/commits"

// Maintenance merges packs and writes git's commit-graph.
type Maintenance struct{ *commits.Commits }

// New maintains what c reads.
func New(c *commits.Commits) *Maintenance { return &Maintenance{c} }
