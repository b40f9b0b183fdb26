package commits

import (
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
)

// GraphHints is the commit-graph as far as it can be read, nil for none.
func (r *Commits) GraphHints() *commitgraph.Chain {
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

// OwnMoves maps the commits that the branch was moved to by us to where it was before.
func (r *Commits) OwnMoves() (map[object.ID]object.ID, error) {
	moves, err := r.Refs.Moves(r.Branch)
	own := map[object.ID]object.ID{}
	for _, m := range moves {
		if strings.HasPrefix(m.Message, RunMessage) || m.Message == FinishedMessage {
			own[m.New] = m.Old
		}
	}
	return own, err
}

// How the messages of our moves begin in the branch's reflog.
const (
	RunMessage      = "timemachine: "
	FinishedMessage = "a run that was cut short, finished"
)
