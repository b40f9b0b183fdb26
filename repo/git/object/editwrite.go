package object

// Write names the folders changed since the last Write and hands each to emit, leaves first and the
// root last, and returns the root's ID. A root without entries is git's empty tree. After an error
// from emit the same Write can be tried again: folders emitted already do not come twice.
func (e *Editor) Write(emit func(t *Changed) error) (ID, error) {
	if err := e.root.write("", emit); err != nil {
		return ID{}, err
	}
	return e.root.id, nil
}

func (f *folder) write(path string, emit func(*Changed) error) error {
	for _, kid := range f.dirty {
		if f.kids[kid.name] != kid {
			continue
		}
		below := kid.name
		if path != "" {
			below = path + "/" + kid.name
		}
		if err := kid.write(below, emit); err != nil {
			return err
		}
		f.put(TreeEntry{Name: kid.name, Mode: ModeTree, ID: kid.id})
	}
	if f.edits > 0 || f.id.IsZero() {
		if err := f.emit(path, emit); err != nil {
			return err
		}
	}
	for _, kid := range f.dirty {
		kid.touched = false
	}
	f.dirty = f.dirty[:0]
	return nil
}

func (f *folder) emit(path string, emit func(*Changed) error) error {
	id := Hash(Tree, f.raw)
	if id != f.id {
		c := &Changed{Path: path, ID: id, Raw: f.raw, Prev: f.id, PrevLen: f.prevLen}
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
