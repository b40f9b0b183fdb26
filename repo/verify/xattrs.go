package verify

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// xattrs compares xattrs/ and its entries in the index with the tree of the tip.
func (k *verify) xattrs(tip object.ID, entries map[string]index.Entry) error {
	tree, err := k.r.Xattrs(tip)
	if err != nil || len(tree) == 0 {
		return err
	}
	dir, err := k.r.Folder.Sub(dest.XattrsFolder)
	if err == nil {
		defer dir.Close()
	} else if !durable.IsMissing(err) {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if dir == nil || !comparer.HoldsBlob(dir, tree[path].ID) {
			k.suspect(wrongXattr, record.Version{}, path, "is missing, or is not what the history holds", refusal.Remedy{})
		}
		if e, there := entries[path]; !there || e.ID != tree[path].ID {
			k.suspect(wrongXattr, record.Version{}, path, "is not in the index", refusal.Remedy{})
		}
	}
	return nil
}

// holdsXattrs checks that the tree has the long values of the version's attributes, and that
// xattrs/ changed by them alone.
func (w *worker) holdsXattrs(s *step, parent object.ID) error {
	added := map[string]bool{}
	for i := range s.Xattrs {
		x := &s.Xattrs[i]
		if x.Blob.IsZero() {
			continue
		}
		path := record.XattrPath(x)
		added[path] = true
		if e, there, err := object.Lookup(w.trees.ReadTree, s.tree, path); err != nil || !there || e.ID != x.Blob {
			return errors.Join(err, fmt.Errorf("the tree does not hold %s, the value of its attribute %s", path, record.Quote(x.Name)))
		}
		if there, err := w.r.Store.Has(x.Blob); err != nil || !there {
			return errors.Join(err, fmt.Errorf("the value of its attribute %s is not stored", record.Quote(x.Name)))
		}
	}
	was, _, err := object.Lookup(w.trees.ReadTree, parent, dest.XattrsFolder)
	is, _, err2 := object.Lookup(w.trees.ReadTree, s.tree, dest.XattrsFolder)
	if was.ID == is.ID || err != nil || err2 != nil {
		return errors.Join(err, err2)
	}
	var other string
	err = object.DiffTrees(was.ID, is.ID, &w.trees, func(name string) bool {
		if !added[dest.XattrsFolder+"/"+name] {
			other = name
		}
		return other == ""
	})
	if err == nil && other != "" {
		err = fmt.Errorf("the tree changes beside it: %s/%s", dest.XattrsFolder, record.Quote(other))
	}
	return err
}
