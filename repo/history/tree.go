package history

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

// treeEntry returns what the tree of a commit holds for a path; false for nothing.
func (h *History) treeEntry(commit object.ID, path string) (object.TreeEntry, bool, error) {
	for _, name := range treePaths(path) {
		if e, ok, err := h.entryAt(commit, name); ok || err != nil {
			return e, ok, err
		}
	}
	return object.TreeEntry{}, false, nil
}

// entryAt returns what the tree of a commit holds at a path of the tree; false for nothing.
func (h *History) entryAt(commit object.ID, name string) (object.TreeEntry, bool, error) {
	root, err := h.commits.TreeOf(commit)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	return object.Lookup(h.commits.TreesOf(commit), root, name)
}

// filesBelow lists what the tree of a commit holds at and below a path, by tree path.
func (h *History) filesBelow(commit object.ID, path string) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	for _, name := range treePaths(path) {
		e, ok, err := h.entryAt(commit, name)
		if err == nil && ok && e.Mode.IsTree() {
			err = h.commits.ListTree(e.ID, name+"/", all)
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

// Current lists the sources at and below path in the newest tree, in order. It leaves out those
// with shortened names.
func (h *History) Current(path string) ([]string, error) {
	files, err := h.filesBelow(h.tip, path)
	var sources []string
	for tree := range files {
		if source, ok := layout.Source(tree); ok {
			sources = append(sources, source)
		}
	}
	slices.Sort(sources)
	return sources, err
}

// Present tells whether the newest tree holds a file or link at a path.
func (h *History) Present(path string) (bool, error) {
	e, ok, err := h.treeEntry(h.tip, path)
	return ok && !e.Mode.IsTree(), err
}

// holdsFiles tells whether the tree of a commit holds a file or link directly in a folder.
func (h *History) holdsFiles(commit object.ID, folder string) (bool, error) {
	for _, name := range treePaths(folder) {
		e, ok, err := h.entryAt(commit, name)
		if err != nil {
			return false, err
		}
		if !ok || !e.Mode.IsTree() {
			continue
		}
		raw, err := h.commits.TreesOf(commit)(e.ID)
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
