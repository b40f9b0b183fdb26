package pack

import (
	"errors"
	"math"

	"timemachine/repo/git/object"
)

// Entry kinds that name a base; object.Kind covers the whole ones.
const (
	ofsDelta = 6
	refDelta = 7
)

const (
	packHeaderLen = 12
)

var errEntry = errors.New("malformed entry header")

// appendHeader writes kind and inflated size.
func appendHeader(b []byte, kind uint8, size int64) []byte {
	c := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		b = append(b, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(b, c)
}

// appendDistance writes how far back an OFS_DELTA's base begins. One is taken off at each group but the last, so that
// no distance has two spellings.
func appendDistance(b []byte, n int64) []byte {
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

// entryHeader is what stands before an entry's zlib stream.
type entryHeader struct {
	kind     uint8
	size     int64 // inflated: of the object, or of the delta
	distance int64 // OFS_DELTA
	base     object.ID
	n        int // bytes of the header
}

func (h entryHeader) isDelta() bool { return h.kind == ofsDelta || h.kind == refDelta }

// parseHeader reads the header that b begins with. Sizes over an int64 and kinds git does not define are errors.
func parseHeader(b []byte) (entryHeader, error) {
	if len(b) == 0 {
		return entryHeader{}, errEntry
	}
	h := entryHeader{kind: b[0] >> 4 & 7, n: 1}
	size, shift := uint64(b[0]&15), 4
	for b[h.n-1]&0x80 != 0 {
		if h.n >= len(b) || shift > 60 {
			return entryHeader{}, errEntry
		}
		size |= uint64(b[h.n]&0x7f) << shift
		shift += 7
		h.n++
	}
	if h.kind == 0 || h.kind == 5 || size > math.MaxInt64 {
		return entryHeader{}, errEntry
	}
	h.size = int64(size)
	return h.parseBase(b)
}

func (h entryHeader) parseBase(b []byte) (entryHeader, error) {
	switch h.kind {
	case ofsDelta:
		distance, n := parseDistance(b[h.n:])
		if n == 0 {
			return entryHeader{}, errEntry
		}
		h.distance = distance
		h.n += n
	case refDelta:
		if len(b)-h.n < object.IDLen {
			return entryHeader{}, errEntry
		}
		h.base = object.ID(b[h.n : h.n+object.IDLen])
		h.n += object.IDLen
	}
	return h, nil
}

// parseDistance returns zero bytes read when b holds no distance of up to 62 bits.
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
