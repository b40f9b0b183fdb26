package versions

import (
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// treePaths lists the paths in a tree that a path can have: one for each spelling, the usual one
// first.
func treePaths(path string) []string {
	if path == "/" {
		return []string{"files"}
	}
	return layout.TreePaths(path)
}

// TreeEntry returns what the tree of a commit holds for a path; false for nothing.
func (r *Reader) TreeEntry(commit object.ID, path string) (object.TreeEntry, bool, error) {
	for _, name := range treePaths(path) {
		if e, ok, err := r.entryAt(commit, name); ok || err != nil {
			return e, ok, err
		}
	}
	return object.TreeEntry{}, false, nil
}

// entryAt returns what the tree of a commit holds at a path of the tree; false for nothing.
func (r *Reader) entryAt(commit object.ID, name string) (object.TreeEntry, bool, error) {
	root, err := r.Commits.TreeOf(commit)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	return object.Lookup(r.Commits.TreesOf(commit), root, name)
}

// FilesBelow lists what the tree of a commit holds at and below a path, by tree path.
func (r *Reader) FilesBelow(commit object.ID, path string) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	for _, name := range treePaths(path) {
		e, ok, err := r.entryAt(commit, name)
		if err == nil && ok && e.Mode.IsTree() {
			err = r.Commits.ListTree(e.ID, name+"/", all)
		}
		if err != nil {
			return all, err
		}
		if ok && !e.Mode.IsTree() {
			all[name] = e
		}
	}
	return all, nil
}

// HoldsFiles tells whether the tree of a commit holds a file or link directly in a folder.
func (r *Reader) HoldsFiles(commit object.ID, folder string) (bool, error) {
	for _, name := range treePaths(folder) {
		e, ok, err := r.entryAt(commit, name)
		if err != nil {
			return false, err
		}
		if !ok || !e.Mode.IsTree() {
			continue
		}
		raw, err := r.Commits.TreesOf(commit)(e.ID)
		if err != nil {
			return false, err
		}
		entries, err := object.ParseTree(raw)
		if err != nil || slices.ContainsFunc(entries, func(e object.TreeEntry) bool { return !e.Mode.IsTree() }) {
			return err == nil, err
		}
	}
	return false, nil
}
