package index

import (
	"bytes"
	"encoding/binary"
)

// maxGrowth is how many times the file's size the entries of version 4 may take with their names
// written in full. An entry takes at least 64 bytes, and a path that can be opened at most 4096.
const maxGrowth = 64

// expandTable reads the entries of a version 4 index, and writes them as in version 3. next is
// where the entries end in b.
func expandTable(b []byte, count int) (t table, next int, err error) {
	t = table{b: make([]byte, headerSize, len(b)*2), off: make([]int, 1, count+1)}
	t.off[0] = headerSize
	next = headerSize
	var name []byte
	for range count {
		size, reason := t.expand(b[next:], name)
		if reason == "" && len(t.b) > maxGrowth*len(b) {
			reason = "names grow without bound"
		}
		if reason != "" {
			return t, next, damaged(next, reason)
		}
		next += size
		t.off = append(t.off, len(t.b))
		name = t.at(t.len() - 1).name()
	}
	return t, next, nil
}

// expand appends the entry at the start of b, whose name is given as a difference to before. It
// returns the entry's size in b.
func (t *table) expand(b, before []byte) (size int, reason string) {
	if len(b) < longFixed {
		return 0, "entry cut short"
	}
	flags := binary.BigEndian.Uint16(b[flagsAt:])
	fixed := fixedSize(flags)
	drop, width := varint(b[fixed:])
	if width == 0 || drop > uint64(len(before)) {
		return 0, "entry drops more than its predecessor has"
	}
	kept := before[:len(before)-int(drop)]
	added := b[fixed+width:]
	nul := bytes.IndexByte(added[:min(len(added), maxName+1)], 0)
	if nul < 0 || len(kept)+nul > maxName {
		return 0, "entry's name has no end"
	}
	if min(len(kept)+nul, nameMask) != int(flags&nameMask) {
		return 0, "entry's name has another length"
	}
	t.b = append(t.b, b[:fixed]...)
	t.b = append(t.b, kept...)
	t.b = append(t.b, added[:nul]...)
	t.b = appendPadding(t.b, fixed, len(kept)+nul)
	return fixed + width + nul + 1, ""
}

// varint reads git's offset encoding: 7 bits a byte, high ones first, and 1 more for each byte that
// follows. width is 0 where b holds none.
func varint(b []byte) (value uint64, width int) {
	for i, c := range b[:min(len(b), 4)] {
		value = value<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return value, i + 1
		}
		value++
	}
	return 0, 0
}
