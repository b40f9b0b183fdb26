package pack

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Held is one pack of a Store. It stays open until Close, even if its files are removed.
type Held struct {
	s       *Store
	set     *packSet
	p       *packFile
	data    []byte // the pack
	list    []Place
	given   atomic.Int64 // bytes of entries, since their memory was given back
	checked bool         // the idx has the right checksum
}

// Place is where an entry lies in its pack.
type Place struct {
	ID  object.ID
	CRC uint32 // of the entry's bytes, as the idx has it
	At  int64  // offset of its first byte
	End int64  // offset of the byte after its last
}

// Hold opens the pack of a name: pack- and 40 digits, without suffix. Errors: ErrNotFound,
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
		err = durable.Guard(func() (err error) { h.data, err = h.p.bytes(); return err })
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Places lists the entries in the order of the pack. The first call makes the list; the caller must
// not change it.
func (h *Held) Places() (list []Place, err error) {
	if h.list == nil {
		err = durable.Guard(h.readPlaces)
	}
	return h.list, err
}

func (h *Held) readPlaces() error {
	x, err := h.p.index()
	if err != nil {
		return err
	}
	offsets := make([]int64, x.count)
	for i := range offsets {
		if offsets[i], err = x.offset(i); err != nil {
			return h.p.damaged(err)
		}
	}
	order := slices.Clone(offsets)
	slices.Sort(order) // integers, since sorting the list itself takes four times as long
	list := make([]Place, x.count)
	for i, at := range offsets {
		n, _ := slices.BinarySearch(order, at)
		list[n] = Place{object.ID(x.id(i)), x.crc(i), at, 0}
	}
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

// CheckIdx compares the idx with its checksum, once. Names and checksums of entries may be copied
// from it then. Call it within durable.Guard. Error: ErrDamaged.
func (h *Held) CheckIdx() (err error) {
	if !h.checked {
		_, err = h.p.checkedIndex()
		h.checked = err == nil
	}
	return err
}

// Close releases the pack.
func (h *Held) Close() { h.s.release(h.set) }

// Name is the pack's name without suffix.
func (h *Held) Name() string { return filepath.Base(h.p.base) }

// Size is the pack's length in bytes, without its idx.
func (h *Held) Size() int64 { return int64(len(h.data)) }

// Weigh is the number of bytes that an object would take if it were stored whole, about: it is the
// stored size of the whole object below its chain of deltas. It is 0 where the pack does not hold
// the object.
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

// FindPlace finds the entry that begins at offset at, in a list that Places made.
func FindPlace(list []Place, at int64) (int, bool) {
	return slices.BinarySearchFunc(list, at, func(e Place, at int64) int { return cmp.Compare(e.At, at) })
}

// Entry is the mapped bytes of an entry, header and zlib stream. Look at them within durable.Guard.
func (h *Held) Entry(e *Place) []byte {
	if h.given.Add(e.End-e.At) > 4<<20 { // the memory that they took is given back
		h.given.Store(0)
		durable.ForgetPages(h.data, 0, int64(len(h.data)))
	}
	return h.data[e.At:e.End]
}

// CheckedEntry is Entry after its checksum was compared with the idx. Error: ErrDamaged.
func (h *Held) CheckedEntry(e *Place) ([]byte, error) {
	b := h.Entry(e)
	if crc32.ChecksumIEEE(b) != e.CRC {
		return nil, h.p.damaged(fmt.Errorf("offset %d: checksum differs from the idx's", e.At))
	}
	return b, nil
}

// Entries is the mapped bytes of all entries. Look at them within durable.Guard.
func (h *Held) Entries() []byte { return h.data[HeaderLen : len(h.data)-object.IDLen] }

// Object makes the object whose entry begins at offset at. Call it within durable.Guard. Errors:
// ErrDamaged, and ErrTooBig above max bytes.
func (h *Held) Object(at, max int64) (object.Kind, []byte, error) { return h.p.read(at, max) }

// Damaged wraps err as ErrDamaged with the pack's name.
func (h *Held) Damaged(err error) error { return h.p.damaged(err) }

// Names lists the packs by name, without suffix.
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

// Count is the number of objects in packs whose idx can be read, each as often as it is there.
func (s *Store) Count() (n int64, err error) {
	set, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.release(set)
	for _, p := range set.packs {
		n += p.count()
	}
	return n, nil
}

// IsName tells whether git or timemachine would name a pack so, without suffix.
func IsName(name string) bool {
	hex, ok := strings.CutPrefix(name, "pack-")
	_, err := object.ParseID(hex)
	return ok && err == nil
}

// Commits calls f with each commit, in the order of the pack.
func (h *Held) Commits(f func(id object.ID, raw []byte) error) error {
	return durable.Guard(func() error {
		list, err := h.Places()
		if err != nil {
			return err
		}
		for i := range list {
			e := &list[i]
			if object.Kind(h.Entry(e)[0]>>4&7) != object.Commit {
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
