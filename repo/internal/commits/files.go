package commits

import (
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Files lists the entries below files/ in the tree of commit tip, by tree path.
func (r *Commits) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	if tip.IsZero() {
		return all, nil
	}
	root, err := r.TreeOf(tip)
	if err != nil {
		return nil, err
	}
	files, ok, err := object.Lookup(r.TreesOf(tip), root, "files")
	if err != nil || !ok || !files.Mode.IsTree() {
		return all, err
	}
	return all, r.ListTree(files.ID, "files/", all)
}

// TreesOf returns a function that reads the trees of a commit. Its error says that the history is
// damaged.
func (r *Commits) TreesOf(commit object.ID) func(object.ID) ([]byte, error) {
	return func(id object.ID) ([]byte, error) {
		raw, err := r.Store.ReadTree(id)
		if err != nil {
			return nil, r.Damaged(fmt.Sprintf("the tree of commit %s cannot be read", commit.Short()), err)
		}
		return raw, nil
	}
}

// ListTree adds all entries below a tree to all, by their path behind prefix.
func (r *Commits) ListTree(tree object.ID, prefix string, all map[string]object.TreeEntry) error {
	raw, err := r.Store.ReadTree(tree)
	if err != nil {
		return r.Damaged(fmt.Sprintf("folder %s cannot be read", record.Quote(prefix)), err)
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
		if err := r.ListTree(e.ID, prefix+e.Name+"/", all); err != nil {
			return err
		}
	}
	return nil
}
