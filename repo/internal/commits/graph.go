package commits

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
)

// Graph reads git's commit-graph; nil where it is missing or damaged.
func (r *Commits) Graph() *commitgraph.Chain {
	w := durable.NewWalker(r.Git)
	defer w.Close()
	info, err := w.Dir("objects/info")
	if err != nil {
		return nil
	}
	c, err := commitgraph.Open(info)
	if err != nil || c.Len() == 0 {
		return nil
	}
	return c
}
