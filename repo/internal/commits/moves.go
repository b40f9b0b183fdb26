package commits

import (
	"strings"
	"timemachine/repo/git/object"
)

// RunMoves maps the commits that the branch was moved to by us to where it was before.
func (r *Commits) RunMoves() (map[object.ID]object.ID, error) {
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
