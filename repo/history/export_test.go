package history

import "timemachine/repo/git/object"

// SetMostEntries makes a log keep n waiting entries whole, until the returned function is called.
func SetMostEntries(n int) (restore func()) {
	before := mostEntries
	mostEntries = n
	return func() { mostEntries = before }
}

// CountReads returns how many commits a walk that uses the commit-graph reads, from the tip to a
// commit, for the versions of a source.
func CountReads(h *History, source string, end object.ID) (n int) {
	s := h.newSkipper(onlySource(source))
	s.asked = graphAfter
	for id := s.from(h.tip); id != end && !id.IsZero(); n++ {
		f, _, err := h.commit(id, noVersion{})
		if err != nil {
			return -1
		}
		id = s.from(f.parent)
	}
	return n
}
