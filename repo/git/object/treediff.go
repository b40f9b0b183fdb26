package object

import (
	"errors"
	"fmt"
)

// maxDepth is deeper than any path that can be checked out.
const maxDepth = 4096

// DiffTrees calls changed for every path of a file at which the trees a and b differ, until changed
// returns false. Paths come in tree order; where a file became a folder, both come. Zero is a tree
// without entries. Trees that are out of order give too many paths, never too few. Errors: the
// loader's, and one for a tree that is malformed.
func DiffTrees(a, b ID, from Loader, changed func(path string) bool) error {
	err := (&treeDiff{from, changed}).folder("", a, b, 0)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return err
}

var errEnough = errors.New("enough seen")

type treeDiff struct {
	from    Loader
	changed func(path string) bool
}

func (d *treeDiff) folder(prefix string, a, b ID, depth int) error {
	if a == b {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("%w: nested over %d deep", errTree, maxDepth)
	}
	x, err := d.load(a)
	if err != nil {
		return err
	}
	y, err := d.load(b)
	if err != nil {
		return err
	}
	for len(x.rest()) > 0 || len(y.rest()) > 0 {
		if err := d.next(prefix, x, y, depth); err != nil {
			return err
		}
	}
	return nil
}

// treeCursor walks a tree's raw entries.
type treeCursor struct {
	raw []byte
	at  int
}

func (c *treeCursor) rest() []byte { return c.raw[c.at:] }

func (d *treeDiff) load(id ID) (*treeCursor, error) {
	if id.IsZero() || id == EmptyTree {
		return &treeCursor{}, nil
	}
	raw, err := d.from.ReadTree(id)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	return &treeCursor{raw: raw}, nil
}

// next compares the entries at the cursors. It moves on the cursor whose name comes first, or both.
func (d *treeDiff) next(prefix string, x, y *treeCursor, depth int) error {
	var a, b rawEntry
	var err error
	order := 0
	if len(x.rest()) > 0 {
		if a, err = cutEntry(x.raw, x.at); err != nil {
			return err
		}
		order = -1
	}
	if len(y.rest()) > 0 {
		if b, err = cutEntry(y.raw, y.at); err != nil {
			return err
		}
		order++
	}
	if order == 0 {
		order = CompareNames(a.name, a.mode.IsTree(), b.name, b.mode.IsTree())
	}
	switch {
	case order < 0:
		x.at = a.end
		return d.entry(prefix, a, ID{}, depth)
	case order > 0:
		y.at = b.end
		return d.entry(prefix, b, ID{}, depth)
	}
	x.at, y.at = a.end, b.end
	other := ID(b.raw[b.id:b.end])
	if a.mode == b.mode && other == ID(a.raw[a.id:a.end]) {
		return nil
	}
	return d.entry(prefix, a, other, depth)
}

// entry reports a path that changed, or what changed below it.
func (d *treeDiff) entry(prefix string, e rawEntry, other ID, depth int) error {
	path := prefix + string(e.name)
	if e.mode.IsTree() {
		return d.folder(path+"/", ID(e.raw[e.id:e.end]), other, depth+1)
	}
	if !d.changed(path) {
		return errEnough
	}
	return nil
}
