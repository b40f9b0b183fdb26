package outgoing

import (
	"encoding/binary"

	"timemachine/repo/git/object"
)

// idSet numbers objects in the order in which they were added, from 0. An object takes 20 bytes,
// and 8 to 16 in the table.
type idSet struct {
	ids   []object.ID
	slots []uint32 // number + 1 by the ID's first bytes, 0 for none; the length is a power of two
}

// find is an object's number.
func (s *idSet) find(id object.ID) (int, bool) {
	if len(s.slots) == 0 {
		return 0, false
	}
	for i := s.slot(id); s.slots[i] != 0; i = (i + 1) & (len(s.slots) - 1) {
		if n := int(s.slots[i] - 1); s.ids[n] == id {
			return n, true
		}
	}
	return 0, false
}

// add numbers an object; fresh is false where it had a number.
func (s *idSet) add(id object.ID) (n int, fresh bool) {
	if n, ok := s.find(id); ok {
		return n, false
	}
	s.ids = append(s.ids, id)
	if 2*len(s.ids) > len(s.slots) {
		s.slots = make([]uint32, max(64, 2*len(s.slots)))
		for n := range s.ids {
			s.enter(n)
		}
	} else {
		s.enter(len(s.ids) - 1)
	}
	return len(s.ids) - 1, true
}

// reserve makes space for n objects in an empty set.
func (s *idSet) reserve(n int) { s.ids, s.slots = make([]object.ID, 0, n), make([]uint32, slotsFor(n)) }

func (s *idSet) enter(n int) {
	i := s.slot(s.ids[n])
	for s.slots[i] != 0 {
		i = (i + 1) & (len(s.slots) - 1)
	}
	s.slots[i] = uint32(n + 1)
}

func (s *idSet) slot(id object.ID) int { return firstSlot(id, len(s.slots)) }

// firstSlot is where the search for an ID begins in a table of size slots, a power of two. IDs are
// hashes themselves.
func firstSlot(id object.ID, size int) int {
	return int(binary.BigEndian.Uint64(id[:])) & (size - 1)
}

// slotsFor is the size of a table for n objects.
func slotsFor(n int) int {
	size := 64
	for size < 2*n {
		size *= 2
	}
	return size
}
