package repo

import (
	"strings"
	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
)

// graphHints is the commit-graph as far as it can be read, nil for none.
func (r *commitsT) graphHints() *commitgraph.Chain {
	w := durable.NewWalker(r.git)
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

// ownMoves maps the commits that the branch was moved to by us to where it was before.
func (r *commitsT) ownMoves() (map[object.ID]object.ID, error) {
	moves, err := r.refs.Moves(r.branch)
	own := map[object.ID]object.ID{}
	for _, m := range moves {
		if strings.HasPrefix(m.Message, runMessage) || m.Message == finishedMessage {
			own[m.New] = m.Old
		}
	}
	return own, err
}

const (
	runMessage      = "timemachine: "
	finishedMessage = "a run that was cut short, finished"
)

// treeCache keeps the trees that were read last: a commit's are, but for one path, its child's.
type treeCache struct {
	store object.Loader
	held  map[object.ID][]byte
	size  int
}

// ReadTree reads a tree; what it returns must not be changed.
func (c *treeCache) ReadTree(id object.ID) ([]byte, error) {
	if raw, ok := c.held[id]; ok {
		return raw, nil
	}
	raw, err := c.store.ReadTree(id)
	if err != nil {
		return nil, err
	}
	if c.size += len(raw); c.held == nil || c.size > maxTreeCache {
		c.held, c.size = map[object.ID][]byte{}, len(raw)
	}
	c.held[id] = raw
	return raw, nil
}

const maxTreeCache = 16 << 20
