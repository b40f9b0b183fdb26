package pack

import (
	"encoding/binary"

	"timemachine/repo/git/object"
)

// Offset is where an object's entry begins; false where the pack does not hold it. Call it within
// durable.Guard.
func (h *Held) Offset(id object.ID) (int64, bool, error) { return h.p.find(id) }

// Header reads the header of the entry at an offset. Call it within durable.Guard. Error:
// ErrDamaged.
func (h *Held) Header(at int64) (EntryHeader, error) {
	e, err := h.p.entry(at)
	return e.EntryHeader, err
}

// From is the mapped bytes from an offset up to the pack's trailer. Look at them within
// durable.Guard.
func (h *Held) From(at int64) []byte { return h.data[at : len(h.data)-object.IDLen] }

// Find is where an object's entry lies, and its header; false where the pack does not hold the
// object. The header names the base of every delta, zero where the pack does not hold it. It looks
// at the offsets of all entries: for many objects, Places costs less. Call it within durable.Guard.
// Error: ErrDamaged.
func (h *Held) Find(id object.ID) (Place, EntryHeader, bool, error) {
	x, err := h.p.index()
	if err != nil {
		return Place{}, EntryHeader{}, false, err
	}
	i, found := x.place(id)
	if !found {
		return Place{}, EntryHeader{}, false, nil
	}
	e := Place{ID: id, CRC: x.crc(i), End: int64(len(h.data) - object.IDLen)}
	if e.At, err = x.offset(i); err != nil {
		return e, EntryHeader{}, false, h.p.damaged(err)
	}
	head, err := h.Header(e.At)
	if err != nil {
		return e, head, false, err
	}
	x.scan(&e, &head)
	return e, head, true, nil
}

// scan sets the entry's end and the header's base by the offsets of all entries.
func (x *idx) scan(e *Place, head *EntryHeader) {
	base := e.At - head.Distance
	small := x.data[idxNames+x.count*(object.IDLen+4):][:4*x.count]
	for i := range x.count {
		at := int64(binary.BigEndian.Uint32(small[4*i:]))
		if at >= 1<<31 {
			at, _ = x.offset(i) // a wrong one is met where its own entry is found
		}
		if at > e.At {
			e.End = min(e.End, at)
		} else if at == base && head.Kind == OfsDelta {
			head.Base = object.ID(x.id(i))
		}
	}
}
