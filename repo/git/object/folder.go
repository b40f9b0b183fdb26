package object

import (
	"fmt"
	"sort"
)

// folder is a tree that is being edited. Its raw bytes are always a valid tree in git's order. offs
// holds where each entry starts, so that a name is found by bisection and an edit is one memmove.
type folder struct {
	name string
	raw  []byte
	offs []uint32

	kids  map[string]*folder // subfolders that are loaded
	dirty []*folder          // of kids, those touched since the last Write; may name dropped ones

	id      ID // at the last Write; zero for a new folder
	prevLen int
	touched bool // stands in its parent's dirty list
	edits   int  // since the last Write
	last    edit // the newest of them
	sums    treeSums
}

// edit says that oldLen bytes at pos became newLen bytes.
type edit struct{ pos, oldLen, newLen int }

// newFolder takes over raw. It checks order and doubles: bisection in a tree that is out of order
// would damage it further.
func newFolder(name string, id ID, raw []byte) (*folder, error) {
	f := &folder{name: name, id: id, raw: raw, prevLen: len(raw)}
	var last rawEntry
	for at := 0; at < len(raw); {
		e, err := cutEntry(raw, at)
		if err != nil {
			return nil, fmt.Errorf("tree %s: %w", id, err)
		}
		if at > 0 && CompareNames(last.name, last.mode.IsTree(), e.name, e.mode.IsTree()) >= 0 {
			return nil, fmt.Errorf("tree %s: %w: %q out of order", id, errTree, e.name)
		}
		f.offs = append(f.offs, uint32(at))
		last, at = e, e.end
	}
	return f, nil
}

// at is entry i. It cannot fail, because newFolder checked the raw bytes.
func (f *folder) at(i int) rawEntry {
	e, _ := cutEntry(f.raw, int(f.offs[i]))
	return e
}

// search finds the entry of that name and kind, or its place.
func (f *folder) search(name string, tree bool) (int, bool) {
	i := sort.Search(len(f.offs), func(i int) bool {
		e := f.at(i)
		return CompareNames(e.name, e.mode.IsTree(), name, tree) >= 0
	})
	if i == len(f.offs) {
		return i, false
	}
	e := f.at(i)
	return i, string(e.name) == name && e.mode.IsTree() == tree
}

// find looks for the name as folder and as file.
func (f *folder) find(name string) (TreeEntry, bool) {
	for _, tree := range []bool{false, true} {
		if i, ok := f.search(name, tree); ok {
			return f.at(i).entry(), true
		}
	}
	return TreeEntry{}, false
}

// put inserts the entry, or replaces the one of the same name and kind.
func (f *folder) put(e TreeEntry) {
	i, found := f.search(e.Name, e.Mode.IsTree())
	if !found {
		f.insert(i, e)
		return
	}
	old := f.at(i)
	switch {
	case old.mode == e.Mode && ID(f.raw[old.id:old.end]) == e.ID:
	case old.mode == e.Mode:
		copy(f.raw[old.id:], e.ID[:])
		f.note(old.id, len(e.ID), len(e.ID))
	default:
		entry := appendEntry(nil, e)
		f.splice(old.start, old.end-old.start, entry)
		f.shift(i+1, len(entry)-(old.end-old.start))
	}
}

func (f *folder) insert(i int, e TreeEntry) {
	pos := len(f.raw)
	if i < len(f.offs) {
		pos = int(f.offs[i])
	}
	entry := appendEntry(nil, e)
	f.splice(pos, 0, entry)
	f.offs = append(f.offs, 0)
	copy(f.offs[i+1:], f.offs[i:])
	f.offs[i] = uint32(pos)
	f.shift(i+1, len(entry))
}

// drop removes the entry of that name and kind, if there is one.
func (f *folder) drop(name string, tree bool) bool {
	i, found := f.search(name, tree)
	if !found {
		return false
	}
	e := f.at(i)
	f.splice(e.start, e.end-e.start, nil)
	f.offs = append(f.offs[:i], f.offs[i+1:]...)
	f.shift(i, e.start-e.end)
	return true
}

func (f *folder) splice(pos, oldLen int, with []byte) {
	grow, n := len(with)-oldLen, len(f.raw)
	if grow > 0 {
		f.raw = append(f.raw, with[:grow]...)
	}
	copy(f.raw[pos+len(with):], f.raw[pos+oldLen:n])
	copy(f.raw[pos:], with)
	f.raw = f.raw[:n+grow]
	f.note(pos, oldLen, len(with))
}

func (f *folder) shift(from, by int) {
	for i := from; i < len(f.offs); i++ {
		f.offs[i] = uint32(int(f.offs[i]) + by)
	}
}

func (f *folder) note(pos, oldLen, newLen int) {
	f.edits++
	f.last = edit{pos, oldLen, newLen}
	f.sums.changed(pos)
}

// empty tells whether the folder holds nothing. A loaded subfolder is never empty: it is dropped
// with its last entry.
func (f *folder) empty() bool { return len(f.offs) == 0 && len(f.kids) == 0 }

// adopt makes kid a loaded subfolder.
func (f *folder) adopt(kid *folder) {
	if f.kids == nil {
		f.kids = map[string]*folder{}
	}
	f.kids[kid.name] = kid
}

// write emits the changed folders below path, which is the folder's, and then the folder. It fills
// in c for each.
func (f *folder) write(path string, c *Changed, emit func(*Changed) error) error {
	for _, kid := range f.dirty {
		if f.kids[kid.name] != kid {
			continue
		}
		below := kid.name
		if path != "" {
			below = path + "/" + kid.name
		}
		if err := kid.write(below, c, emit); err != nil {
			return err
		}
		f.put(TreeEntry{Name: kid.name, Mode: ModeTree, ID: kid.id})
	}
	if f.edits > 0 || f.id.IsZero() {
		if err := f.emit(path, c, emit); err != nil {
			return err
		}
	}
	for _, kid := range f.dirty {
		kid.touched = false
	}
	f.dirty = f.dirty[:0]
	return nil
}

func (f *folder) emit(path string, c *Changed, emit func(*Changed) error) error {
	id := f.sums.hash(f.raw)
	if id != f.id {
		*c = Changed{Path: path, ID: id, Raw: f.raw, Prev: f.id, PrevLen: f.prevLen}
		if f.edits == 1 && !f.id.IsZero() {
			c.Edited, c.Pos, c.OldLen, c.NewLen = true, f.last.pos, f.last.oldLen, f.last.newLen
		}
		if err := emit(c); err != nil {
			return err
		}
	}
	f.id, f.prevLen, f.edits = id, len(f.raw), 0
	return nil
}
