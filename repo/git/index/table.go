package index

import (
	"bytes"
	"encoding/binary"
	"sort"
)

// table is a run of entries in the layout of versions 2 and 3.
type table struct {
	b   []byte
	off []int            // where in b each entry starts, and last where the table ends
	put map[int]rawEntry // entries in the place of those in b
}

func (t *table) len() int { return len(t.off) - 1 }

func (t *table) at(i int) rawEntry {
	if r, ok := t.put[i]; ok {
		return r
	}
	return rawEntry(t.b[t.off[i]:t.off[i+1]])
}

// readTable finds the entries of a version 2 or 3 index in b. b starts at the header and ends
// before the checksum.
func readTable(b []byte, version uint32, count int) (table, error) {
	t := table{b: b, off: make([]int, 1, count+1)}
	at := headerSize
	t.off[0] = at
	for range count {
		size, reason := measure(b[at:])
		if reason != "" {
			return t, damaged(at, reason)
		}
		if version == 2 && rawEntry(b[at:]).isLong() {
			return t, damaged(at, "extended flags in version 2")
		}
		at += size
		t.off = append(t.off, at)
	}
	return t, nil
}

// measure is the size of the entry at the start of b, or the reason why there is none.
func measure(b []byte) (size int, reason string) {
	if len(b) < longFixed {
		return 0, "entry cut short"
	}
	flags := binary.BigEndian.Uint16(b[flagsAt:])
	fixed := fixedSize(flags)
	rest := b[fixed:]
	nul := bytes.IndexByte(rest[:min(len(rest), maxName+1)], 0)
	switch {
	case nul < 0:
		return 0, "entry's name has no end"
	case min(nul, nameMask) != int(flags&nameMask):
		return 0, "entry's name has another length"
	case paddedSize(fixed, nul) > len(b):
		return 0, "entry cut short"
	}
	return paddedSize(fixed, nul), ""
}

// check checks that every entry is valid in its place: known flags, known types, names in git's
// order.
func (t *table) check() error {
	var before []byte
	var stage int
	for i := range t.len() {
		r := t.at(i)
		name := r.name()
		if reason := r.flaw(); reason != "" {
			return damaged(t.off[i], reason)
		}
		if r.mode()&typeMask == typeTree {
			return ErrSparse
		}
		switch order := bytes.Compare(before, name); {
		case order > 0:
			return damaged(t.off[i], "entries out of order")
		case order == 0 && (stage == 0 || stage > r.stage()):
			return damaged(t.off[i], "entry twice")
		}
		before, stage = name, r.stage()
	}
	return nil
}

// flaw says what is wrong with one entry.
func (r rawEntry) flaw() string {
	if len(r.name()) == 0 {
		return "entry without a name"
	}
	if r.more()&^(skipWorktree|intentToAdd) != 0 {
		return "unknown extended flags"
	}
	switch r.mode() & typeMask {
	case typeFile, typeLink, typeGit, typeTree:
		return ""
	}
	return "unknown type of file"
}

// search is the first entry not before key; it starts at entry from. The stride doubles, because
// changes come sorted and the next one is mostly near.
func (t *table) search(key []byte, from int) int {
	n := t.len()
	lo, hi := from, from
	for stride := 1; hi < n && bytes.Compare(t.at(hi).name(), key) < 0; stride *= 2 {
		lo, hi = hi+1, hi+stride
	}
	hi = min(hi, n)
	return lo + sort.Search(hi-lo, func(i int) bool { return bytes.Compare(t.at(lo+i).name(), key) >= 0 })
}

// equal is the run of entries with the name key, one for each stage.
func (t *table) equal(key []byte, from int) (lo, hi int) {
	lo = t.search(key, from)
	for hi = lo; hi < t.len() && bytes.Equal(t.at(hi).name(), key); hi++ {
	}
	return lo, hi
}

// copyFrom appends the entries lo to hi of other at once.
func (t *table) copyFrom(other *table, lo, hi int) {
	if lo >= hi {
		return
	}
	shift := len(t.b) - other.off[lo]
	t.b = append(t.b, other.b[other.off[lo]:other.off[hi]]...)
	for _, off := range other.off[lo+1 : hi+1] {
		t.off = append(t.off, off+shift)
	}
}

// add appends the entry of c.
func (t *table) add(c *Change) {
	t.b = appendEntry(t.b, c)
	t.off = append(t.off, len(t.b))
}
