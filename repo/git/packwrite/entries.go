package packwrite

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"

	"timemachine/repo/git/object"
)

// pageLen is how many entries lie side by side in memory.
const pageLen = 4096

// entries is a list of a pack's entries in the pack's order. It grows by pages: to copy a list of
// hundreds of thousands into a longer one takes time and twice the memory.
type entries struct {
	pages [][]packed // of pageLen entries each, but the last
}

func (l *entries) count() int {
	if len(l.pages) == 0 {
		return 0
	}
	last := len(l.pages) - 1
	return last*pageLen + len(l.pages[last])
}

func (l *entries) at(i uint32) *packed { return &l.pages[i/pageLen][i%pageLen] }

func (l *entries) add(e packed) {
	last := len(l.pages) - 1
	switch {
	case last < 0:
		l.pages = append(l.pages, make([]packed, 0, 16)) // most packs are small
		last = 0
	case len(l.pages[last]) == pageLen:
		l.pages = append(l.pages, make([]packed, 0, pageLen))
		last++
	}
	l.pages[last] = append(l.pages[last], e)
}

// all yields the entries with their positions.
func (l *entries) all() iter.Seq2[uint32, *packed] {
	return func(yield func(uint32, *packed) bool) {
		for i := range uint32(l.count()) {
			if !yield(i, l.at(i)) {
				return
			}
		}
	}
}

// contents is a list of entries in which each is found by its name.
type contents struct {
	entries

	// table has 1 + the position of each entry, 0 where it is free: at the place that the name's
	// hash gives, or the next free one. Its length is a power of two, and at most half is in use.
	// A map takes five times the memory, since it keeps the names once more.
	table []uint32
	shift uint   // 64 minus the number of bits that count the table's places
	salt  uint64 // odd and unknown outside, so that nobody can make names that fall on one place
}

// add appends an entry whose name is not in the list.
func (c *contents) add(e packed) {
	if 2*(c.count()+1) > len(c.table) {
		c.reserve(2 * (c.count() + 1))
	}
	c.table[c.place(e.id)] = uint32(c.count() + 1)
	c.entries.add(e)
}

// find returns the position of the entry with that name.
func (c *contents) find(id object.ID) (uint32, bool) {
	if len(c.table) == 0 {
		return 0, false
	}
	at := c.table[c.place(id)]
	return at - 1, at > 0
}

// place is where in the table a name is, or else the free place where it belongs.
func (c *contents) place(id object.ID) uint64 {
	at := binary.LittleEndian.Uint64(id[:]) * c.salt >> c.shift
	for c.table[at] > 0 && c.at(c.table[at]-1).id != id {
		at = (at + 1) & uint64(len(c.table)-1)
	}
	return at
}

// reserve makes the table long enough for n entries.
func (c *contents) reserve(n int) {
	bits := uint(6)
	for 1<<bits < 2*n {
		bits++
	}
	if 1<<bits <= len(c.table) {
		return
	}
	if c.salt == 0 {
		c.salt = rand.Uint64() | 1
	}
	c.table, c.shift = make([]uint32, 1<<bits), 64-bits
	for i, e := range c.all() {
		c.table[c.place(e.id)] = i + 1
	}
}
