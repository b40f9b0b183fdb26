package repo

import (
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Files lists what the tree of commit tip holds under files/, by tree path.
func (r *commitsT) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	if tip.IsZero() {
		return all, nil
	}
	root, err := r.treeOf(tip)
	if err != nil {
		return nil, err
	}
	files, ok, err := object.Lookup(r.treesOf(tip), root, "files")
	if err != nil || !ok || !files.Mode.IsTree() {
		return all, err
	}
	return all, r.list(files.ID, "files/", all)
}

// treesOf reads the trees of a commit; one that cannot be read is the destination's damage.
func (r *commitsT) treesOf(commit object.ID) func(object.ID) ([]byte, error) {
	return func(id object.ID) ([]byte, error) {
		raw, err := r.store.ReadTree(id)
		if err != nil {
			return nil, r.damaged(fmt.Sprintf("the tree of commit %s cannot be read", commit.Short()), err)
		}
		return raw, nil
	}
}

func (r *commitsT) list(tree object.ID, prefix string, all map[string]object.TreeEntry) error {
	raw, err := r.store.ReadTree(tree)
	if err != nil {
		return r.damaged(fmt.Sprintf("folder %s cannot be read", record.Quote(prefix)), err)
	}
	entries, err := object.ParseTree(raw)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsTree() {
			all[prefix+e.Name] = e
			continue
		}
		if err := r.list(e.ID, prefix+e.Name+"/", all); err != nil {
			return err
		}
	}
	return nil
}
