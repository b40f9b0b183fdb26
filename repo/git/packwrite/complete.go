package packwrite

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// Complete makes a pack that has arrived one for a repository, as git index-pack --fix-thin does:
// it appends the bases that the pack lacks, and writes the idx to out. data is the mapped pack, f
// its file, read gives an object of the repository. It returns the pack's trailer, by which git
// names it. Like Reindex it makes and hashes every object; errors and memory are as there, with
// those of read, of f and of ctx.
func Complete(ctx context.Context, f io.WriterAt, data []byte, out io.Writer, read func(object.ID) (object.Kind, []byte, error), max int64) (object.ID, error) {
	x := thin{reindex: reindex{ctx: ctx, data: data, max: max}, f: f, read: read}
	if err := durable.Guard(x.run); err != nil {
		return object.ID{}, err
	}
	return x.sum, writeIdx(out, &x.entries, x.sum)
}

// thin is the state of one Complete.
type thin struct {
	reindex
	f    io.WriterAt
	read func(object.ID) (object.Kind, []byte, error)
	sum  object.ID
}

func (x *thin) run() error {
	if err := x.name(); err != nil {
		return err
	}
	count := x.entries.count()
	end := int64(len(x.data) - object.IDLen)
	head := bytes.Clone(x.data[:pack.HeaderLen])
	var added bytes.Buffer
	compress := deflate.New(deflate.Options{})
	for _, id := range slices.SortedFunc(maps.Keys(x.named), func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) }) {
		if x.named[id] == nil {
			continue // a delta has made it meanwhile
		}
		kind, body, err := x.read(id)
		if errors.Is(err, object.ErrNotFound) {
			return damagedPack("a delta stands on %s, which the repository lacks", id)
		}
		if err == nil && object.Hash(kind, body) != id {
			err = fmt.Errorf("object %s: %w: its content is that of another object", id, object.ErrDamaged)
		}
		if err != nil {
			return err
		}
		e := packed{id: id, offset: end + int64(added.Len())}
		z := compress.Object(kind, body)
		raw := append(pack.AppendHeader(nil, uint8(kind), int64(len(body))), z.Bytes()...)
		z.Free()
		e.crc = crc32.ChecksumIEEE(raw)
		added.Write(raw)
		x.entries.add(e)
		if err := x.growOn(kind, body, x.kidsOf(&e)); err != nil {
			return err
		}
	}
	if err := x.checkNamed(count); err != nil {
		return err
	}
	if x.sum = object.ID(x.data[end:]); added.Len() == 0 {
		return nil
	}
	binary.BigEndian.PutUint32(head[8:], uint32(x.entries.count()))
	sum := sha1.New()
	sum.Write(head)
	sum.Write(x.data[pack.HeaderLen:end])
	sum.Write(added.Bytes())
	x.sum = object.ID(sum.Sum(nil))
	if _, err := x.f.WriteAt(append(added.Bytes(), x.sum[:]...), end); err != nil {
		return err
	}
	_, err := x.f.WriteAt(head[8:], 8)
	return err
}
