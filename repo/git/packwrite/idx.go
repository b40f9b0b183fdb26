package packwrite

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// WriteIdx writes the idx (version 2) of the finished pack to out. The caller syncs and names it.
func (w *Writer) WriteIdx(out io.Writer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		return errors.New("idx of an unfinished pack")
	}
	if err := writeIdx(out, &w.entries.entries, w.sum); err != nil {
		return fmt.Errorf("write idx of %q: %w", w.f.Name(), err)
	}
	return nil
}

// writeIdx writes the idx of a pack with the trailer packSum.
func writeIdx(out io.Writer, list *entries, packSum object.ID) error {
	order := byName(list)
	sum := sha1.New()
	buf := bufio.NewWriterSize(io.MultiWriter(out, sum), 64<<10)
	writeTables(buf, list, order)
	buf.Write(packSum[:])
	err := buf.Flush()
	if err == nil {
		_, err = out.Write(sum.Sum(nil))
	}
	return err
}

// byName returns the positions of the entries in the order of their names. Names are hashes: the
// first bytes nearly always tell two of them apart, and numbers of these are sorted in a quarter
// of the time.
func byName(list *entries) []uint32 {
	keys := make([]uint64, list.count()) // the first 32 bits of a name, and its position
	for i, e := range list.all() {
		keys[i] = uint64(binary.BigEndian.Uint32(e.id[:]))<<32 | uint64(i)
	}
	slices.Sort(keys)
	order := make([]uint32, len(keys))
	for i, key := range keys {
		order[i] = uint32(key)
	}
	for from := 0; from < len(keys); {
		to := from + 1
		for to < len(keys) && keys[to]>>32 == keys[from]>>32 {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(order[from:to], func(a, b uint32) int { return bytes.Compare(list.at(a).id[:], list.at(b).id[:]) })
		}
		from = to
	}
	return order
}

// writeTables writes everything before the two trailers. The bufio.Writer keeps the first error for
// its Flush.
func writeTables(buf *bufio.Writer, list *entries, order []uint32) {
	number := func(n uint32) { buf.Write(binary.BigEndian.AppendUint32(buf.AvailableBuffer(), n)) }
	buf.Write(pack.IdxMagic)
	at := 0
	for first := range 256 {
		for at < len(order) && int(list.at(order[at]).id[0]) <= first {
			at++
		}
		number(uint32(at))
	}
	for _, i := range order {
		buf.Write(list.at(i).id[:])
	}
	for _, i := range order {
		number(list.at(i).crc)
	}
	var large []int64
	for _, i := range order {
		offset := list.at(i).offset
		if offset < 1<<31 {
			number(uint32(offset))
			continue
		}
		number(1<<31 | uint32(len(large)))
		large = append(large, offset)
	}
	for _, offset := range large {
		buf.Write(binary.BigEndian.AppendUint64(buf.AvailableBuffer(), uint64(offset)))
	}
}
