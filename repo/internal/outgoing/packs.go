package outgoing

import (
	"errors"
	"fmt"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// packs reads the entries of a repository's packs. It keeps them open until close, also where a run
// or a gc removes them meanwhile. Not for concurrent use.
type packs struct {
	store *pack.Store
	held  []*heldPack
	last  int   // the pack that served last
	err   error // of a pack that cannot be opened
	exact bool  // the idx are compared with their checksums, ends are certain, bases named
	cache bodyCache
}

// openPacks opens the packs that are there now.
func openPacks(store *pack.Store) (*packs, error) {
	if err := store.Reload(); err != nil {
		return nil, err
	}
	names, err := store.Names()
	if err != nil {
		return nil, err
	}
	p := &packs{store: store}
	for _, name := range names {
		h, err := store.Hold(name)
		if err != nil {
			// Another pack may have its objects.
			p.err = err
			continue
		}
		p.held = append(p.held, &heldPack{Held: h})
	}
	return p, nil
}

func (p *packs) close() {
	for _, h := range p.held {
		h.Close()
	}
	p.held = nil
}

// heldPack is an open pack. It gets a table of its objects once many of them were looked for.
type heldPack struct {
	*pack.Held
	lookups int
	list    []pack.Place
	slots   []uint32 // number in list + 1 by the ID's first bytes, 0 for none
}

// mostLookups is how many entries are looked for in the idx. The table costs about as much.
const mostLookups = 100

// place is an object's number in the list; false where the pack does not hold it, or has no table.
func (h *heldPack) place(id object.ID) (n int, held, listed bool, err error) {
	if h.lookups <= mostLookups {
		return 0, false, false, nil
	}
	if h.list == nil {
		if h.list, err = h.Places(); err != nil {
			return 0, false, false, err
		}
		h.slots = make([]uint32, slotsFor(len(h.list)))
		for n := range h.list {
			at := firstSlot(h.list[n].ID, len(h.slots))
			for h.slots[at] != 0 {
				at = (at + 1) & (len(h.slots) - 1)
			}
			h.slots[at] = uint32(n + 1)
		}
	}
	for at := firstSlot(id, len(h.slots)); h.slots[at] != 0; at = (at + 1) & (len(h.slots) - 1) {
		if n := int(h.slots[at] - 1); h.list[n].ID == id {
			return n, true, true, nil
		}
	}
	return 0, false, true, nil
}

// find is where an object lies. Only where exact is set its end is certain, and the header names
// the base of every delta.
func (h *heldPack) find(id object.ID, exact bool) (pack.Place, pack.EntryHeader, bool, error) {
	h.lookups++
	n, held, listed, err := h.place(id)
	if err != nil || listed && !held {
		return pack.Place{}, pack.EntryHeader{}, false, err
	}
	if !listed && exact {
		return h.Find(id)
	}
	if !listed {
		at, ok, err := h.Offset(id)
		if err != nil || !ok {
			return pack.Place{}, pack.EntryHeader{}, false, err
		}
		head, err := h.Header(at)
		return pack.Place{ID: id, At: at, End: at + min(head.Size, h.Size()-at)}, head, err == nil, err
	}
	e := h.list[n]
	head, err := h.Header(e.At)
	if err == nil && exact && head.Kind == pack.OfsDelta {
		if n, ok := pack.FindPlace(h.list, e.At-head.Distance); ok {
			head.Base = h.list[n].ID
		}
	}
	return e, head, err == nil, err
}

// offset is where an object's entry begins.
func (h *heldPack) offset(id object.ID) (int64, bool, error) {
	n, held, listed, err := h.place(id)
	if err != nil || listed && !held {
		return 0, false, err
	}
	if !listed {
		return h.Offset(id)
	}
	return h.list[n].At, true, nil
}

// expect says how many entries will be looked for: for many, the tables are made at once.
func (p *packs) expect(n int) {
	if n > mostLookups {
		for _, h := range p.held {
			h.lookups = mostLookups + 1
		}
	}
}

// entry is where an object is stored: in a pack, or loose.
type entry struct {
	pack int32 // its number in packs.held; loose: -1
	head pack.EntryHeader
	pack.Place
}

const isLoose = -1

// lookIn calls f for each pack until f returns true, first for the one that served last.
func (p *packs) lookIn(f func(h *heldPack) (bool, error)) (int32, error) {
	for i := -1; i < len(p.held); i++ {
		n := i
		switch {
		case i < 0 && len(p.held) == 0 || i == p.last:
			continue
		case i < 0:
			n = p.last
		}
		found := false
		err := durable.Guard(func() (err error) {
			found, err = f(p.held[n])
			return err
		})
		if err != nil {
			return isLoose, err
		}
		if found {
			p.last = n
			return int32(n), nil
		}
	}
	return isLoose, nil
}

// find is where an object is stored. The error is ErrNotFound where it is nowhere.
func (p *packs) find(id object.ID) (e entry, err error) {
	e.pack, err = p.lookIn(func(h *heldPack) (ok bool, err error) {
		if p.exact {
			if err := h.CheckIdx(); err != nil {
				return false, err
			}
		}
		e.Place, e.head, ok, err = h.find(id, p.exact)
		return ok, err
	})
	if err != nil || e.pack >= 0 {
		return e, err
	}
	e.Place = pack.Place{ID: id}
	size, kind, err := p.store.Size(id)
	if err != nil {
		return e, errors.Join(err, p.err)
	}
	e.head = pack.EntryHeader{Kind: uint8(kind), Size: size}
	return e, nil
}

// stored is about how many bytes the object takes in a pack.
func (e *entry) stored() int64 {
	if e.pack == isLoose {
		return e.head.Size
	}
	return e.End - e.At
}

// tree reads a tree. It keeps those that were read last, since one tree is mostly a delta of
// another that was needed just before.
func (p *packs) tree(id object.ID) ([]byte, error) {
	if id.IsZero() || id == object.EmptyTree {
		return nil, nil
	}
	var at int64
	n, err := p.lookIn(func(h *heldPack) (ok bool, err error) {
		at, ok, err = h.offset(id)
		return ok, err
	})
	if err != nil {
		return nil, err
	}
	if n == isLoose {
		return p.looseTree(id)
	}
	var b body
	err = durable.Guard(func() (err error) {
		b, err = p.body(n, at)
		return err
	})
	if err == nil && b.kind != object.Tree {
		err = fmt.Errorf("object %s is a %s, not a tree", id, b.kind)
	}
	return b.raw, err
}

func (p *packs) looseTree(id object.ID) ([]byte, error) {
	key := bodyKey{pack: isLoose, id: id}
	if b, ok := p.cache.get(key); ok {
		return b.raw, nil
	}
	raw, err := p.store.ReadTree(id)
	if err != nil {
		return nil, errors.Join(err, p.err)
	}
	p.cache.put(key, body{object.Tree, raw})
	return raw, nil
}

// body makes the object whose entry begins at offset at of pack n, from the nearest base that is
// kept.
func (p *packs) body(n int32, at int64) (body, error) {
	h := p.held[n]
	type link struct {
		at   int64
		head pack.EntryHeader
	}
	var chain []link
	var b body
	for {
		var ok bool
		if b, ok = p.cache.get(bodyKey{pack: n, at: at}); ok {
			break
		}
		head, err := h.Header(at)
		if err != nil {
			return b, err
		}
		z := h.From(at + int64(head.Len))
		if head.Kind != pack.OfsDelta && head.Kind != pack.RefDelta {
			raw, err := deflate.Inflate(z, head.Size, maxMade)
			if err != nil {
				return b, h.Damaged(err)
			}
			b = body{object.Kind(head.Kind), raw}
			p.cache.put(bodyKey{pack: n, at: at}, b)
			break
		}
		chain = append(chain, link{at, head})
		base := at - head.Distance
		if head.Kind == pack.RefDelta {
			base, ok, err = h.offset(head.Base)
			if err == nil && !ok {
				err = h.Damaged(fmt.Errorf("delta base %s absent", head.Base))
			}
			if err != nil {
				return b, err
			}
		}
		if len(chain) > maxChain {
			return b, h.Damaged(errors.New("delta chain too long"))
		}
		at = base
	}
	for i := len(chain) - 1; i >= 0; i-- {
		l := chain[i]
		d, err := deflate.Inflate(h.From(l.at+int64(l.head.Len)), l.head.Size, maxMade)
		if err == nil {
			b.raw, err = delta.Apply(b.raw, d, maxMade)
		}
		if err != nil {
			return b, h.Damaged(err)
		}
		if i == 0 || i%chainStep == 0 {
			p.cache.put(bodyKey{pack: n, at: l.at}, b)
		}
	}
	return b, nil
}

const (
	maxChain  = 4095    // of deltas, as git writes them
	chainStep = 8       // every so many deltas of a chain a body is kept
	maxMade   = 1 << 30 // bytes of a tree in memory
)

// body is an object's bytes.
type body struct {
	kind object.Kind
	raw  []byte
}

// bodyKey names a body by the place of its entry, or by its ID where it is loose.
type bodyKey struct {
	pack int32
	at   int64
	id   object.ID
}

// maxCached is how many bytes each generation of a bodyCache keeps.
const maxCached = 6 << 20

// bodyCache keeps the bodies that were used last, in two generations: when the young one is full,
// it becomes the old one.
type bodyCache struct {
	young, old map[bodyKey]body
	size       int // bytes in young
}

func (c *bodyCache) get(key bodyKey) (body, bool) {
	if b, ok := c.young[key]; ok {
		return b, true
	}
	b, ok := c.old[key]
	if ok {
		c.put(key, b)
	}
	return b, ok
}

func (c *bodyCache) put(key bodyKey, b body) {
	if c.young == nil || c.size+len(b.raw) > maxCached {
		c.young, c.old, c.size = map[bodyKey]body{}, c.young, 0
	}
	c.young[key] = b
	c.size += len(b.raw) + 64
}
