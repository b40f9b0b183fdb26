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

// How the messages of our moves begin in the branch's reflog.
const (
	runMessage      = "timemachine: "
	finishedMessage = "a run that was cut short, finished"
)
