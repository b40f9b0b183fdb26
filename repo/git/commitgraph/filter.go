package commitgraph

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// Filter is a Bloom filter of changed paths; nil where a commit has none.
type Filter []byte

// What git calls the filter's settings: with others it would take them for damaged or of another
// kind.
const (
	filterVersion = 1
	filterHashes  = 7
	filterBits    = 10  // an entry
	filterPaths   = 512 // the most a filter holds, folders included
)

// NewFilter is the filter of a commit that changes these slash-separated paths. It is nil where a
// path has a byte over 127, which versions of git hash differently.
func NewFilter(paths []string) Filter {
	if slices.ContainsFunc(paths, hasHighByte) {
		return nil
	}
	if len(paths) > filterPaths {
		return Filter{0xff}
	}
	entries := withFolders(paths)
	if len(entries) > filterPaths {
		return Filter{0xff}
	}
	f := make(Filter, max(1, (len(entries)*filterBits+7)/8))
	for _, e := range entries {
		f.each(e, func(at int, mask byte) bool {
			f[at] |= mask
			return true
		})
	}
	return f
}

// May tells whether the commit may have changed the path or something below it.
func (f Filter) May(path string) bool {
	may := true
	if len(f) > 0 && !hasHighByte(path) {
		f.each(path, func(at int, mask byte) bool {
			may = f[at]&mask != 0
			return may
		})
	}
	return may
}

// each calls set for the bits of an entry, until set returns false.
func (f Filter) each(entry string, set func(at int, mask byte) bool) {
	first, step := murmur3(0x293ae76f, entry), murmur3(0x7e646e2c, entry)
	for i := range uint32(filterHashes) {
		bit := uint64(first+i*step) % (uint64(len(f)) * 8)
		if !set(int(bit/8), 1<<(bit%8)) {
			return
		}
	}
}

func hasHighByte(path string) bool {
	for i := range len(path) {
		if path[i] >= 0x80 {
			return true
		}
	}
	return false
}

// withFolders adds the folders above the paths, each once.
func withFolders(paths []string) []string {
	var all []string
	for _, p := range paths {
		for ; p != ""; p = p[:max(0, strings.LastIndexByte(p, '/'))] {
			all = append(all, p)
		}
	}
	if len(paths) > 1 {
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}

// murmur3 is the 32-bit hash of that name, for bytes up to 127.
func murmur3(h uint32, s string) uint32 {
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*0xcc9e2d51, 15) * 0x1b873593 }
	rest := []byte(s)
	for ; len(rest) >= 4; rest = rest[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(rest)), 13)*5 + 0xe6546b64
	}
	if len(rest) > 0 {
		var tail [4]byte
		copy(tail[:], rest)
		h ^= mix(binary.LittleEndian.Uint32(tail[:]))
	}
	h ^= uint32(len(s))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
