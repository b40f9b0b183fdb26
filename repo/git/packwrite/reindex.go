package packwrite

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// Reindex writes the idx of a mapped pack to out, from the bytes of the pack alone: it makes and
// hashes every object. It takes any pack that holds the base of each delta, as packs on disk do.
// The error is ErrDamaged where the pack differs from its own checksum or cannot be read; nothing
// is written then.
//
// Memory grows with the number of objects (100 bytes each) and with the objects along one chain of
// deltas; an object of over max bytes that deltas stand on is ErrTooBig.
func Reindex(out io.Writer, data []byte, max int64) error {
	x := reindex{ctx: context.Background(), data: data, max: max}
	if err := durable.Guard(x.run); err != nil {
		return err
	}
	return writeIdx(out, &x.entries, object.ID(data[len(data)-object.IDLen:]))
}

// reindex is the state of one Reindex.
type reindex struct {
	ctx  context.Context
	data []byte
	max  int64

	entries entries // by offset
	heads   []pack.EntryHeader
	kids    map[int64][]int32     // the deltas on the entry at an offset
	named   map[object.ID][]int32 // the deltas on an object, by its name
	made    int
}

func damagedPack(format string, args ...any) error {
	return fmt.Errorf("%w: %s", object.ErrDamaged, fmt.Sprintf(format, args...))
}

func (x *reindex) run() error {
	if err := x.name(); err != nil {
		return err
	}
	return x.checkNamed(x.entries.count())
}

// name names all objects that are whole or stand on a whole one in the pack.
func (x *reindex) name() error {
	if err := x.frame(); err != nil {
		return err
	}
	roots, err := x.scan()
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := x.grow(root); err != nil {
			return err
		}
	}
	return nil
}

// ended is the context's error. It looks for it at every 256th object.
func (x *reindex) ended(n int) error {
	if n%256 == 0 {
		return x.ctx.Err()
	}
	return nil
}

func (x *reindex) checkNamed(all int) error {
	if x.made < all {
		return damagedPack("%d of its deltas have no base", all-x.made)
	}
	return nil
}

// frame checks the pack's header and trailer.
func (x *reindex) frame() error {
	if len(x.data) < pack.HeaderLen+object.IDLen || string(x.data[:4]) != "PACK" {
		return damagedPack("no pack header")
	}
	if version := binary.BigEndian.Uint32(x.data[4:]); version != 2 && version != 3 {
		return damagedPack("pack version unknown")
	}
	end := len(x.data) - object.IDLen
	if sum := sha1.Sum(x.data[:end]); !bytes.Equal(sum[:], x.data[end:]) {
		return damagedPack("its checksum does not match")
	}
	return nil
}

// scan lists the entries, names the whole objects, and notes which deltas stand on what.
func (x *reindex) scan() (roots []int32, err error) {
	count := binary.BigEndian.Uint32(x.data[8:])
	x.kids, x.named = map[int64][]int32{}, map[object.ID][]int32{}
	at, end := int64(pack.HeaderLen), int64(len(x.data)-object.IDLen)
	for at < end {
		i := x.entries.count()
		if err := x.ended(i); err != nil {
			return nil, err
		}
		if uint32(i) == count || i == math.MaxInt32 {
			return nil, damagedPack("it holds more objects than it says")
		}
		head, err := pack.ParseHeader(x.data[at:end])
		if err != nil {
			return nil, damagedPack("offset %d: %v", at, err)
		}
		e := packed{offset: at}
		var h hash.Hash
		var content io.Writer = io.Discard
		switch head.Kind {
		case pack.OfsDelta:
			x.kids[at-head.Distance] = append(x.kids[at-head.Distance], int32(i))
		case pack.RefDelta:
			x.named[head.Base] = append(x.named[head.Base], int32(i))
		default:
			h = sha1.New()
			fmt.Fprintf(h, "%s %d\x00", object.Kind(head.Kind), head.Size)
			content = h
			roots = append(roots, int32(i))
		}
		n, err := deflate.InflateTo(content, x.data[at+int64(head.Len):end], head.Size)
		if err != nil {
			return nil, damagedPack("offset %d: %v", at, err)
		}
		if h != nil {
			e.id = object.ID(h.Sum(nil))
		}
		next := at + int64(head.Len) + int64(n)
		e.crc = crc32.ChecksumIEEE(x.data[at:next])
		x.entries.add(e)
		x.heads = append(x.heads, head)
		at = next
	}
	if uint32(x.entries.count()) != count {
		return nil, damagedPack("it holds fewer objects than it says")
	}
	return roots, nil
}

// waiting is a delta whose base is made.
type waiting struct {
	at   int32
	base []byte
}

// grow names all objects that deltas make of a whole one.
func (x *reindex) grow(root int32) error {
	e, head := x.entries.at(uint32(root)), x.heads[root]
	x.made++
	kids := x.kidsOf(e)
	if len(kids) == 0 {
		return nil
	}
	body, err := deflate.Inflate(x.data[e.offset+int64(head.Len):], head.Size, x.max)
	if err != nil {
		return err
	}
	return x.growOn(object.Kind(head.Kind), body, kids)
}

// kidsOf lists the deltas on an entry that has its name. An object may be there twice: its first
// entry gets the deltas that name it.
func (x *reindex) kidsOf(e *packed) []int32 {
	named := x.named[e.id]
	delete(x.named, e.id)
	return append(x.kids[e.offset], named...)
}

// growOn names all objects that the deltas kids, and those on them, make of an object.
func (x *reindex) growOn(kind object.Kind, body []byte, kids []int32) error {
	var stack []waiting
	push := func(kids []int32, body []byte) {
		for _, kid := range kids {
			stack = append(stack, waiting{kid, body})
		}
	}
	for push(kids, body); len(stack) > 0; {
		w := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		body, err := x.body(w.at, w.base)
		if err == nil {
			err = x.ended(x.made)
		}
		if err != nil {
			return err
		}
		e := x.entries.at(uint32(w.at))
		e.id = object.Hash(kind, body)
		x.made++
		push(x.kidsOf(e), body)
	}
	return nil
}

// body makes the object of a delta entry.
func (x *reindex) body(at int32, base []byte) ([]byte, error) {
	e, head := x.entries.at(uint32(at)), x.heads[at]
	d, err := deflate.Inflate(x.data[e.offset+int64(head.Len):], head.Size, x.max)
	if err == nil {
		d, err = delta.Apply(base, d, x.max)
	}
	if err != nil && !errors.Is(err, object.ErrTooBig) {
		err = damagedPack("offset %d: %v", e.offset, err)
	}
	return d, err
}
