package delta

import (
	"bytes"
	"math/bits"
)

const (
	minBlock  = 16      // bytes that must agree before a copy is worth looking for
	maxBlock  = 4 << 10 // of the blocks of a large base
	maxBlocks = 1 << 18 // of the table that finds them: one or two MiB
)

// Between makes the instructions that turn base into target. They copy the common start and end,
// and the blocks between that it finds again. It is nil where they would take more than limit
// bytes. Neither object may pass 4 GiB.
func Between(base, target []byte, limit int) []byte {
	start := commonStart(base, target)
	end := commonEnd(base[start:], target[start:])
	s := search{base: base[start : len(base)-end], from: start, limit: limit}
	s.delta = appendCopy(appendHead(nil, len(base), len(target)), 0, start)
	s.run(target[start : len(target)-end])
	s.delta = appendCopy(s.delta, len(base)-end, end)
	if len(s.delta) > limit {
		return nil
	}
	return s.delta
}

func commonStart(a, b []byte) int {
	n, step := min(len(a), len(b)), 4096
	i := 0
	for ; n-i >= step && bytes.Equal(a[i:i+step], b[i:i+step]); i += step {
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func commonEnd(a, b []byte) int {
	n, step := min(len(a), len(b)), 4096
	i := 0
	for ; n-i >= step && bytes.Equal(a[len(a)-i-step:len(a)-i], b[len(b)-i-step:len(b)-i]); i += step {
	}
	for i < n && a[len(a)-i-1] == b[len(b)-i-1] {
		i++
	}
	return i
}

// search finds stretches of the target in base, whose blocks it lists by their hash.
type search struct {
	base  []byte
	from  int // offset of base in the whole base
	limit int
	delta []byte

	block int
	power rolling  // what a byte that leaves a block was multiplied by
	shift int      // of a hash to its place in the table
	table []uint32 // 1 + number of the block in base; 0: none
}

// run appends the instructions for target.
func (s *search) run(target []byte) {
	if len(s.base) < minBlock || len(target) < minBlock {
		s.delta = appendInsert(s.delta, target)
		return
	}
	s.index()
	done := 0 // of target, in instructions
	for i := 0; i+s.block <= len(target) && len(s.delta) <= s.limit; {
		h := hashBlock(target[i : i+s.block])
		for {
			if at, ok := s.find(h, target[i:i+s.block]); ok {
				i = s.copy(target, &done, i, at)
				break
			}
			if i+s.block >= len(target) {
				i = len(target)
				break
			}
			h = h.roll(target[i], target[i+s.block], s.power)
			i++
		}
	}
	s.delta = appendInsert(s.delta, target[done:])
}

func (s *search) index() {
	s.block = minBlock
	for s.block < maxBlock && len(s.base)/s.block > maxBlocks {
		s.block *= 2
	}
	s.power = power(s.block)
	n := min(len(s.base)/s.block, 2*maxBlocks)
	width := bits.Len(uint(n)) + 1
	s.table, s.shift = make([]uint32, 1<<width), 32-width
	for i := range n {
		slot := &s.table[hashBlock(s.base[i*s.block:(i+1)*s.block]).slot(s.shift)]
		if *slot == 0 {
			*slot = uint32(i + 1)
		}
	}
}

func (s *search) find(h rolling, block []byte) (at int, ok bool) {
	n := s.table[h.slot(s.shift)]
	if n == 0 {
		return 0, false
	}
	at = int(n-1) * s.block
	return at, bytes.Equal(s.base[at:at+s.block], block)
}

// copy inserts what was not found before target[i:], and copies the stretch around base[at:], as
// long as it can be in both directions. It returns where target goes on.
func (s *search) copy(target []byte, done *int, i, at int) int {
	n := commonStart(s.base[at:], target[i:])
	back := commonEnd(s.base[:at], target[*done:i])
	s.delta = appendInsert(s.delta, target[*done:i-back])
	s.delta = appendCopy(s.delta, s.from+at-back, back+n)
	*done = i + n
	return *done
}

// rolling is a polynomial hash of a block, which moves on byte by byte.
type rolling uint32

const multiplier = 0x01000193

func hashBlock(p []byte) (h rolling) {
	for _, b := range p {
		h = h*multiplier + rolling(b) + 1
	}
	return h
}

// roll moves the hash on by one byte: out leaves the block, in joins it.
func (h rolling) roll(out, in byte, power rolling) rolling {
	return h*multiplier + rolling(in) + 1 - (rolling(out)+1)*power
}

// power is multiplier to the power of n, the size of a block. n must be a power of two.
func power(n int) rolling {
	p := rolling(multiplier)
	for ; n > 1; n /= 2 {
		p *= p
	}
	return p
}

// slot spreads the hash over the table, because its low bits alone are weak.
func (h rolling) slot(shift int) uint32 { return uint32(h) * 0x9e3779b1 >> shift }
