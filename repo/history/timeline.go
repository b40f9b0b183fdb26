package history

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
)

// timeline puts the versions of many sources in the order of the moments from which they were in
// force, to the second, latest first. Within a second they keep the order in which they are added,
// since the commits hold whole seconds. Versions are added in the order of their captures, latest
// first, and none is in force from a moment after its capture. So a version can be yielded as soon
// as the captures have come down to its moment.
type timeline struct {
	h     *History
	ctx   context.Context
	limit int // versions to yield; 0: all
	yield func(Entry, error) bool
	waiting
	added   int
	yielded int
	ended   bool // nothing more may be yielded
}

// waitingEntry is a version that a later one can still precede.
type waitingEntry struct {
	since  time.Time // to the second
	number int       // in the order of addition
	commit object.ID
	entry  *Entry // nil: read again when it is yielded
}

// mostEntries is how many waiting entries are kept in memory whole.
var mostEntries = 20_000

// add adds a version.
func (t *timeline) add(e Entry) {
	w := waitingEntry{since: e.Since.Truncate(time.Second), number: t.added, commit: e.Commit}
	if len(t.waiting) < mostEntries {
		w.entry = &e
	}
	t.added++
	heap.Push(&t.waiting, w)
	if t.limit > 0 && len(t.waiting) > 2*t.limit+1000 {
		slices.SortFunc(t.waiting, waitingEntry.compare)
		t.waiting = t.waiting[:t.limit-t.yielded]
	}
}

// upperBound is a moment before which e and all versions captured earlier came into force.
func upperBound(e *Entry) time.Time { return e.Committed.Add(time.Second) }

// yieldUntil yields the waiting versions that came into force at a moment or later.
func (t *timeline) yieldUntil(moment time.Time) {
	for !t.ended && len(t.waiting) > 0 && !t.waiting[0].since.Before(moment) {
		t.next()
	}
}

// flush yields all waiting versions.
func (t *timeline) flush() {
	for !t.ended && len(t.waiting) > 0 {
		t.next()
	}
}

// next yields the first waiting version.
func (t *timeline) next() {
	w := heap.Pop(&t.waiting).(waitingEntry)
	if w.entry == nil {
		f, _, err := t.h.read.Commit(w.commit, versions.AtOrBelow("/"))
		var e Entry
		if err == nil {
			e, err = t.h.entryOf(t.ctx, f)
		}
		if err != nil {
			t.fail(err)
			return
		}
		w.entry = &e
	}
	t.yielded++
	t.ended = !t.yield(*w.entry, nil) || t.yielded == t.limit
}

// fail yields an error, which ends the timeline.
func (t *timeline) fail(err error) {
	if !t.ended {
		t.yield(Entry{}, err)
	}
	t.ended = true
}

// compare orders by the moment, latest first, and then by the order of addition.
func (w waitingEntry) compare(o waitingEntry) int {
	return cmp.Or(o.since.Compare(w.since), cmp.Compare(w.number, o.number))
}

// waiting is a heap of versions with the latest on top.
type waiting []waitingEntry

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].compare(w[j]) < 0 }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(waitingEntry)) }

// Pop removes the last element.
func (w *waiting) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
