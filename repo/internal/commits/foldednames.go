package commits

import (
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/layout"
)

// FoldedNames holds the paths of a tree as a file system that folds names sees them. Names collide
// here if they collide on any such file system, which does no harm on the others.
type FoldedNames struct {
	files   map[string]string // by folded path
	folders map[string]int    // number of files below each folder, by folded path
}

// Add adds a path. It replaces one that folds to the same.
func (n *FoldedNames) Add(path string) {
	key := dest.FoldCase(path)
	if n.files[key] == path {
		return
	}
	n.files[key] = path
	for key, _ = layout.Split(key); key != ""; key, _ = layout.Split(key) {
		n.folders[key]++
	}
}

// Remove removes a path, if it was added and not replaced.
func (n *FoldedNames) Remove(path string) {
	key := dest.FoldCase(path)
	if n.files[key] != path {
		return
	}
	delete(n.files, key)
	for key, _ = layout.Split(key); key != ""; key, _ = layout.Split(key) {
		n.folders[key]--
	}
}

// Holder is the path that collides with path, or a file or folder that is in its way. It is ""
// where none is.
func (n *FoldedNames) Holder(path string) string {
	key := dest.FoldCase(path)
	if one := n.files[key]; one != "" && one != path {
		return one
	}
	if n.folders[key] > 0 {
		return path + "/"
	}
	for key, _ = layout.Split(key); key != ""; key, _ = layout.Split(key) {
		if one := n.files[key]; one != "" {
			return one
		}
	}
	return ""
}

func newFoldedNames() *FoldedNames {
	return &FoldedNames{files: map[string]string{}, folders: map[string]int{}}
}

// NamesIn holds the paths below files/ in the tree of commit tip.
func (r *Commits) NamesIn(tip object.ID) (*FoldedNames, error) {
	n := newFoldedNames()
	if tip.IsZero() {
		return n, nil
	}
	tree, err := r.Files(tip)
	for path := range tree {
		n.Add(path)
	}
	return n, err
}
