package commits

import (
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
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

// Limits of a listing. A source's path has at most 4,096 bytes, of which each may be escaped.
const (
	mostEntries = 1 << 20
	perObject   = 4
	longestPath = 4 * 4096
)

// ListTree adds all entries below a tree to all, by their path behind prefix. Each file has a
// commit, so that there are fewer files and folders than objects: a few objects that name each
// other could make a tree of any size. Such a tree is damaged.
func (r *Commits) ListTree(tree object.ID, prefix string, all map[string]object.TreeEntry) error {
	objects, err := r.Store.Count()
	if err != nil {
		return err
	}
	l := &treeList{r, all, mostEntries + perObject*objects}
	return l.add(tree, prefix)
}

// treeList lists the entries of a tree.
type treeList struct {
	*Commits
	all  map[string]object.TreeEntry
	left int64 // entries and folders that may still come
}

func (l *treeList) add(tree object.ID, prefix string) error {
	raw, err := l.Store.ReadTree(tree)
	if err != nil {
		return l.Damaged(fmt.Sprintf("folder %s cannot be read", record.Quote(prefix)), err)
	}
	entries, err := object.ParseTree(raw)
	if err != nil {
		return err
	}
	if l.left -= int64(len(entries)) + 1; l.left < 0 || len(prefix) > longestPath {
		return l.Damaged(fmt.Sprintf("folder %s holds more than the history can have recorded", record.Quote(prefix[:min(len(prefix), 200)])), nil)
	}
	for _, e := range entries {
		if !e.Mode.IsTree() {
			l.all[prefix+e.Name] = e
			continue
		}
		if err := l.add(e.ID, prefix+e.Name+"/"); err != nil {
			return err
		}
	}
	return nil
}

// Xattrs is what the tree of a commit holds below xattrs/, by path.
func (r *Commits) Xattrs(tip object.ID) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	root, err := r.TreeOf(tip)
	if err != nil {
		return nil, err
	}
	e, there, err := object.Lookup(r.Store.ReadTree, root, dest.XattrsFolder)
	if err != nil || !there || !e.Mode.IsTree() {
		return nil, err
	}
	return all, r.ListTree(e.ID, dest.XattrsFolder+"/", all)
}
