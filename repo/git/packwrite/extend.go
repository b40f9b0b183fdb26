package packwrite

import (
	"bytes"
	"errors"
	"fmt"

	"timemachine/repo/durable"
	"timemachine/repo/git/pack"
)

// Extend copies all entries of h to the front of the pack, which must be empty. Later versions can
// then be deltas of them. A Writer must have written h: each base before its deltas, without gaps.
// After an error the pack is still empty.
func (w *Writer) Extend(h *pack.Held) error {
	return durable.Guard(func() error { return w.copyEntries(h) })
}

func (w *Writer) copyEntries(h *pack.Held) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.entries.count() > 0 || w.size != pack.HeaderLen {
		return errors.New("pack to extend is not empty")
	}
	list, err := writtenEntries(h)
	if err != nil {
		return err
	}
	w.put(bytes.Clone(h.Entries())) // a fault while it is copied is found here
	if w.err != nil {
		return w.err
	}
	w.entries.reserve(len(list))
	for _, e := range list {
		w.entries.add(e)
	}
	return nil
}

// writtenEntries lists the entries of a pack as the Writer that wrote them listed them.
func writtenEntries(h *pack.Held) ([]packed, error) {
	if err := h.CheckIdx(); err != nil {
		return nil, err
	}
	places, err := h.Places()
	if err != nil {
		return nil, err
	}
	list := make([]packed, len(places))
	for i := range places {
		b, err := h.CheckedEntry(&places[i])
		if err != nil {
			return nil, err
		}
		e := packed{id: places[i].ID, crc: places[i].CRC, offset: places[i].At}
		head, err := pack.ParseHeader(b)
		if err != nil {
			return nil, h.Damaged(err)
		}
		switch head.Kind {
		case pack.RefDelta:
			return nil, fmt.Errorf("pack %q: delta of an object by its name", h.Name())
		case pack.OfsDelta:
			base, ok := pack.FindPlace(places, e.offset-head.Distance)
			if !ok || base >= i {
				return nil, h.Damaged(errors.New("delta base absent"))
			}
			e.base, e.depth, e.step = uint32(base+1), list[base].depth+1, stepOf(b[head.Len:])
			if e.depth > maxDepth {
				return nil, fmt.Errorf("pack %q: delta chain over %d", h.Name(), maxDepth)
			}
		}
		list[i] = e
	}
	return list, nil
}
