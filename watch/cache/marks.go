package cache

import (
	"iter"
	"slices"
	"sort"

	"timemachine/watch/disk"
)

// Marks is the base of a cache with a mark for each of its sources: whether a scan saw it. The
// goroutines of a walk mark different sources at the same time.
type Marks struct {
	cache *Cache
	base  *section
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

// NewMarks returns the marks for a scan that begins. The cache must not change until the scan is
// compared with it.
func (c *Cache) NewMarks() Marks {
	base := c.base
	p := Marks{cache: c, base: &base, marks: make([]mark, c.base.count)}
	for source := range c.overlay {
		if i, there := c.base.find(source); there {
			p.marks[i] = superseded
		}
	}
	return p
}

// AssumeLive marks all live sources of the base as seen unchanged. A scan of some paths takes what
// it does not look at to be as the cache has it.
func (p *Marks) AssumeLive() { p.assume(p.All()) }

func (p *Marks) assume(in Span) {
	for i := in.from; i < in.to; i++ {
		if p.marks[i] == 0 && !p.base.isDeleted(i) {
			p.marks[i] = unchanged
		}
	}
}

// Forget takes back that the scan saw the source at path.
func (p *Marks) Forget(path string) {
	if i, there := p.base.find(path); there {
		p.marks[i] &= superseded
	}
}

// ForgetBelow takes back that the scan saw the sources below a folder.
func (p *Marks) ForgetBelow(folder string) {
	in := p.Below(folder)
	for i := in.from; i < in.to; i++ {
		p.marks[i] &= superseded
	}
}

// Assume marks the source at path, and all below, as seen unchanged where they are live.
func (p *Marks) Assume(path string) {
	if i, there := p.base.find(path); there {
		p.assume(Span{i, i + 1})
	}
	p.assume(p.Below(path))
}

// HasLiveFolder tells whether the base has a live folder at path, or a live source below.
func (p *Marks) HasLiveFolder(path string) bool {
	if i, there := p.base.find(path); there && p.base.hasFlag(i, flagFolder) && !p.base.isDeleted(i) {
		return true
	}
	in := p.Below(path)
	for i := in.from; i < in.to; i++ {
		if !p.base.isDeleted(i) {
			return true
		}
	}
	return false
}

// IsFolder tells whether the cache has the folder at path live, as the inode that it is now.
func (p *Marks) IsFolder(path string, inode disk.Inode) bool {
	if s := p.cache.overlay[path]; s != nil {
		return s.Folder && !s.Deleted && s.Stat.Inode() == inode
	}
	i, there := p.base.find(path)
	if !there || p.base.isDeleted(i) || !p.base.hasFlag(i, flagFolder) {
		return false
	}
	st := decodeStat(p.base.record(i))
	return st.Inode() == inode
}

// Newer yields the live states of the overlay, which have no marks.
func (p *Marks) Newer() iter.Seq[*State] {
	return func(yield func(*State) bool) {
		for _, s := range p.cache.overlay {
			if !s.Deleted && !yield(s) {
				return
			}
		}
	}
}

// CountNewer returns the number of states that Newer yields, at most.
func (p *Marks) CountNewer() int { return len(p.cache.overlay) }

// NamesOf returns the live files of the cache that have one of some inodes.
func (p *Marks) NamesOf(inodes map[disk.Inode]bool) (sources []string) {
	for i := range p.base.count {
		st := decodeStat(p.base.record(i))
		if p.marks[i]&superseded == 0 && inodes[st.Inode()] && !p.base.hasFlag(i, flagDeleted|flagFolder|flagFollowed) {
			sources = append(sources, p.base.source(i))
		}
	}
	for s := range p.Newer() {
		if inodes[s.Stat.Inode()] && !s.Folder && !s.Followed {
			sources = append(sources, s.Source)
		}
	}
	return sources
}

// Span is a range of sources of the base, by number.
type Span struct{ from, to int }

// Empty tells whether no source is in the range.
func (s Span) Empty() bool { return s.from == s.to }

// Below returns the sources below a folder.
func (p *Marks) Below(folder string) Span { return p.base.inFolder(folder, Span{0, p.base.count}) }

// SawBelow tells whether the scan saw a source of the base below a folder.
func (p *Marks) SawBelow(folder string) bool {
	in := p.Below(folder)
	return slices.ContainsFunc(p.marks[in.from:in.to], mark.seen)
}

// Saw tells whether the scan saw a source of the base at path.
func (p *Marks) Saw(path string) bool {
	i, there := p.base.find(path)
	return there && p.marks[i].seen()
}

// UnchangedBelow yields the files and links below a folder that the scan saw unchanged. Each state
// is valid until the next one, and has what a comparison needs.
func (p *Marks) UnchangedBelow(folder string) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		in, state := p.Below(folder), State{}
		for i := in.from; i < in.to; i++ {
			if p.marks[i]&unchanged == 0 || p.base.hasFlag(i, flagFolder) {
				continue
			}
			if p.base.readStat(i, &state); !yield(&state) {
				return
			}
		}
	}
}

// CountUnchanged returns the number of files and links that the scan saw unchanged, and did not
// find again.
func (p *Marks) CountUnchanged() (n int) {
	for i, m := range p.marks {
		if m&(unchanged|listed) == unchanged && !p.base.hasFlag(i, flagFolder) {
			n++
		}
	}
	return n
}

// UnchangedBytes returns the sum of the sizes of the files that CountUnchanged counts.
func (p *Marks) UnchangedBytes() (n int64) {
	for i, m := range p.marks {
		if m&(unchanged|listed) == unchanged && !p.base.hasFlag(i, flagFolder|flagLink) {
			n += decodeStat(p.base.record(i)).Size
		}
	}
	return n
}

// ForgetLink takes back that the scan saw a link unchanged at path, and tells whether it did.
func (p *Marks) ForgetLink(path string) bool {
	i, there := p.base.find(path)
	if !there || p.marks[i]&unchanged == 0 || !p.base.hasFlag(i, flagLink) {
		return false
	}
	p.marks[i] &^= unchanged
	return true
}

// Unseen yields the states of the sources that the scan did not see. found tells of a source
// whether the scan found it other than by a mark. Each state is valid until the next one, and has
// what a comparison needs.
func (p *Marks) Unseen(found func(source string) bool) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		var state State
		for i, m := range p.marks {
			if m != 0 {
				continue
			}
			if p.base.readStat(i, &state); !yield(&state) {
				return
			}
		}
		for source, state := range p.cache.overlay {
			i, there := p.base.find(source)
			switch {
			case there && (p.marks[i].seen() || p.marks[i]&superseded == 0):
				// The loop above did it.
			case !there && found(source):
			default:
				if !yield(state) {
					return
				}
			}
		}
	}
}

// Renumber gives all devices in the cache the numbers that they have now, which no later scan could
// tell.
func (p *Marks) Renumber(devices *disk.DeviceNumbers) {
	for i, m := range p.marks {
		if m&unchanged != 0 {
			st := decodeStat(p.base.record(i))
			devices.Note(&st, &st)
		}
	}
	for all := p.cache.iterate(); all.next(); {
		seen := all.inBase && p.marks[all.basePos-1]&unchanged != 0
		if now := devices.Present(all.Stat.Dev); now != all.Stat.Dev && !seen && !all.Stat.IsZero() {
			state := all.modify()
			state.Stat.Dev = now
			p.cache.MarkChanged(state)
		}
	}
}

// UnchangedInode returns the inode of a source that the scan saw unchanged.
func (p *Marks) UnchangedInode(path string) (inode disk.Inode, saw bool) {
	i, there := p.base.find(path)
	if !there || p.marks[i]&unchanged == 0 {
		return inode, false
	}
	st := decodeStat(p.base.record(i))
	return st.Inode(), true
}

// Place is where a folder is in the base. The zero value is nowhere.
type Place struct{ after int } // its number and 1

// MarkFolder tells whether the folder at a place has the same stat in the cache and is not in
// doubt, and marks it then.
func (p *Marks) MarkFolder(at Place, st *disk.Stat) bool {
	i := at.after - 1
	if i < 0 || p.marks[i]&superseded != 0 || !p.base.isUnchanged(i, st) {
		return false
	}
	p.marks[i] |= unchanged
	return true
}

// Place returns where a folder is.
func (p *Marks) Place(path string) Place {
	i, there := p.base.find(path)
	if !there {
		return Place{}
	}
	return Place{i + 1}
}

// Cursor steps through the cached sources of one folder while the names in the folder are listed in
// order. It is not for concurrent use.
type Cursor struct {
	of       *Marks
	from, to int    // the sources that the cursor has not passed
	prefix   int    // length of the folder's path with a slash
	buffer   *State // that MarkFound returns
}

// NewCursor returns a cursor before the sources in a range, whose names begin after a prefix of
// their paths.
func (p *Marks) NewCursor(in Span, prefix int) Cursor {
	return Cursor{of: p, from: in.from, to: in.to, prefix: prefix}
}

// All returns the range of all sources.
func (p *Marks) All() Span { return Span{0, p.base.count} }

// MarkUnchanged tells whether the file name has the same stat in the cache and is not in doubt, and
// marks it then. Calls must come in the order of names.
func (p *Cursor) MarkUnchanged(name string, st *disk.Stat) bool {
	if !p.isAt(name) || p.of.marks[p.from]&superseded != 0 || !p.of.base.isUnchanged(p.from, st) {
		return false
	}
	p.of.marks[p.from] |= unchanged
	return true
}

// MarkFound marks the source path as one that the scan found, and returns its state or nil. The
// state is valid until the next call, and has what a comparison needs. Calls must come in the order
// of paths.
func (p *Cursor) MarkFound(path string) *State {
	there := p.isAt(path[p.prefix:])
	if there {
		p.of.marks[p.from] |= listed
	}
	if newer := p.of.cache.overlay[path]; newer != nil || !there {
		return newer
	}
	if p.buffer == nil {
		p.buffer = &State{}
	}
	p.of.base.readStat(p.from, p.buffer)
	return p.buffer
}

// EnterFolder returns the place of the subfolder name and the cached sources below it, and moves
// the cursor past them.
func (p *Cursor) EnterFolder(name string) (at Place, below Span) {
	if !p.seek(name) {
		return at, Span{p.from, p.from}
	}
	if p.of.base.source(p.from)[p.prefix:] == name {
		at.after = p.from + 1
	}
	s := p.of.base.inFolder(p.of.base.source(p.from)[:p.prefix]+name, Span{p.from, p.to})
	p.from = s.to
	return at, s
}

// isAt moves the cursor to the source name, and tells whether there is one.
func (p *Cursor) isAt(name string) bool {
	return p.seek(name) && p.of.base.source(p.from)[p.prefix:] == name
}

// seek moves to the first source that does not come before name. It returns false at the end.
func (p *Cursor) seek(name string) bool {
	before := func(i int) bool {
		known := p.of.base.source(i)[p.prefix:]
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
