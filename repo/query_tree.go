package repo

import (
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/layout"
	"timemachine/repo/object"
)

// treeEntry is what the tree of a commit holds for path; false where that is nothing. "/" is the folder files.
func (h *History) treeEntry(commit object.ID, path string) (object.TreeEntry, bool, error) {
	root, err := h.r.treeOf(commit)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	e := object.TreeEntry{Mode: object.ModeTree, ID: root}
	name := "files"
	if path != "/" {
		if name, err = layout.TreePath(path); err != nil {
			return e, false, nil // a path that no version can have
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if !e.Mode.IsTree() {
			return e, false, nil
		}
		raw, err := h.r.store.ReadTree(e.ID)
		if err != nil {
			return e, false, h.r.damaged(fmt.Sprintf("the tree of commit %s cannot be read", commit.Short()), err)
		}
		var ok bool
		if e, ok, err = object.FindEntry(raw, part); err != nil || !ok {
			return e, false, err
		}
	}
	return e, true, nil
}

// filesBelow lists what the tree of a commit holds at and below path, by tree path.
func (h *History) filesBelow(commit object.ID, path string) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	e, ok, err := h.treeEntry(commit, path)
	if err != nil || !ok {
		return all, err
	}
	name := "files"
	if path != "/" {
		if name, err = layout.TreePath(path); err != nil {
			return all, err
		}
	}
	if !e.Mode.IsTree() {
		all[name] = e
		return all, nil
	}
	return all, h.r.list(e.ID, name+"/", all)
}

// Current lists the sources that the newest tree holds at and below path, in order, but for those with shortened names.
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

// Present tells whether the newest tree holds path.
func (h *History) Present(path string) (bool, error) {
	_, ok, err := h.treeEntry(h.tip, path)
	return ok, err
}

// holdsFiles tells whether the tree of a commit holds a file or link directly in a folder.
func (h *History) holdsFiles(commit object.ID, folder string) (bool, error) {
	e, ok, err := h.treeEntry(commit, folder)
	if err != nil || !ok || !e.Mode.IsTree() {
		return false, err
	}
	raw, err := h.r.store.ReadTree(e.ID)
	if err != nil {
		return false, h.r.damaged(fmt.Sprintf("the tree of commit %s cannot be read", commit.Short()), err)
	}
	entries, err := object.ParseTree(raw)
	return slices.ContainsFunc(entries, func(e object.TreeEntry) bool { return !e.Mode.IsTree() }), err
}
