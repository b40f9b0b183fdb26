package pack

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
)

// member is an object of a pack under check. It has 40 bytes, since a pack can have millions.
type member struct {
	offset, end int64
	name        uint32 // its place among the idx's names
	parent      int32  // of a delta: the place of its base, by offset; else noMember
	kid, next   int32  // the first delta on this one, and the next on the same base
	reached     bool
}

const noMember = -1

// packCheck is the state of the check of one pack.
type packCheck struct {
	*checker
	p    *packFile
	x    *idx
	data []byte
	all  []member // by offset
}

// count is the number of objects, 0 where the idx cannot be read.
func (p *packFile) count() (n int64) {
	_ = durable.Guard(func() error { // who reads an object meets the fault as well
		x, err := p.index()
		if err == nil {
			n = int64(x.count)
		}
		return err
	})
	return n
}

// pack checks one pack; spread runs its independent parts.
func (c *checker) pack(p *packFile, spread func(n int, do func(int))) {
	k := &packCheck{checker: c, p: p}
	err := durable.Guard(k.open)
	if vanished(err) {
		return
	}
	if err != nil {
		file := p.base + ".pack"
		if k.x == nil {
			file = p.base + ".idx"
		}
		c.report(file, object.ID{}, err)
		return
	}
	if c.o.Quick {
		return
	}
	roots := k.link()
	spread(len(roots)+2, func(i int) {
		switch i {
		case 0:
			k.sums(p.base+".pack", k.data)
		case 1:
			k.sums(p.base+".idx", k.x.data)
		default:
			k.grow(roots[i-2])
		}
	})
	if c.ctx.Err() == nil {
		k.unreached()
	}
}

// open maps the pack and lists its members by offset.
func (k *packCheck) open() (err error) {
	if k.x, err = k.p.index(); err != nil {
		return err
	}
	if k.data, err = k.p.bytes(); err != nil {
		return err
	}
	k.all = make([]member, k.x.count)
	var last []byte
	for i := range k.all {
		name := k.x.id(i)
		if bytes.Compare(last, name) >= 0 && i > 0 {
			return errors.New("idx names out of order")
		}
		last = name
		offset, err := k.x.offset(i)
		if err != nil {
			return err
		}
		k.all[i] = member{offset: offset, name: uint32(i), parent: noMember, kid: noMember, next: noMember}
	}
	slices.SortFunc(k.all, func(a, b member) int { return int(min(1, max(-1, a.offset-b.offset))) })
	end := int64(len(k.data) - object.IDLen)
	for i := len(k.all) - 1; i >= 0; i-- {
		if m := &k.all[i]; m.offset < HeaderLen || m.offset >= end {
			return fmt.Errorf("idx offset %d out of range", m.offset)
		}
		k.all[i].end, end = end, k.all[i].offset
	}
	return nil
}

func (k *packCheck) sums(file string, data []byte) {
	const piece = 16 << 20
	h := sha1.New()
	err := durable.Guard(func() error {
		body, sum := data[:len(data)-object.IDLen], data[len(data)-object.IDLen:]
		for len(body) > 0 && k.ctx.Err() == nil {
			n := min(len(body), piece)
			h.Write(body[:n])
			body = body[n:]
		}
		if len(body) == 0 && !bytes.Equal(h.Sum(nil), sum) {
			return errSum
		}
		return nil
	})
	if err != nil {
		k.report(file, object.ID{}, err)
	}
}

// id is a member's name, zero where the idx cannot be read any more.
func (k *packCheck) id(m *member) (id object.ID) {
	_ = durable.Guard(func() error {
		id = object.ID(k.x.id(int(m.name)))
		return nil
	})
	return id
}

// link compares each entry with its checksum in the idx, attaches each delta to its base, and
// returns the whole objects.
func (k *packCheck) link() (roots []int32) {
	for i := range k.all {
		m := &k.all[i]
		var h EntryHeader
		err := durable.Guard(func() (err error) {
			raw := k.data[m.offset:m.end]
			if crc32.ChecksumIEEE(raw) != k.x.crc(int(m.name)) {
				return errors.New("its bytes are not those the idx vouches for")
			}
			h, err = ParseHeader(raw)
			return err
		})
		switch {
		case err != nil:
			m.reached = true
			k.broken(m, err)
		case !h.isDelta():
			roots = append(roots, int32(i))
		default:
			k.attach(int32(i), h)
		}
	}
	return roots
}

func (k *packCheck) attach(i int32, h EntryHeader) {
	m := &k.all[i]
	offset := m.offset - h.Distance
	if h.Kind == RefDelta {
		var found bool
		err := durable.Guard(func() (err error) {
			offset, found, err = k.x.find(h.Base)
			return err
		})
		if err != nil || !found {
			m.reached = true
			k.broken(m, fmt.Errorf("delta base %s absent", h.Base))
			return
		}
	}
	at, found := slices.BinarySearchFunc(k.all, offset, func(m member, offset int64) int { return int(min(1, max(-1, m.offset-offset))) })
	if !found {
		m.reached = true
		k.broken(m, fmt.Errorf("no delta base at offset %d", offset))
		return
	}
	m.parent, m.next = int32(at), k.all[at].kid
	k.all[at].kid = i
}

func (k *packCheck) broken(m *member, err error) {
	k.report(k.p.base+".pack", k.id(m), err)
	k.step()
}

// grown is a member to check, with the body of its base.
type grown struct {
	at   int32
	base []byte
}

// grow checks a whole object and all objects that deltas make of it. It keeps the bodies between
// the root and the member in work that other deltas still need.
func (k *packCheck) grow(root int32) {
	var kind object.Kind
	stack := []grown{{at: root}}
	for len(stack) > 0 && k.ctx.Err() == nil {
		g := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		m := &k.all[g.at]
		m.reached = true
		var body []byte
		err := durable.Guard(func() (err error) {
			kind, body, err = k.make(m, g.base, kind)
			return err
		})
		if err != nil {
			k.broken(m, err)
			k.skip(m.kid)
			continue
		}
		for kid := m.kid; kid != noMember; kid = k.all[kid].next {
			stack = append(stack, grown{kid, body})
		}
		k.step()
	}
}

// make makes a member's body and compares its name. It streams large objects that no delta needs.
func (k *packCheck) make(m *member, base []byte, kind object.Kind) (object.Kind, []byte, error) {
	raw := k.data[m.offset:m.end]
	h, err := ParseHeader(raw)
	if err != nil {
		return kind, nil, err
	}
	if !h.isDelta() {
		kind = object.Kind(h.Kind)
		if h.Size > smallPack && m.kid == noMember {
			return kind, nil, hashInflated(bytes.NewReader(raw[h.Len:]), kind, h.Size, k.id(m))
		}
	}
	body, err := deflate.Inflate(raw[h.Len:], h.Size, k.store.max)
	if err == nil && h.isDelta() {
		body, err = delta.Apply(base, body, k.store.max)
	}
	if err == nil {
		err = compareName(object.Hash(kind, body), k.id(m))
	}
	return kind, body, err
}

func compareName(got, want object.ID) error {
	if got != want {
		return fmt.Errorf("its content is that of %s", got)
	}
	return nil
}

// hashInflated hashes a zlib stream of size bytes and does not keep them.
func hashInflated(src io.Reader, kind object.Kind, size int64, want object.ID) error {
	z, err := deflate.NewReader(src)
	if err != nil {
		return deflate.ErrDamaged
	}
	defer deflate.Release(z)
	return hashContent(deflate.NewExact(z, size, func() error { return deflate.ErrDamaged }), kind, size, want)
}

func hashContent(r io.Reader, kind object.Kind, size int64, want object.ID) error {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", kind, size)
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	return compareName(object.ID(h.Sum(nil)), want)
}

// skip reports the objects whose base is damaged.
func (k *packCheck) skip(kid int32) {
	for ; kid != noMember; kid = k.all[kid].next {
		m := &k.all[kid]
		m.reached = true
		k.broken(m, errors.New("its delta base is damaged"))
		k.skip(m.kid)
	}
}

// unreached reports deltas that stand on one another in a circle, or on a damaged base.
func (k *packCheck) unreached() {
	for i := range k.all {
		if m := &k.all[i]; !m.reached {
			k.broken(m, errors.New("its delta base is damaged"))
		}
	}
}
