package history

import (
	"context"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
)

// SetMostEntries makes a log keep n waiting entries whole, until the returned function is called.
func SetMostEntries(n int) (restore func()) {
	before := mostEntries
	mostEntries = n
	return func() { mostEntries = before }
}

// CountReads returns how many commits a walk that uses the commit-graph reads, from the tip to a
// commit, for the versions of a source.
func CountReads(h *History, source string, end object.ID) int {
	h.read.CommitsBetween(h.read.Tip, end) // opens the graph
	reads := &readCounter{Context: context.Background()}
	for v, err := range h.read.Walk(reads, h.read.Tip, versions.OnlySource(source)) {
		if err != nil {
			return -1
		}
		if v.Commit == end {
			break
		}
	}
	return reads.n - 1
}

// readCounter counts the commits of a walk, which asks before each whether it shall end.
type readCounter struct {
	context.Context
	n int
}

func (c *readCounter) Err() error {
	c.n++
	return nil
}
