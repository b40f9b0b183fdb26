package repo

import (
	"maps"
	"slices"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

func (n *names) add(path string) {
	key := fold(path)
	if n.files[key] == path {
		return
	}
	n.files[key] = path
	for key, _ = layout.Split(key); key != ""; key, _ = layout.Split(key) {
		n.folders[key]++
	}
}

func (n *names) remove(path string) {
	key := fold(path)
	if n.files[key] != path {
		return
	}
	delete(n.files, key)
	for key, _ = layout.Split(key); key != ""; key, _ = layout.Split(key) {
		n.folders[key]--
	}
}

// holder is what has the place that path would have, or is in its way; "" where it is free, or path's own.
func (n *names) holder(path string) string {
	key := fold(path)
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

// names are the paths of a tree as a file system that folds names has them. Names that only some such system would take
// for one count as one: there is no harm in that.
type names struct {
	files   map[string]string // by what they are folded to
	folders map[string]int    // files below each
}

func newNames() *names { return &names{files: map[string]string{}, folders: map[string]int{}} }

// namesIn are those of a commit's tree.
func (r *commitsT) namesIn(tip object.ID) (*names, error) {
	n := newNames()
	if tip.IsZero() {
		return n, nil
	}
	tree, err := r.Files(tip)
	for path := range tree {
		n.add(path)
	}
	return n, err
}

// crowdedOut finds the paths of a commit's tree that have no place of their own where names are folded, each with the one
// that has it: the first of them in the order of bytes. There are such paths where a history was made on another file
// system; versions captured here are spelled so that they have a place. They are in the index as all others, and files/
// and copies/ have the first only.
func (r *commitsT) crowdedOut(tip object.ID) (map[string]string, error) {
	if !r.folds() || tip.IsZero() {
		return nil, nil
	}
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	n, out := newNames(), map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if one := n.holder(path); one != "" {
			out[path] = one
		} else {
			n.add(path)
		}
	}
	return out, nil
}
