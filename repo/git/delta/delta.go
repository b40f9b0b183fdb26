// Package delta makes and applies deltas: the instructions that turn one object's bytes into
// another's.
//
// Layout, from git's Documentation/gitformat-pack:
//
//	delta        size of the base, size of the result, instructions
//	size         little-endian groups of 7 bits; the top bit is set in all but the last byte
//	instruction  top bit set: copy from the base. Bits 0-3 say which of 4 bytes of the offset
//	             follow, bits 4-6 which of 3 bytes of the size, both little-endian; size 0 is
//	             0x10000. Top bit clear: insert the 1 to 127 bytes that follow. 0 is reserved.
package delta

import (
	"errors"

	"timemachine/repo/git/object"
)

// Longest copy and insert of one instruction. Copies of more than 64 KiB exist in pack version 3
// only.
const (
	maxCopy   = 0x10000
	maxInsert = 127
)

var ErrMalformed = errors.New("malformed delta")

// AppendEdit appends the delta of one known edit: in a base of baseLen bytes, the oldLen bytes at
// pos became newRaw[pos:pos+newLen].
func AppendEdit(d []byte, baseLen int, newRaw []byte, pos, oldLen, newLen int) []byte {
	d = appendHead(d, baseLen, len(newRaw))
	d = appendCopy(d, 0, pos)
	d = appendInsert(d, newRaw[pos:pos+newLen])
	return appendCopy(d, pos+oldLen, baseLen-pos-oldLen)
}

func appendHead(d []byte, base, result int) []byte { return appendSize(appendSize(d, base), result) }

func appendSize(d []byte, n int) []byte {
	for ; n >= 0x80; n >>= 7 {
		d = append(d, byte(n)|0x80)
	}
	return append(d, byte(n))
}

func appendCopy(d []byte, from, n int) []byte {
	for n > 0 {
		size := min(n, maxCopy)
		op := len(d)
		d = append(d, 0x80)
		for k := range 4 {
			if v := byte(from >> (8 * k)); v != 0 {
				d[op] |= 1 << k
				d = append(d, v)
			}
		}
		for k := range 2 { // none for 0x10000: both its low bytes are zero
			if v := byte(size >> (8 * k)); v != 0 {
				d[op] |= 0x10 << k
				d = append(d, v)
			}
		}
		from += size
		n -= size
	}
	return d
}

func appendInsert(d, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), maxInsert)
		d = append(append(d, byte(n)), p[:n]...)
		p = p[n:]
	}
	return d
}

// Apply makes the object that delta describes from base. It checks the instructions before it takes
// memory. A wrong size, a copy from outside the base, and a result over max bytes are errors.
func Apply(base, delta []byte, max int64) ([]byte, error) {
	return ApplyTo(nil, base, delta, max)
}

// ApplyTo is Apply in the memory of spare, where that is large enough.
func ApplyTo(spare, base, delta []byte, max int64) ([]byte, error) {
	want, ops, err := Sizes(delta, int64(len(base)))
	if err != nil {
		return nil, err
	}
	if want > max {
		return nil, object.ErrTooBig
	}
	if err := checkOps(ops, int64(len(base)), want); err != nil {
		return nil, err
	}
	out := spare[:0]
	if int64(cap(spare)) < want {
		out = make([]byte, 0, want+want/64) // the next version is often a little longer
	}
	for len(ops) > 0 {
		op, rest := cutOp(ops)
		if op.insert != nil {
			out = append(out, op.insert...)
		} else {
			out = append(out, base[op.from:op.from+op.n]...)
		}
		ops = rest
	}
	return out, nil
}

// Sizes reads the size of the result, and returns the instructions. The size of the base must be
// baseLen, unless baseLen is negative.
func Sizes(delta []byte, baseLen int64) (result int64, ops []byte, err error) {
	base, rest, ok1 := cutSize(delta)
	result, ops, ok2 := cutSize(rest)
	if !ok1 || !ok2 || (baseLen >= 0 && base != baseLen) {
		return 0, nil, ErrMalformed
	}
	return result, ops, nil
}

func cutSize(d []byte) (n int64, rest []byte, ok bool) {
	for i := 0; i < len(d) && i < 9; i++ {
		n |= int64(d[i]&0x7f) << (7 * i)
		if d[i]&0x80 == 0 {
			return n, d[i+1:], true
		}
	}
	return 0, nil, false
}

// checkOps checks that each instruction stays within the base, and that all together make exactly
// want bytes.
func checkOps(ops []byte, baseLen, want int64) error {
	for len(ops) > 0 {
		op, rest := cutOp(ops)
		if rest == nil || op.from+op.n > baseLen && op.insert == nil || op.n > want {
			return ErrMalformed
		}
		want -= op.n
		ops = rest
	}
	if want != 0 {
		return ErrMalformed
	}
	return nil
}

// instruction inserts bytes. Where insert is nil, it copies n bytes of the base.
type instruction struct {
	insert  []byte
	from, n int64
}

// cutOp takes the first instruction off. A nil rest says that the instruction is cut short or
// reserved.
func cutOp(ops []byte) (op instruction, rest []byte) {
	c := ops[0]
	ops = ops[1:]
	if c&0x80 == 0 {
		if c == 0 || len(ops) < int(c) {
			return instruction{}, nil
		}
		return instruction{insert: ops[:c], n: int64(c)}, ops[c:]
	}
	var v [7]int64
	for k := range v {
		if c&(1<<k) == 0 {
			continue
		}
		if len(ops) == 0 {
			return instruction{}, nil
		}
		v[k] = int64(ops[0])
		ops = ops[1:]
	}
	op.from = v[0] | v[1]<<8 | v[2]<<16 | v[3]<<24
	op.n = v[4] | v[5]<<8 | v[6]<<16
	if op.n == 0 {
		op.n = maxCopy
	}
	return op, ops
}
