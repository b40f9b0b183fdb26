package scan

import "sort"

// cacheMarks is what was known when a scan began, and what the scan says of it: goroutines mark each
// source of base that they find. The zero value knows nothing.
type cacheMarks struct {
	base  *cacheSection
	marks []mark // one for each source of base
}

// mark is what is said of one known source.
type mark uint8

const (
	superseded mark = 1 << iota // more is known of it than base says
	unchanged                   // it was seen, in the state that base says
	listed                      // it is in the list of what was found
)

func (m mark) seen() bool { return m&(unchanged|listed) != 0 }

// newMarks is what is known now; k must not change until the scan has been compared with it.
func (k *Cache) newMarks() cacheMarks {
	p := cacheMarks{base: &k.base, marks: make([]mark, k.base.count)}
	for source := range k.overlay {
		if i, there := k.base.find(source); there {
			p.marks[i] = superseded
		}
	}
	return p
}

// span is a run of known sources.
type span struct{ from, to int }

func (s span) empty() bool { return s.from == s.to }

// inFolder is what is known below a folder.
func (p *cacheMarks) inFolder(folder string) span {
	if p.base == nil {
		return span{}
	}
	return p.base.inFolder(folder, span{0, p.base.count})
}

// anySeen tells whether any of them was seen.
func (p *cacheMarks) anySeen(s span) bool {
	for _, m := range p.marks[s.from:s.to] {
		if m.seen() {
			return true
		}
	}
	return false
}

// folderCursor goes through what is known of one folder beside a listing of it, by name.
type folderCursor struct {
	cacheMarks
	span       // what is still to come
	prefix int // how much of a path comes before the names
}

// markUnchanged tells whether the file name is known to be in the state k, with nothing left to be looked
// into, and marks it then. Names come in order.
func (p *folderCursor) markUnchanged(name string, k *Stat) bool {
	if !p.seek(name) || p.base.source(p.from)[p.prefix:] != name {
		return false
	}
	if p.marks[p.from]&superseded != 0 || !p.base.isUnchanged(p.from, k) {
		return false
	}
	p.marks[p.from] |= unchanged
	return true
}

// enterFolder is what is known in the folder name, after which the passage goes on.
func (p *folderCursor) enterFolder(name string) span {
	if !p.seek(name) {
		return span{p.from, p.from}
	}
	s := p.base.inFolder(p.base.source(p.from)[:p.prefix]+name, p.span)
	p.from = s.to
	return s
}

// seek goes on to the first source not before name; false where there is none.
func (p *folderCursor) seek(name string) bool {
	before := func(i int) bool {
		known := p.base.source(i)[p.prefix:]
		return known != name && comparePaths(known, name) < 0
	}
	step := 1
	for p.from < p.to && before(p.from) {
		low := p.from + 1
		for low < p.to && step < p.to-low && before(low+step) {
			low += step + 1
			step *= 2
		}
		high := min(low+step, p.to)
		p.from = low + sort.Search(high-low, func(i int) bool { return !before(low + i) })
	}
	return p.from < p.to
}
