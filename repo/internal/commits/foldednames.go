package commits

import (
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/layout"
)

// FoldedNames are the paths of a tree as a file system that folds names has them. Names that only
// some such system would take for one count as one: there is no harm in that.
type FoldedNames struct {
	files   map[string]string // by what they are folded to
	folders map[string]int    // files below each
}

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

// Holder is what has the place that path would have, or is in its way; "" where it is free, or
// path's own.
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

// NamesIn are those of a commit's tree.
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
