package packwrite

import "timemachine/repo/git/object"

// The versions of a file or folder make a chain of deltas in a pack. Version v is a delta of
// version v - 16^k, where k is the number of zero hexadecimal digits that v ends in. Every 4096th
// version is whole. So at most three times fifteen deltas lead to any version, however long the
// history is.
//
// Each entry tells its k itself: the first two bytes of a zlib stream have a field (FLEVEL) that no
// reader acts on. Back from a version, the numbers of deltas of each k are the digits of its
// number.
const (
	chainRadix = 16
	maxDepth   = 63 // of a chain; those a Writer begins stay at 45, merged packs join them
)

// step is how far back in the chain a delta's base is.
type step uint8

const (
	stepOne  step = iota // the version before
	stepTen              // 16 versions back
	stepFar              // 256 versions back
	stepHead             // was a whole object, the first of its chain, before packs were merged
)

// zlibHeaders are the four spellings of "deflate, 32 KiB window, no dictionary" (RFC 1950). Most
// entries have the first one, as deflate usually writes it.
var zlibHeaders = [4][2]byte{stepOne: {0x78, 0x9c}, stepTen: {0x78, 0x5e}, stepFar: {0x78, 0xda}, stepHead: {0x78, 0x01}}

func (s step) zlibHeader() []byte { return zlibHeaders[s][:] }

// stepOf reads the step from the start of a delta entry's zlib stream.
func stepOf(z []byte) step {
	for s, h := range zlibHeaders {
		if len(z) > 1 && z[0] == h[0] && z[1] == h[1] {
			return step(s)
		}
	}
	return stepOne
}

// next is the base for the version that follows prev, and how far back the base is. It is false
// where the version must be whole: prev is not in this pack, or its chain ends here.
func (w *Writer) next(prev object.ID) (base object.ID, by step, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.entries.find(prev)
	if !ok {
		return base, 0, false
	}
	for by = stepOne; by < stepHead; by++ {
		last, n := w.entries.at(i), 0
		for e := last; e.base > 0 && e.step == by; e = w.entries.at(i) {
			i = e.base - 1
			n++
		}
		if n < chainRadix-1 && last.depth < maxDepth {
			return last.id, by, true
		}
	}
	return base, 0, false
}
