package pack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Held is one pack of a Store, kept open until Close even if its files are removed meanwhile.
type Held struct {
	s    *Store
	set  *packSet
	p    *packFile
	data []byte // the pack
	list []place
}

// place is where an entry lies in its pack.
type place struct {
	id  object.ID
	crc uint32
	at  int64
	end int64
}

// Hold opens the pack of that name (pack- and 40 digits, without suffix). Errors: ErrNotFound, ErrDamaged.
func (s *Store) Hold(name string) (*Held, error) {
	set, err := s.acquire()
	if err != nil {
		return nil, err
	}
	h := &Held{s: s, set: set}
	for _, p := range set.packs {
		if filepath.Base(p.base) == name {
			h.p = p
		}
	}
	if h.p == nil {
		err = fmt.Errorf("pack %q: %w", name, ErrNotFound)
	} else {
		err = durable.Guard(h.open)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (h *Held) open() (err error) {
	h.data, err = h.p.bytes()
	return err
}

// places lists the entries in the order of the pack, when that is first asked for.
func (h *Held) places() ([]place, error) {
	var err error
	if h.list == nil {
		err = h.readPlaces()
	}
	return h.list, err
}

func (h *Held) readPlaces() error {
	x, err := h.p.index()
	if err != nil {
		return err
	}
	list := make([]place, x.count)
	for i := range list {
		e := place{id: object.ID(x.id(i)), crc: x.crc(i)}
		if e.at, err = x.offset(i); err != nil {
			return h.p.damaged(err)
		}
		list[i] = e
	}
	slices.SortFunc(list, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	end := int64(len(h.data) - idLen)
	for i := len(list) - 1; i >= 0; i-- {
		if e := &list[i]; e.at >= end || e.at < packHeaderLen {
			return h.p.damaged(errors.New("entries overlap"))
		}
		list[i].end, end = end, list[i].at
	}
	if end != packHeaderLen && len(list) > 0 {
		return h.p.damaged(errors.New("bytes before the first entry"))
	}
	h.list = list
	return nil
}

// Close lets the pack go.
func (h *Held) Close() { h.s.release(h.set) }

// Name is the pack's name without suffix.
func (h *Held) Name() string { return filepath.Base(h.p.base) }

// Size is the pack's length in bytes, without its idx.
func (h *Held) Size() int64 { return int64(len(h.data)) }

// Weigh is the number of bytes of the whole object that an object's chain of deltas in this pack starts from, as it is
// stored; 0 where the pack does not hold it. It is about what the object would take if it were written whole.
func (h *Held) Weigh(id object.ID) (n int64) {
	_ = durable.Guard(func() error {
		at, ok, err := h.p.find(id)
		if err != nil || !ok {
			return err
		}
		chain, err := h.p.chain(at)
		if err != nil {
			return err
		}
		list, err := h.places()
		if err == nil {
			at = chain[len(chain)-1].offset
			if i, ok := find(list, at); ok {
				n = list[i].end - at
			}
		}
		return err
	})
	return n
}

// find is the entry that begins at offset at.
func find(list []place, at int64) (int, bool) {
	return slices.BinarySearchFunc(list, at, func(e place, at int64) int { return cmp.Compare(e.at, at) })
}

// raw is an entry's bytes, its checksum compared with the idx's.
func (h *Held) raw(e *place) ([]byte, error) {
	b := h.data[e.at:e.end]
	if crc32.ChecksumIEEE(b) != e.crc {
		return nil, h.p.damaged(fmt.Errorf("offset %d: checksum differs from the idx's", e.at))
	}
	return b, nil
}

// Names lists the packs, without suffix.
func (s *Store) Names() ([]string, error) {
	set, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.release(set)
	names := make([]string, len(set.packs))
	for i, p := range set.packs {
		names[i] = filepath.Base(p.base)
	}
	return names, nil
}

// Extend puts all that h holds at the front of the pack, which must be empty yet. Versions that follow those in h can
// then be written as deltas of them. h must have been written by a Writer: each base before its deltas, in one piece.
// After an error nothing was written.
func (w *Writer) Extend(h *Held) error {
	return durable.Guard(func() error { return w.extend(h) })
}

func (w *Writer) extend(h *Held) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) > 0 || w.size != packHeaderLen {
		return errors.New("pack to extend is not empty")
	}
	list, err := h.listed()
	if err != nil {
		return err
	}
	w.write(bytes.Clone(h.data[packHeaderLen : len(h.data)-idLen])) // a fault while it is copied is found here
	if w.err != nil {
		return w.err
	}
	for _, e := range list {
		w.list(e)
	}
	return nil
}

// listed is the list of entries as a Writer that had written them would have it.
func (h *Held) listed() ([]packed, error) {
	places, err := h.places()
	if err != nil {
		return nil, err
	}
	list := make([]packed, len(places))
	for i := range places {
		b, err := h.raw(&places[i])
		if err != nil {
			return nil, err
		}
		e := packed{id: places[i].id, crc: places[i].crc, offset: places[i].at}
		head, err := parseHeader(b)
		if err != nil {
			return nil, h.p.damaged(err)
		}
		switch head.kind {
		case refDelta:
			return nil, fmt.Errorf("pack %q: delta of an object by its name", h.Name())
		case ofsDelta:
			base, ok := find(places, e.offset-head.distance)
			if !ok || base >= i {
				return nil, h.p.damaged(errors.New("delta base absent"))
			}
			e.base, e.depth, e.step = uint32(base+1), list[base].depth+1, stepOf(b[head.n:])
			if e.depth > maxDepth {
				return nil, fmt.Errorf("pack %q: delta chain over %d", h.Name(), maxDepth)
			}
		}
		list[i] = e
	}
	return list, nil
}

// IsName tells whether name is that of a pack, without suffix, as git and timemachine name them.
func IsName(name string) bool {
	hex, ok := strings.CutPrefix(name, "pack-")
	_, err := object.ParseID(hex)
	return ok && err == nil
}

// Commits calls f with the commits, in the order of the pack.
func (h *Held) Commits(f func(id object.ID, raw []byte) error) error {
	return durable.Guard(func() error {
		list, err := h.places()
		if err != nil {
			return err
		}
		for i := range list {
			e := &list[i]
			if object.Kind(h.data[e.at]>>4&7) != object.Commit {
				continue
			}
			_, raw, err := h.p.read(e.at, 1<<30)
			if err == nil {
				err = f(e.id, raw)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
