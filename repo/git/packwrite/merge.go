package packwrite

import (
	"context"
	"errors"
	"fmt"

	"timemachine/repo/durable"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// MergeOptions are the options of Writer.Merge. The zero value only copies.
type MergeOptions struct {
	// Follows maps an object to the version before it, where that is known.
	Follows map[object.ID]object.ID
	// Read gives an object. Follows needs it.
	Read func(object.ID) (object.Kind, []byte, error)
	// Enough tells whether the time for looking for deltas is up. Merge asks before each.
	Enough func() bool
	// MaxSize is the largest object, in bytes, that Merge looks for a delta of; 0 is 64 MiB.
	MaxSize int64
}

// Merge copies every object of the packs into this pack once: all commits first, then the rest in
// the order of packs. Give the oldest pack first. Entries are copied as they are. A whole object
// that began its pack becomes a delta of the version before it where that saves enough. A Writer
// must have written the packs. After an error this pack cannot be used.
func (w *Writer) Merge(ctx context.Context, packs []*pack.Held, o MergeOptions) error {
	if o.MaxSize == 0 {
		o.MaxSize = 64 << 20
	}
	if err := w.reserve(packs); err != nil {
		return err
	}
	for _, commits := range []bool{true, false} {
		for _, h := range packs {
			m := packMerge{w: w, o: &o, h: h, commits: commits}
			if err := durable.Guard(func() error { return m.run(ctx) }); err != nil {
				return fmt.Errorf("merge pack %q: %w", h.Name(), err)
			}
		}
	}
	return nil
}

// reserve makes room in memory for the entries of the packs. To grow step by step takes several
// times as much.
func (w *Writer) reserve(packs []*pack.Held) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.entries.count()
	for _, h := range packs {
		places, err := h.Places()
		if err != nil {
			return err
		}
		n += len(places)
	}
	w.entries.reserve(n)
	return nil
}

// packMerge copies one pack's commits, or all its other objects.
type packMerge struct {
	w       *Writer
	o       *MergeOptions
	h       *pack.Held
	commits bool
	places  []pack.Place
	below   []uint8 // how many deltas are stacked on each entry
}

func (m *packMerge) run(ctx context.Context) error {
	list, err := writtenEntries(m.h)
	if err == nil {
		m.places, err = m.h.Places()
	}
	if err != nil {
		return err
	}
	m.below = make([]uint8, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		if base := list[i].base; base > 0 {
			m.below[base-1] = max(m.below[base-1], m.below[i]+1)
		}
	}
	for i := range list {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := m.entry(i, &list[i], list); err != nil {
			return err
		}
	}
	return nil
}

func (m *packMerge) entry(i int, e *packed, list []packed) error {
	b := m.h.Entry(&m.places[i])
	head, err := pack.ParseHeader(b)
	if err != nil {
		return err
	}
	if m.commits != (object.Kind(head.Kind) == object.Commit) || m.w.Has(e.id) {
		return nil
	}
	z := b[head.Len:]
	if e.base > 0 {
		return m.delta(e, head.Size, list[e.base-1].id, z)
	}
	if done, err := m.rebase(e.id, object.Kind(head.Kind), head.Size, m.below[i]); done || err != nil {
		return err
	}
	return m.w.copyWhole(head, z, e.id)
}

// delta copies a delta. It writes the object whole where the chain would grow too long, because the
// base came from another pack.
func (m *packMerge) delta(e *packed, size int64, base object.ID, z []byte) error {
	at, ok := m.w.at(base)
	if !ok {
		return errors.New("delta base absent")
	}
	if m.w.entries.at(at).depth < maxDepth {
		m.w.mu.Lock()
		defer m.w.mu.Unlock()
		return m.w.appendDelta(e.id, at, size, z, e.step)
	}
	kind, body, err := m.h.Object(e.offset, 1<<40)
	if err != nil {
		return err
	}
	return m.w.Add(kind, e.id, body)
}

// rebase writes a whole object as a delta of the version before it. Where that chain is too long
// for the deltas that stand on the object, it takes an older version.
func (m *packMerge) rebase(id object.ID, kind object.Kind, size int64, below uint8) (bool, error) {
	prev, known := m.o.Follows[id]
	at, there := m.w.at(prev)
	if !known || !there || size > m.o.MaxSize || size <= deltaFrame || m.o.Enough != nil && m.o.Enough() {
		return false, nil
	}
	base := m.w.entries.at(at)
	for base.depth+1+below > maxDepth {
		if base.base == 0 {
			return false, nil
		}
		base = m.w.entries.at(base.base - 1)
	}
	was, old, err := m.o.Read(base.id)
	if err != nil || was != kind || int64(len(old)) > m.o.MaxSize {
		return false, err
	}
	_, body, err := m.o.Read(id)
	if err != nil {
		return false, err
	}
	var d []byte
	if kind == object.Tree {
		d = delta.BetweenTrees(old, body)
	} else {
		d = delta.Between(old, body, len(body))
	}
	if d == nil || !worth(len(d), len(body)) {
		return false, nil
	}
	return true, m.w.addDeltaAt(id, base.id, d, stepHead)
}

// at is an object's position among the entries.
func (w *Writer) at(id object.ID) (uint32, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.entries.find(id)
}

func (w *Writer) copyWhole(head pack.EntryHeader, z []byte, id object.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(pack.AppendHeader(nil, head.Kind, head.Size), z, packed{id: id})
}
