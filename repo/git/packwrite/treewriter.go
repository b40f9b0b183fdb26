package packwrite

import (
	"bytes"
	"errors"
	"fmt"

	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
)

// TreeWriter writes the trees of an object.Editor to a pack, each as a delta of an earlier version
// of the same folder where that is smaller. Its Put is meant for Editor.Write. Memory: up to two
// versions of each folder written. Not for concurrent use; the Writer below may be shared.
type TreeWriter struct {
	w     *Writer
	read  func(object.ID) ([]byte, error)
	round map[string]*[2]baseVersion
}

// baseVersion is a version that later ones are based on over more than one step.
type baseVersion struct {
	id  object.ID
	raw []byte
}

// NewTreeWriter writes to w. read gives a tree that was written to the pack by others, in an
// earlier run.
func NewTreeWriter(w *Writer, read func(object.ID) ([]byte, error)) *TreeWriter {
	return &TreeWriter{w: w, read: read, round: map[string]*[2]baseVersion{}}
}

// Put writes one tree. One that the pack holds already, because the folder was so before, costs
// nothing and is the base of the edit that comes next.
func (t *TreeWriter) Put(c *object.Changed) error {
	if t.w.Has(c.ID) {
		return nil
	}
	base, by, ok := t.w.next(c.Prev)
	var d []byte
	switch {
	case !ok:
	case by == stepOne && c.Edited:
		d = delta.OfEdit(c.PrevLen, c.Raw, c.Pos, c.OldLen, c.NewLen)
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

// base is the version id of a folder, or where its bytes cannot be had (it was written since the
// pack was begun, and was followed by more than one edit) the newest one that is remembered.
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

// keep remembers the versions that later ones will be based on.
func (t *TreeWriter) keep(c *object.Changed, by step) {
	if by == stepOne {
		return
	}
	round := t.round[c.Path]
	if round == nil {
		round = new([2]baseVersion)
		t.round[c.Path] = round
	}
	b := baseVersion{c.ID, bytes.Clone(c.Raw)}
	round[0] = b
	if by > stepTen {
		round[1] = b
	}
}
