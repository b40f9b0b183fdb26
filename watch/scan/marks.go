package scan

import (
	"sort"

	"timemachine/watch/disk"
)

// cacheMarks is the base of the cache with a mark for each of its sources. The goroutines of a walk
// mark different sources at the same time.
type cacheMarks struct {
	base  *cacheSection
	marks []mark
}

// mark is what a scan notes about one source of the base.
type mark uint8

const (
	superseded mark = 1 << iota // the overlay of the cache has a newer state
	unchanged                   // the scan saw it with the stat that the base has
	listed                      // the scan found it with another stat, or is not sure
)

// seen tells whether the scan saw the source.
func (m mark) seen() bool { return m&(unchanged|listed) != 0 }

// newMarks returns the marks for a scan that begins. The cache must not change until the scan is
// compared with it.
func (c *Cache) newMarks() cacheMarks {
	p := cacheMarks{base: &c.base, marks: make([]mark, c.base.count)}
	for source := range c.overlay {
		if i, there := c.base.find(source); there {
			p.marks[i] = superseded
		}
	}
	return p
}

// span is a range of sources of the base, by number.
type span struct{ from, to int }

func (s span) empty() bool { return s.from == s.to }

// inFolder returns the sources below a folder.
func (p *cacheMarks) inFolder(folder string) span {
	if p.base == nil {
		return span{}
	}
	return p.base.inFolder(folder, span{0, p.base.count})
}

// folderCursor steps through the cached sources of one folder while the names in the folder are
// listed in order.
type folderCursor struct {
	cacheMarks
	span       // the sources that the cursor has not passed
	prefix int // length of the folder's path with a slash
}

// markUnchanged tells whether the file name has the same stat in the cache and is not in doubt, and
// marks it then. Calls must come in the order of names.
func (p *folderCursor) markUnchanged(name string, st *disk.Stat) bool {
	if !p.seek(name) || p.base.source(p.from)[p.prefix:] != name {
		return false
	}
	if p.marks[p.from]&superseded != 0 || !p.base.isUnchanged(p.from, st) {
		return false
	}
	p.marks[p.from] |= unchanged
	return true
}

// enterFolder returns the cached sources below the subfolder name and moves the cursor past them.
func (p *folderCursor) enterFolder(name string) span {
	if !p.seek(name) {
		return span{p.from, p.from}
	}
	s := p.base.inFolder(p.base.source(p.from)[:p.prefix]+name, p.span)
	p.from = s.to
	return s
}

// seek moves to the first source that does not come before name. It returns false at the end.
func (p *folderCursor) seek(name string) bool {
	before := func(i int) bool {
		known := p.base.source(i)[p.prefix:]
		return known != name && disk.ComparePaths(known, name) < 0
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
