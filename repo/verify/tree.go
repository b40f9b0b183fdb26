package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
)

// tree checks that a commit's tree differs from its parent's at the version's path only, and holds
// there what the record says.
func (w *worker) tree(s *step) {
	path, err := record.TreePath(&s.Record)
	parent := s.parent
	if former := record.FormerPath(&s.Record); err == nil && former != "" && !s.Previous.IsZero() {
		defer func(trees object.TreeCache) { w.trees = trees }(w.trees)
		parent, err = w.without(parent, former)
	}
	if err == nil {
		err = w.descend(s, parent, s.tree, path, true)
	}
	if err == nil {
		err = w.holdsXattrs(s, parent)
	}
	if err != nil {
		w.report(Finding{Part: PartTree, Path: s.Source, Object: s.Commit, Msg: err.Error()})
	}
}

// without is the tree root without the file at path, where it holds one. The trees that this takes
// are kept beside those of the store.
func (w *worker) without(root object.ID, path string) (object.ID, error) {
	if e, there, err := object.Lookup(w.trees.ReadTree, root, path); err != nil || !there || e.Mode.IsTree() {
		return root, err
	}
	editor, err := object.NewEditor(root, w.trees.From)
	if err == nil {
		err = editor.Remove(path)
	}
	if err != nil {
		return root, err
	}
	made := madeTrees{Loader: w.trees.From, trees: map[object.ID][]byte{}}
	root, err = editor.Write(func(t *object.Changed) error {
		made.trees[t.ID] = slices.Clone(t.Raw)
		return nil
	})
	w.trees = object.TreeCache{From: made}
	return root, err
}

// madeTrees are the trees of a store, and some that are in none.
type madeTrees struct {
	object.Loader
	trees map[object.ID][]byte
}

// ReadTree reads a tree.
func (m madeTrees) ReadTree(id object.ID) ([]byte, error) {
	if raw, ok := m.trees[id]; ok {
		return raw, nil
	}
	return m.Loader.ReadTree(id)
}

// descend compares the trees of one folder before and after the commit, and goes on along path. A
// zero tree is empty.
func (w *worker) descend(s *step, before, after object.ID, path string, top bool) error {
	was, err := w.trees.ReadTree(before)
	if err != nil {
		return err
	}
	is, err := w.trees.ReadTree(after)
	if err != nil {
		return err
	}
	name, rest, deeper := strings.Cut(path, "/")
	if before != after {
		if err := onlyChanged(was, is, name, top); err != nil {
			return err
		}
	}
	old, oldThere, err := object.FindEntry(was, name)
	if err != nil {
		return err
	}
	e, there, err := object.FindEntry(is, name)
	if err != nil {
		return err
	}
	if !deeper {
		return holds(s, e, there)
	}
	if there && !e.Mode.IsTree() && s.Folder {
		return nil // it has no place in the tree, and its end may be noticed late
	}
	if there && !e.Mode.IsTree() || !there && s.HasContent() {
		return fmt.Errorf("the tree holds no folder %s", record.Quote(name))
	}
	if !oldThere || !old.Mode.IsTree() {
		old.ID = object.ID{}
	}
	return w.descend(s, old.ID, e.ID, rest, false)
}

// holds compares the entry in the tree with the record.
func holds(s *step, e object.TreeEntry, there bool) error {
	switch {
	case record.Agrees(&s.Version, e, there):
		return nil
	case s.Ends():
		return errors.New("the tree still holds what was deleted")
	case s.Folder:
		return errors.New("the tree holds a file, the record says that a folder is there")
	case !there:
		return errors.New("the tree does not hold it")
	}
	return fmt.Errorf("the tree holds %s with mode %s, the record says %s with mode %s", e.ID.Short(), e.Mode, s.Blob.Short(), record.TreeMode(&s.Record))
}

// onlyChanged checks that nothing but the version's own name changed in a folder. At the top,
// .gitattributes may change, too, and xattrs/, which holdsXattrs looks at.
func onlyChanged(was, is []byte, name string, top bool) error {
	for _, n := range []string{name, ".gitattributes", dest.XattrsFolder} {
		if n != name && !top {
			break
		}
		var err, err2 error
		was, err = object.Without(was, n)
		is, err2 = object.Without(is, n)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
	}
	if !bytes.Equal(was, is) {
		return fmt.Errorf("the tree changes beside %s", record.Quote(name))
	}
	return nil
}
