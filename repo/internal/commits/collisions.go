package commits

import (
	"maps"
	"slices"

	"timemachine/repo/git/object"
)

// Collisions maps each path of tip's tree that collides with an earlier one, in the order of bytes,
// to that one. It is nil where the file system does not fold names. Paths collide where a history
// was made on another file system: a run spells new paths so that they do not. The index has all of
// them, files/ and copies/ the first only.
func (r *Commits) Collisions(tip object.ID) (map[string]string, error) {
	if !r.FoldsCase() {
		return nil, nil
	}
	return r.FoldedCollisions(tip)
}

// FoldedCollisions is Collisions for a checkout on a file system that folds names, as on Windows
// and macOS.
func (r *Commits) FoldedCollisions(tip object.ID) (map[string]string, error) {
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	n, collisions := newFoldedNames(), map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if one := n.Holder(path); one != "" {
			collisions[path] = one
		} else {
			n.Add(path)
		}
	}
	return collisions, nil
}
