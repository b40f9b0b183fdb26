package packwrite

import (
	"errors"
	"fmt"

	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
)

// TreeWriter writes the trees of an object.Editor to a pack. It writes a tree as a delta of an
// earlier version of the same folder where that is smaller. Pass its Put to Editor.Write. It keeps
// up to two versions of each folder in memory. Not for concurrent use; others may use the Writer at
// the same time.
type TreeWriter struct {
	w     *Writer
	read  func(object.ID) ([]byte, error)
	round map[string]*[2]baseVersion
	edit  []byte // room for the delta of an edit
}

// baseVersion is a version of a folder that later versions are deltas of.
type baseVersion struct {
	id  object.ID
	raw []byte
}

// NewTreeWriter writes to w. read gives a tree that an earlier run wrote.
func NewTreeWriter(w *Writer, read func(object.ID) ([]byte, error)) *TreeWriter {
	return &TreeWriter{w: w, read: read, round: map[string]*[2]baseVersion{}}
}

// Put writes one tree. A tree that the pack holds already costs nothing, and is the base of the
// next edit.
func (t *TreeWriter) Put(c *object.Changed) error {
	if t.w.Has(c.ID) {
		return nil
	}
	base, by, ok := t.w.next(c.Prev)
	var d []byte
	switch {
	case !ok:
	case by == stepOne && c.Edited:
		t.edit = delta.AppendEdit(t.edit[:0], c.PrevLen, c.Raw, c.Pos, c.OldLen, c.NewLen)
		d = t.edit
	default:
		var old baseVersion
		if old, ok = t.base(c.Path, base); ok {
			base, d = old.id, delta.BetweenTrees(old.raw, c.Raw)
		}
	}
	var err error
	if d == nil || len(d)+deltaFrame >= len(c.Raw) {
		by = stepHead
		err = t.w.Add(object.Tree, c.ID, c.Raw)
	} else {
		err = t.w.addDeltaAt(c.ID, base, d, by)
		if errors.Is(err, errDeep) {
			by = stepHead
			err = t.w.Add(object.Tree, c.ID, c.Raw)
		}
	}
	if err != nil {
		return fmt.Errorf("tree of %q: %w", c.Path, err)
	}
	t.keep(c, by)
	return nil
}

// base is the version of a folder with that name. Its bytes may be out of reach: it was written to
// this pack, and more than one edit followed. base then returns the newest version that is kept.
func (t *TreeWriter) base(path string, id object.ID) (baseVersion, bool) {
	round := t.round[path]
	if round != nil {
		for _, b := range round {
			if b.id == id {
				return b, true
			}
		}
	}
	if raw, err := t.read(id); err == nil {
		return baseVersion{id, raw}, true
	}
	if round == nil {
		return baseVersion{}, false
	}
	return round[0], true
}

// keep keeps the versions that later ones will be deltas of.
func (t *TreeWriter) keep(c *object.Changed, by step) {
	if by == stepOne {
		return
	}
	round := t.round[c.Path]
	if round == nil {
		round = new([2]baseVersion)
		t.round[c.Path] = round
	}
	var room []byte // of the version that is given up
	if round[0].id != round[1].id {
		room = round[0].raw[:0]
	}
	b := baseVersion{c.ID, append(room, c.Raw...)}
	round[0] = b
	if by > stepTen {
		round[1] = b
	}
}
