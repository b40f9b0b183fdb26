package pack

import (
	"errors"
	"math"

	"timemachine/repo/git/object"
)

// Entry kinds that name a base; object.Kind covers the whole ones.
const (
	OfsDelta = 6
	RefDelta = 7
)

const HeaderLen = 12

var errEntry = errors.New("malformed entry header")

// AppendHeader appends an entry's kind and inflated size.
func AppendHeader(b []byte, kind uint8, size int64) []byte {
	c := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		b = append(b, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(b, c)
}

// AppendDistance appends how far back the base of an OFS_DELTA begins. Each group but the last
// stands for one more than it says, so that no distance has two spellings.
func AppendDistance(b []byte, n int64) []byte {
	var groups [10]byte
	i := len(groups) - 1
	groups[i] = byte(n & 0x7f)
	for n >>= 7; n > 0; n >>= 7 {
		n--
		i--
		groups[i] = 0x80 | byte(n&0x7f)
	}
	return append(b, groups[i:]...)
}

// EntryHeader is what stands before an entry's zlib stream.
type EntryHeader struct {
	Kind     uint8
	Size     int64     // inflated: of the object, or of the delta
	Distance int64     // OFS_DELTA
	Base     object.ID // REF_DELTA
	Len      int       // bytes of the header
}

func (h EntryHeader) isDelta() bool { return h.Kind == OfsDelta || h.Kind == RefDelta }

// ParseHeader reads the header at the start of b. A size over an int64 and a kind that git does not
// define are errors.
func ParseHeader(b []byte) (EntryHeader, error) {
	if len(b) == 0 {
		return EntryHeader{}, errEntry
	}
	h := EntryHeader{Kind: b[0] >> 4 & 7, Len: 1}
	size, shift := uint64(b[0]&15), 4
	for b[h.Len-1]&0x80 != 0 {
		if h.Len >= len(b) || shift > 60 {
			return EntryHeader{}, errEntry
		}
		size |= uint64(b[h.Len]&0x7f) << shift
		shift += 7
		h.Len++
	}
	if h.Kind == 0 || h.Kind == 5 || size > math.MaxInt64 {
		return EntryHeader{}, errEntry
	}
	h.Size = int64(size)
	return h.parseBase(b)
}

func (h EntryHeader) parseBase(b []byte) (EntryHeader, error) {
	switch h.Kind {
	case OfsDelta:
		distance, n := parseDistance(b[h.Len:])
		if n == 0 {
			return EntryHeader{}, errEntry
		}
		h.Distance = distance
		h.Len += n
	case RefDelta:
		if len(b)-h.Len < object.IDLen {
			return EntryHeader{}, errEntry
		}
		h.Base = object.ID(b[h.Len : h.Len+object.IDLen])
		h.Len += object.IDLen
	}
	return h, nil
}

// parseDistance reads a distance of at most 62 bits; n is 0 where b holds none.
func parseDistance(b []byte) (distance int64, n int) {
	for n < len(b) && n < 9 {
		c := b[n]
		n++
		distance = distance<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return distance, n
		}
		distance++
	}
	return 0, 0
}
