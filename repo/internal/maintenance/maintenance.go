package repo

// maintainT merges packs and writes git's commit-graph.
type maintainT struct{ *commitsT }

func newMaintenance(c *commitsT) *maintainT { return &maintainT{c} }
