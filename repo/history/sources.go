package history

import (
	"context"
	"maps"
	"slices"

	"timemachine/repo/internal/versions"
	"timemachine/repo/layout"
)

// KnownWithoutSearch tells whether the newest tree or the cache has path, as a source or as a
// folder of sources. False means that only a search through the commits can tell.
func (h *History) KnownWithoutSearch(path string) (bool, error) {
	if len(h.read.CachedHeads(path)) > 0 {
		return true, nil
	}
	_, ok, err := h.read.TreeEntry(h.read.Tip, path)
	return ok, err
}

// Sources lists every source at and below path ("/": all) that the history knows, deleted ones
// too, in the order of their paths.
func (h *History) Sources(ctx context.Context, path string) ([]string, error) {
	if heads := h.read.CachedHeads(path); len(heads) > 0 {
		return slices.Sorted(maps.Keys(heads)), nil
	}
	seen := map[string]bool{}
	for f, err := range h.read.Walk(ctx, h.read.Tip, versions.AtOrBelow(path)) {
		if err != nil {
			return nil, err
		}
		seen[f.Source] = true
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// Current lists the sources at and below path in the newest tree, in order. It leaves out those
// with shortened names.
func (h *History) Current(path string) ([]string, error) {
	files, err := h.read.FilesBelow(h.read.Tip, path)
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
	e, ok, err := h.read.TreeEntry(h.read.Tip, path)
	return ok && !e.Mode.IsTree(), err
}
