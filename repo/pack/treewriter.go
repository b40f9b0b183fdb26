package pack

import (
	"bytes"
	"fmt"

	"timemachine/repo/object"
)

// The skip chain: version v of a folder's tree is based on version v - 16^k, k the number of zero hexadecimal digits v
// ends in; every 4096th is whole. A chain is then at most three times fifteen deltas long, and any version is reached
// through few of them.
const (
	chainRadix = 16
	chainWhole = chainRadix * chainRadix * chainRadix
	maxDepth   = 3 * (chainRadix - 1)
	// What a delta entry costs beside its instructions: distance and the stored block's frame.
	deltaFrame = 16
)

// TreeWriter writes the trees of an object.Editor to a pack, each as a delta of an earlier version of the same folder
// where that is smaller. Its Put is meant for Editor.Write. Memory: up to two versions of each folder written. Not for
// concurrent use; the Writer below may be shared.
type TreeWriter struct {
	w      *Writer
	chains map[string]*chain
}

// chain is one folder's versions in this pack.
type chain struct {
	next  int      // number of the next version
	bases [2]based // newest version whose number ends in one zero digit, in two
}

type based struct {
	id  object.ID
	raw []byte
}

// NewTreeWriter writes to w.
func NewTreeWriter(w *Writer) *TreeWriter { return &TreeWriter{w: w, chains: map[string]*chain{}} }

// Put writes one tree. One that the pack holds already, because the folder was so before, costs nothing and is the base
// of the edit that comes next.
func (t *TreeWriter) Put(c *object.Changed) error {
	if t.w.Has(c.ID) {
		return nil
	}
	ch := t.chains[c.Path]
	if ch == nil {
		ch = &chain{}
		t.chains[c.Path] = ch
	}
	base, delta := ch.delta(t.w, c)
	if err := t.write(c, base, delta); err != nil {
		return fmt.Errorf("tree of %q: %w", c.Path, err)
	}
	ch.advance(c)
	return nil
}

func (t *TreeWriter) write(c *object.Changed, base object.ID, delta []byte) error {
	if delta == nil || len(delta)+deltaFrame >= len(c.Raw) {
		return t.w.Add(object.Tree, c.ID, c.Raw)
	}
	return t.w.AddDelta(c.ID, base, delta)
}

// delta chooses the base of the next version. A nil delta means whole.
func (ch *chain) delta(w *Writer, c *object.Changed) (object.ID, []byte) {
	k := zeroDigits(ch.next)
	if ch.next%chainWhole == 0 {
		return object.ID{}, nil
	}
	if k == 0 && c.Edited {
		if depth, ok := w.depth(c.Prev); ok && depth < maxDepth {
			return c.Prev, EditDelta(c.PrevLen, c.Raw, c.Pos, c.OldLen, c.NewLen)
		}
	}
	// More than one edit, or a previous version too deep to build on: the newest round version is never far.
	base := ch.bases[max(k, 1)-1]
	return base.id, TreeDelta(base.raw, c.Raw)
}

// advance keeps round versions: they are the bases of later ones.
func (ch *chain) advance(c *object.Changed) {
	if k := zeroDigits(ch.next); k > 0 {
		b := based{c.ID, bytes.Clone(c.Raw)}
		for i := range min(k, len(ch.bases)) {
			ch.bases[i] = b
		}
	}
	ch.next++
}

// zeroDigits counts the zero hexadecimal digits v ends in, at most 3; v = 0 has 3.
func zeroDigits(v int) int {
	k := 0
	for ; k < 3 && v%chainRadix == 0; k++ {
		v /= chainRadix
	}
	return k
}
