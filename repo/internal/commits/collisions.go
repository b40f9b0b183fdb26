package commits

import (
	"maps"
	"slices"
	"timemachine/repo/git/object"
)

// Collisions finds the paths of a commit's tree that have no place of their own where names are
// folded, each with the one that has it: the first of them in the order of bytes. There are such
// paths where a history was made on another file system; versions captured here are spelled so that
// they have a place. They are in the index as all others, and files/ and copies/ have the first
// only.
func (r *Commits) Collisions(tip object.ID) (map[string]string, error) {
	if !r.FoldsCase() || tip.IsZero() {
		return nil, nil
	}
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	n, out := newFoldedNames(), map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if one := n.Holder(path); one != "" {
			out[path] = one
		} else {
			n.Add(path)
		}
	}
	return out, nil
}
