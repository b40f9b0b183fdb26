package outgoing

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// WritePack writes the objects of a batch to w as a pack, and returns its length in bytes. Deltas
// may stand on objects of earlier batches, and on objects that the remote has. The same batch gives
// the same pack as long as the repository's packs are the same.
//
// After an error w holds a pack without a trailer, which no git accepts. Errors: ctx's, w's, and
// those of a damaged history.
func (o *Outgoing) WritePack(ctx context.Context, w io.Writer, b Batch) (bytes int64, err error) {
	p, err := openPacks(o.c.Store)
	if err != nil {
		return 0, err
	}
	defer p.close()
	p.exact = true
	k := &packing{Outgoing: o, ctx: ctx, batch: b, packs: p, sum: sha1.New(), deflate: deflate.New(deflate.Options{})}
	k.out = bufio.NewWriterSize(io.MultiWriter(w, k.sum), 64<<10)
	if err := k.plan(); err != nil {
		return 0, k.damaged(err)
	}
	err = k.write()
	if err == nil {
		_, err = w.Write(k.sum.Sum(nil))
		k.size += int64(k.sum.Size())
	}
	o.c.Store.Trim()
	return k.size, k.damaged(err)
}

// packing is the state of one WritePack.
type packing struct {
	*Outgoing
	ctx     context.Context
	batch   Batch
	packs   *packs
	entries []entry  // of the batch's objects, by number
	order   []uint32 // their numbers, less batch.from, in the order of writing
	written []written

	out     *bufio.Writer
	sum     hash.Hash
	size    int64 // written so far
	trimmed int64 // size when the mapped pages were given back
	deflate *deflate.Deflater
}

// written is what has become of an object.
type written struct {
	at      int64 // offset in the new pack; 0 before it is written
	depth   uint16
	started bool
}

// deepest is how many deltas are stacked at most on one that is made for a push.
const deepest = 50

// damaged words an error that says that an object is damaged or missing.
func (k *packing) damaged(err error) error {
	if !errors.Is(err, object.ErrDamaged) && !errors.Is(err, object.ErrNotFound) {
		return err
	}
	return k.c.Damaged("an object to push cannot be read", err)
}

// plan finds where each object is stored.
func (k *packing) plan() error {
	ids := k.objects.ids[k.batch.from:k.batch.to]
	k.packs.expect(len(ids))
	k.entries, k.order, k.written = make([]entry, len(ids)), make([]uint32, len(ids)), make([]written, len(ids))
	for i, id := range ids {
		if err := k.ended(i); err != nil {
			return err
		}
		e, err := k.packs.find(id)
		if err != nil {
			return err
		}
		k.entries[i], k.order[i] = e, uint32(i)
	}
	// Commits first, as git does, and entries of one pack as they lie there: a base comes before
	// its deltas then, and the disk is read forward. Loose objects stay in the order of the line.
	slices.SortStableFunc(k.order, func(a, b uint32) int {
		x, y := &k.entries[a], &k.entries[b]
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.pack, y.pack), cmp.Compare(x.At, y.At))
	})
	return nil
}

func (e *entry) rank() int {
	if object.Kind(e.head.Kind) == object.Commit {
		return 0
	}
	return 1
}

func (k *packing) ended(i int) error {
	if i%256 == 0 {
		return k.ctx.Err()
	}
	return nil
}

// write writes all but the trailer.
func (k *packing) write() error {
	head := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(k.entries)))
	if err := k.put(head); err != nil {
		return err
	}
	for n, i := range k.order {
		if err := k.ended(n); err != nil {
			return err
		}
		if err := k.object(int(i)); err != nil {
			return err
		}
		if k.size-k.trimmed > mostMapped {
			k.trimmed = k.size
			k.c.Store.Trim()
		}
	}
	return k.out.Flush()
}

// mostMapped is about how many bytes of the packs stay in memory.
const mostMapped = 16 << 20

func (k *packing) put(b []byte) error {
	n, err := k.out.Write(b)
	k.size += int64(n)
	return err
}

// object writes an object, unless it is written, after the base of its delta.
func (k *packing) object(i int) error {
	if k.written[i].started {
		return nil
	}
	k.written[i].started = true
	e := &k.entries[i]
	switch {
	case e.pack == isLoose:
		return k.anew(i)
	case e.head.Kind == pack.OfsDelta || e.head.Kind == pack.RefDelta:
		base, ok, err := k.base(e.head.Base)
		if err != nil {
			return err
		}
		if !ok {
			return k.anew(i)
		}
		return k.copy(i, k.head(i, e.head.Size, base))
	case object.Kind(e.head.Kind) == object.Tree && e.head.Size > largeTree:
		if before, ok := k.atRemote(i); ok {
			return k.make(i, before, ok)
		}
	}
	k.begin(i, 0)
	return k.copy(i, pack.AppendHeader(nil, e.head.Kind, e.head.Size))
}

// largeTree is above how many bytes a tree is not sent whole where the remote has a version before
// it: a few files have changed, and a tree hardly compresses.
const largeTree = 4 << 10

// mostVersions is how many versions back atRemote looks.
const mostVersions = 1000

// atRemote is the newest of the versions before an object that the remote has.
func (k *packing) atRemote(i int) (base, bool) {
	n := int(k.batch.from) + i
	for range mostVersions {
		before := k.before[n]
		switch {
		case before == 0 || k.batch.NoThin:
			return base{}, false
		case before&knownBit != 0:
			return base{id: k.known.ids[before&^knownBit-1]}, true
		}
		if n = int(before - 1); n < int(k.batch.from) {
			return base{id: k.objects.ids[n]}, true
		}
	}
	return base{}, false
}

// base is an object that a delta can stand on.
type base struct {
	id    object.ID
	at    int64 // in this pack; 0: at the remote
	depth uint16
}

// base looks for the object a delta stands on, and writes it first where it is of this batch. It is
// false where the remote may lack the object, or where the object itself waits for the delta.
func (k *packing) base(id object.ID) (base, bool, error) {
	n, ok := k.objects.find(id)
	if !ok || n >= int(k.batch.to) {
		_, ok = k.known.find(id)
		return base{id: id}, ok && !k.batch.NoThin, nil
	}
	return k.numbered(n)
}

// numbered is base for the object of a number.
func (k *packing) numbered(n int) (base, bool, error) {
	id := k.objects.ids[n]
	i := n - int(k.batch.from)
	if i < 0 {
		return base{id: id}, !k.batch.NoThin, nil // of an earlier batch
	}
	if err := k.object(i); err != nil {
		return base{}, false, err
	}
	w := k.written[i]
	return base{id, w.at, w.depth}, w.at > 0, nil
}

// head begins an object's entry as a delta of size bytes.
func (k *packing) head(i int, size int64, b base) []byte {
	k.begin(i, b.depth+1)
	if b.at == 0 || k.batch.NoOffsets {
		return append(pack.AppendHeader(nil, pack.RefDelta, size), b.id[:]...)
	}
	return pack.AppendDistance(pack.AppendHeader(nil, pack.OfsDelta, size), k.size-b.at)
}

func (k *packing) begin(i int, depth uint16) { k.written[i].at, k.written[i].depth = k.size, depth }

// pieceLen is how many bytes of a large entry are written at a time.
const pieceLen = 1 << 20

// copy writes an entry's zlib stream as it is stored, behind a header. The entry differs from its
// checksum: a small one is not written then, a large one not to its end.
func (k *packing) copy(i int, head []byte) error {
	e := &k.entries[i]
	h := k.packs.held[e.pack]
	if err := k.put(head); err != nil {
		return err
	}
	return durable.Guard(func() error {
		if e.End-e.At > pieceLen {
			return k.copyLarge(h, e)
		}
		raw, err := h.CheckedEntry(&e.Place)
		if err != nil {
			return err
		}
		return k.put(raw[e.head.Len:])
	})
}

// copyLarge does not keep the pages of the pack in memory that it has passed.
func (k *packing) copyLarge(h *heldPack, e *entry) error {
	mapped := h.From(0)
	sum := crc32.ChecksumIEEE(mapped[e.At : e.At+int64(e.head.Len)])
	for at := e.At + int64(e.head.Len); at < e.End; at += pieceLen {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		piece := mapped[at:min(at+pieceLen, e.End)]
		sum = crc32.Update(sum, crc32.IEEETable, piece)
		if err := k.put(piece); err != nil {
			return err
		}
		durable.ForgetPages(mapped, at, at+int64(len(piece)))
	}
	if sum != e.CRC {
		return h.Damaged(fmt.Errorf("offset %d: checksum differs from the idx's", e.At))
	}
	return nil
}

// mostDelta is the largest object, in bytes, of which a delta is made for a push.
const mostDelta = 8 << 20

// anew writes an object whose entry cannot be copied: as a delta of the version before it, or
// whole.
func (k *packing) anew(i int) error {
	// The version before is written first: its contents need not lie in memory beside this one.
	before, ok, err := k.predecessor(i)
	if err != nil {
		return err
	}
	return k.make(i, before, ok)
}

// make writes an object as a delta of an older version, if there is one and it helps, else whole.
func (k *packing) make(i int, before base, ok bool) error {
	id := k.entries[i].ID
	size, kind, err := k.c.Store.Size(id)
	if err != nil {
		return err
	}
	if size > mostDelta && kind == object.Blob {
		return k.stream(i, id)
	}
	content, err := k.read(id, kind)
	if err != nil {
		return err
	}
	if ok && size <= mostDelta && before.depth < deepest {
		if d := k.between(kind, before.id, content); d != nil {
			z := k.deflate.Delta(d)
			defer z.Free()
			return k.putEntry(k.head(i, int64(len(d)), before), z.Bytes())
		}
	}
	k.begin(i, 0)
	z := k.deflate.Object(kind, content)
	defer z.Free()
	return k.putEntry(pack.AppendHeader(nil, uint8(kind), int64(len(content))), z.Bytes())
}

func (k *packing) putEntry(head, z []byte) error {
	if err := k.put(head); err != nil {
		return err
	}
	return k.put(z)
}

// read reads an object and compares it with its name.
func (k *packing) read(id object.ID, kind object.Kind) (content []byte, err error) {
	if kind == object.Tree {
		content, err = k.packs.tree(id) // its neighbours follow
	} else {
		_, content, err = k.c.Store.Read(id)
	}
	if err == nil && object.Hash(kind, content) != id {
		err = fmt.Errorf("object %s: %w: its content is that of another object", id, object.ErrDamaged)
	}
	return content, err
}

// predecessor is the version before an object, if a delta can stand on it.
func (k *packing) predecessor(i int) (base, bool, error) {
	n := k.before[int(k.batch.from)+i]
	switch {
	case n == 0:
		return base{}, false, nil
	case n&knownBit != 0:
		return base{id: k.known.ids[n&^knownBit-1]}, !k.batch.NoThin, nil
	}
	return k.numbered(int(n - 1))
}

// between is the delta that makes content of an older version; nil where that cannot be read, or
// the delta saves too little.
func (k *packing) between(kind object.Kind, old object.ID, content []byte) []byte {
	size, was, err := k.c.Store.Size(old)
	if err != nil || was != kind || size > mostDelta {
		return nil
	}
	from, err := k.read(old, kind)
	if err != nil {
		return nil
	}
	var d []byte
	if kind == object.Tree {
		d = delta.BetweenTrees(from, content)
	} else {
		d = delta.Between(from, content, len(content)/2)
	}
	if d == nil || len(d) >= len(content)/2 {
		return nil
	}
	return d
}

// stream writes a large blob whole in bounded memory, and compares it with its name on the way.
func (k *packing) stream(i int, id object.ID) error {
	r, size, err := k.c.Store.Stream(id)
	if err != nil {
		return err
	}
	defer r.Close()
	content := object.NewBlobReader(io.NopCloser(r), size, id)
	k.begin(i, 0)
	if err := k.put(pack.AppendHeader(nil, uint8(object.Blob), size)); err != nil {
		return err
	}
	return k.deflate.Copy(k.ctx, content, k.put)
}
