package outgoing

import "timemachine/repo/git/object"

// Batch is a stretch of the line that is pushed at once.
type Batch struct {
	Tip     object.ID // the commit to which the remote's branch can move once the pack has arrived
	Commits int
	Objects int   // commits included
	Bytes   int64 // as the objects are stored; the pack takes about as many

	NoThin    bool // deltas stand on objects of this batch alone
	NoOffsets bool // deltas name their bases

	from, to uint32 // numbers of the objects, to excluded
}

// Batches cuts the line into batches of at most so many objects and bytes, oldest first. A batch
// has at least one commit of the line, which may be more. 0 is no limit.
func (o *Outgoing) Batches(maxObjects int, maxBytes int64) []Batch {
	var all []Batch
	var b Batch
	whole := b // b as it was at the last place to cut
	over := func(s *step) bool {
		return maxObjects > 0 && int(s.end-b.from) > maxObjects || maxBytes > 0 && b.Bytes+s.bytes > maxBytes
	}
	for i := 0; i < len(o.line); i++ {
		s := &o.line[i]
		if whole.Commits > 0 && over(s) {
			all = append(all, whole)
			b = Batch{from: whole.to}
			whole = Batch{}
			for i > 0 && o.line[i-1].end > b.from {
				i--
			}
			s = &o.line[i]
		}
		b.Tip, b.to = s.commit, s.end
		b.Commits += int(s.commits)
		b.Objects = int(s.end - b.from)
		b.Bytes += s.bytes
		if s.mayCut || i == len(o.line)-1 {
			whole = b
		}
	}
	if whole.Commits > 0 {
		all = append(all, whole)
	}
	return all
}
