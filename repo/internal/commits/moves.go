package commits

import (
	"strings"

	"timemachine/repo/git/object"
)

// RunMoves maps each commit to which a run moved the branch to the commit before, by the reflog.
func (r *Commits) RunMoves() (map[object.ID]object.ID, error) {
	moves, err := r.Refs.Moves(r.Branch)
	byRuns := map[object.ID]object.ID{}
	for _, m := range moves {
		if strings.HasPrefix(m.Message, RunMessage) || m.Message == FinishedMessage {
			byRuns[m.New] = m.Old
		}
	}
	return byRuns, err
}

// The messages of runs in the branch's reflog: the first is the beginning of one, the other a whole
// one.
const (
	RunMessage      = "timemachine: "
	FinishedMessage = "a run that was cut short, finished"
)
