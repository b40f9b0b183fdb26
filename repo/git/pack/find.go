package pack

import (
	"fmt"

	"timemachine/repo/git/object"
)

// mostScans is how many entries Find looks for in the idx. The list of Places costs about as much.
const mostScans = 64

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
// object. The header names the base of every delta, zero where the pack does not hold it. Call it
// within durable.Guard, by one goroutine at a time. Error: ErrDamaged.
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
	if h.scans++; h.scans > mostScans {
		err = h.findListed(&e, &head)
	} else {
		err = h.scan(x, &e, &head)
	}
	return e, head, err == nil, err
}

// scan sets the entry's end and the header's base by the offsets of all entries.
func (h *Held) scan(x *idx, e *Place, head *EntryHeader) error {
	for i := range x.count {
		at, err := x.offset(i)
		if err != nil {
			return h.p.damaged(err)
		}
		if at > e.At {
			e.End = min(e.End, at)
		} else if head.Kind == OfsDelta && at == e.At-head.Distance {
			head.Base = object.ID(x.id(i))
		}
	}
	return nil
}

// findListed is scan with the list of Places.
func (h *Held) findListed(e *Place, head *EntryHeader) error {
	list, err := h.Places()
	if err != nil {
		return err
	}
	i, ok := FindPlace(list, e.At)
	if !ok {
		return h.p.damaged(fmt.Errorf("no entry at offset %d", e.At))
	}
	e.End = list[i].End
	if head.Kind == OfsDelta {
		if i, ok := FindPlace(list, e.At-head.Distance); ok {
			head.Base = list[i].ID
		}
	}
	return nil
}
