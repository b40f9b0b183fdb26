package commits

import (
	"fmt"
	"regexp"
	"strconv"

	"timemachine/repo/git/object"
)

// RunMove is how runs moved the branch.
type RunMove struct {
	From     object.ID
	Versions int // that they committed, at least
}

// RunMoves maps each commit to which runs moved the branch to the move, by the reflog.
func (r *Commits) RunMoves() (map[object.ID]RunMove, error) {
	moves, err := r.Refs.Moves(r.Branch)
	byRuns := map[object.ID]RunMove{}
	for _, m := range moves {
		if runs := runsIn(m.Message); runs > 0 {
			byRuns[m.New] = RunMove{From: m.Old, Versions: max(runs, versionsIn(m.Message))}
		}
	}
	return byRuns, err
}

// FinishedMessage is the message of a run that moves the branch for an earlier one.
const FinishedMessage = "a run that was cut short, finished"

const runMessage = "timemachine: "

// MoveMessage is the message of a run that added versions.
func MoveMessage(versions int, scan string) string {
	return fmt.Sprintf(runMessage+"%d versions (scan %s)", versions, scan)
}

// movedByRuns matches MoveMessage, and what JoinMessages makes.
var movedByRuns = regexp.MustCompile(`^` + runMessage + `(?:[0-9]+ versions \(scan [0-9A-Za-z-]+\)|([0-9]+) runs)$`)

// JoinMessages makes the message of one move from those of two that runs made one after the other.
// It returns "" where another program made one of them, even one that calls itself timemachine.
func JoinMessages(older, newer string) string {
	before, after := runsIn(older), runsIn(newer)
	if before == 0 || after == 0 {
		return ""
	}
	return fmt.Sprintf(runMessage+"%d runs", before+after)
}

// versionsIn is the number of versions of which a message of MoveMessage tells, else zero.
func versionsIn(message string) (n int) {
	_, _ = fmt.Sscanf(message, runMessage+"%d versions ", &n)
	return n
}

// runsIn is the number of runs of which a message tells.
func runsIn(message string) int {
	if message == FinishedMessage {
		return 1
	}
	m := movedByRuns.FindStringSubmatch(message)
	switch {
	case m == nil:
		return 0
	case m[1] == "":
		return 1
	}
	n, _ := strconv.Atoi(m[1]) // of digits that are no number: 0
	return n
}
