package verify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// tree checks that a commit's tree is its parent's but for the version's own path, and holds there
// what the record says.
func (w *worker) tree(s *step) {
	path, err := record.TreePath(&s.Record)
	if err == nil {
		err = w.descend(s, s.parent, s.tree, path, true)
	}
	if err != nil {
		w.report(Finding{Part: PartTree, Path: s.Source, Object: s.Commit, Msg: err.Error()})
	}
}

// descend compares the trees of one folder before and after, of which a zero one is empty, and goes
// on along path.
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
	if there && !e.Mode.IsTree() || !there && s.Event != record.Deleted {
		return fmt.Errorf("the tree holds no folder %s", record.Quote(name))
	}
	if !oldThere || !old.Mode.IsTree() {
		old.ID = object.ID{}
	}
	return w.descend(s, old.ID, e.ID, rest, false)
}

// holds compares the tree's entry with the record.
func holds(s *step, e object.TreeEntry, there bool) error {
	switch {
	case record.Agrees(&s.Version, e, there):
		return nil
	case s.Event == record.Deleted:
		return errors.New("the tree still holds what was deleted")
	case !there:
		return errors.New("the tree does not hold it")
	}
	return fmt.Errorf("the tree holds %s with mode %s, the record says %s with mode %s", e.ID.Short(), e.Mode, s.Blob.Short(), record.TreeMode(&s.Record))
}

// onlyChanged tells of a change to another name than the one the commit is about. At the top our
// attributes may come.
func onlyChanged(was, is []byte, name string, top bool) error {
	for _, n := range []string{name, ".gitattributes"} {
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
