package watch

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"timemachine/watch/scan"
)

// One run serves all users, and the next one waits for it. So a run publishes what it has now and
// then, and records large files last. What is a flood of another user's files comes after
// everything else, and ends with floodTime: what is left of it waits for the next run.
const (
	publishEvery = 5 * time.Second
	largeSource  = 256 << 20 // bytes
	floodChanges = 5000      // of one user's files in a run: more are a flood
	floodBytes   = 1 << 30   // likewise
	floodTime    = 30 * time.Second
)

// turns holds the turn of each user whose files are a flood. A run records its changes turn by
// turn: in turn 0 all that is ordinary and in turn 1 large files, then the floods, that of the
// fewest changes first, each in a turn for its ordinary files and one for its large ones.
type turns map[uint32]int

// firstFloodTurn is the turn of the first flood.
const firstFloodTurn = 2

// turnsOf looks for floods among the changes. The files of root, and of self, who runs timemachine,
// never are one.
func turnsOf(changes []scan.Change, self uint32) turns {
	type total struct {
		n    int
		size int64
	}
	totals := map[uint32]total{}
	for i := range changes {
		if uid := ownerOf(&changes[i]); uid != self && uid != 0 {
			t := totals[uid]
			totals[uid] = total{t.n + 1, t.size + changeSize(&changes[i])}
		}
	}
	maps.DeleteFunc(totals, func(_ uint32, t total) bool { return t.n <= floodChanges && t.size <= floodBytes })
	floods := slices.SortedFunc(maps.Keys(totals), func(a, b uint32) int {
		return cmp.Or(totals[a].n-totals[b].n, cmp.Compare(a, b))
	})
	t := turns{}
	for i, uid := range floods {
		t[uid] = firstFloodTurn + 2*i
	}
	return t
}

// of returns the turn of a change.
func (t turns) of(ch *scan.Change) int {
	turn := 0
	if len(t) > 0 {
		turn = t[ownerOf(ch)]
	}
	if changeSize(ch) > largeSource {
		turn++
	}
	return turn
}

// firstLarge returns the place of the first large source, or -1.
func firstLarge(changes []scan.Change) int {
	return slices.IndexFunc(changes, func(c scan.Change) bool { return changeSize(&c) > largeSource })
}

// ownerOf returns the owner of a changed source, or of one that is gone.
func ownerOf(ch *scan.Change) uint32 {
	if ch.Deleted {
		return ch.Before.UID
	}
	return ch.File.Stat.UID
}

// isDue tells whether the batch must be published before more is captured.
func (r *run) isDue() bool { return r.tx.Full() || r.isTime() }

// isTime tells whether the last batch was published so long ago that it is time for another.
func (r *run) isTime() bool { return r.Clock().Sub(r.published) >= publishEvery }

// isFloodOver tells whether the run has recorded as much of the floods as it does.
func (r *run) isFloodOver() bool { return r.Clock().Sub(r.began) >= floodTime }

// reportWaiting reports the changes that wait for the next run.
func (r *run) reportWaiting() {
	waiting := map[uint32][]*scan.Change{}
	for i := range r.waiting {
		uid := ownerOf(&r.waiting[i])
		waiting[uid] = append(waiting[uid], &r.waiting[i])
	}
	for _, uid := range slices.Sorted(maps.Keys(waiting)) {
		of := waiting[uid]
		name := cmp.Or(r.owners.User(uid), fmt.Sprint("user ", uid))
		if len(of) == 1 {
			r.reportProblem(scan.Problem{Path: of[0].File.Path, Msg: fmt.Sprintf("is more of %s's files than one run records: it waits for the next", name)})
			continue
		}
		r.reportProblem(scan.Problem{Path: filepath.Dir(of[0].File.Path),
			Msg: fmt.Sprintf("%d changes of %s's files here and elsewhere are more than one run records: they wait for the next", len(of), name)})
	}
}
