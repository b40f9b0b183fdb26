package pack

import (
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
	list []Place
}

// Place is where an entry lies in its pack.
type Place struct {
	ID  object.ID
	CRC uint32 // of the entry's bytes, as the idx has it
	At  int64  // offset of its first byte
	End int64  // offset of the byte after its last
}

// Hold opens the pack of that name (pack- and 40 digits, without suffix). Errors: ErrNotFound,
// ErrDamaged.
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
		err = fmt.Errorf("pack %q: %w", name, object.ErrNotFound)
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

// Places lists the entries in the order of the pack. The list is made at the first call; it is not
// the caller's to change.
func (h *Held) Places() ([]Place, error) {
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
	list := make([]Place, x.count)
	for i := range list {
		e := Place{ID: object.ID(x.id(i)), CRC: x.crc(i)}
		if e.At, err = x.offset(i); err != nil {
			return h.p.damaged(err)
		}
		list[i] = e
	}
	slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.At, b.At) })
	end := int64(len(h.data) - object.IDLen)
	for i := len(list) - 1; i >= 0; i-- {
		if e := &list[i]; e.At >= end || e.At < HeaderLen {
			return h.p.damaged(errors.New("entries overlap"))
		}
		list[i].End, end = end, list[i].At
	}
	if end != HeaderLen && len(list) > 0 {
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

// Weigh is the number of bytes of the whole object that an object's chain of deltas in this pack
// starts from, as it is stored; 0 where the pack does not hold it. It is about what the object
// would take if it were written whole.
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
		list, err := h.Places()
		if err == nil {
			at = chain[len(chain)-1].offset
			if i, ok := FindPlace(list, at); ok {
				n = list[i].End - at
			}
		}
		return err
	})
	return n
}

// FindPlace is the entry that begins at offset at, in a list that Places made.
func FindPlace(list []Place, at int64) (int, bool) {
	return slices.BinarySearchFunc(list, at, func(e Place, at int64) int { return cmp.Compare(e.At, at) })
}

// Entry is an entry's bytes, header and zlib stream, where they lie: they are looked at within
// durable.Guard.
func (h *Held) Entry(e *Place) []byte { return h.data[e.At:e.End] }

// CheckedEntry is Entry with its checksum compared with the idx's. Error: ErrDamaged.
func (h *Held) CheckedEntry(e *Place) ([]byte, error) {
	b := h.Entry(e)
	if crc32.ChecksumIEEE(b) != e.CRC {
		return nil, h.p.damaged(fmt.Errorf("offset %d: checksum differs from the idx's", e.At))
	}
	return b, nil
}

// Entries is the bytes of all entries as they follow each other, where they lie: they are looked at
// within durable.Guard.
func (h *Held) Entries() []byte { return h.data[HeaderLen : len(h.data)-object.IDLen] }

// Object makes the object whose entry begins at offset at, of at most max bytes; within
// durable.Guard. Errors: ErrDamaged, ErrTooBig.
func (h *Held) Object(at, max int64) (object.Kind, []byte, error) { return h.p.read(at, max) }

// Damaged says that err was found in the pack: an ErrDamaged with the pack's name.
func (h *Held) Damaged(err error) error { return h.p.damaged(err) }

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

// IsName tells whether name is that of a pack, without suffix, as git and timemachine name them.
func IsName(name string) bool {
	hex, ok := strings.CutPrefix(name, "pack-")
	_, err := object.ParseID(hex)
	return ok && err == nil
}

// Commits calls f with the commits, in the order of the pack.
func (h *Held) Commits(f func(id object.ID, raw []byte) error) error {
	return durable.Guard(func() error {
		list, err := h.Places()
		if err != nil {
			return err
		}
		for i := range list {
			e := &list[i]
			if object.Kind(h.data[e.At]>>4&7) != object.Commit {
				continue
			}
			_, raw, err := h.p.read(e.At, 1<<30)
			if err == nil {
				err = f(e.ID, raw)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
