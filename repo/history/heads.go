package history

import (
	"context"
	"maps"
	"slices"

	"timemachine/repo/git/object"
)

// Heads are the newest commits of sources, as a cache has them that describes the commit Tip. A
// history believes none of them: it reads the commit first.
type Heads struct {
	Tip     object.ID
	Sources map[string]Head
}

// Head is the newest commit of one source, and the last content that the source had.
type Head struct {
	Commit  object.ID
	Blob    object.ID
	Deleted bool
}

// headCache is the part of the cache that was read last.
type headCache struct {
	scope   *scope
	sources map[string]Head
}

// cachedHead returns what the cache has about one source.
func (h *History) cachedHead(source string) (Head, bool) {
	h.readHeads(source)
	head, ok := h.headCache.sources[source]
	return head, ok
}

// cachedHeads returns what the cache has about the sources at and below path. It is empty where
// the cache does not describe the tip.
func (h *History) cachedHeads(path string) map[string]Head {
	h.readHeads(path)
	if path == h.headCache.scope.path {
		return h.headCache.sources
	}
	part := map[string]Head{}
	at := atOrBelow(path)
	for source, head := range h.headCache.sources {
		if at.covers(source) {
			part[source] = head
		}
	}
	return part
}

// readHeads reads the cache, unless what was read last covers the path.
func (h *History) readHeads(path string) {
	if h.headCache != nil && h.headCache.scope.covers(path) {
		return
	}
	h.headCache = &headCache{scope: atOrBelow(path)}
	if h.loadHeads == nil || h.commits.StateDir == nil {
		return
	}
	if read := h.loadHeads(h.commits.StateDir, path); read.Tip == h.tip {
		h.headCache.sources = read.Sources
	}
}

// newest returns the newest version of a source, from the cache or else by a walk; false for none.
func (h *History) newest(ctx context.Context, source string) (located, bool, error) {
	if head, ok := h.cachedHead(source); ok {
		if f, selected, err := h.tryCommit(head.Commit, onlySource(source)); err == nil && selected {
			return f, true, nil
		}
	}
	return h.newestIn(ctx, source, h.tip)
}

// newestIn returns the newest version of a source in the commits from one back; false for none.
func (h *History) newestIn(ctx context.Context, source string, from object.ID) (located, bool, error) {
	for f, err := range h.walk(ctx, from, onlySource(source)) {
		return f, err == nil, err
	}
	return located{}, false, nil
}

// KnownWithoutSearch tells whether the newest tree or the cache has path, as a source or as a
// folder of sources. False means that only a search through the commits can tell.
func (h *History) KnownWithoutSearch(path string) (bool, error) {
	if len(h.cachedHeads(path)) > 0 {
		return true, nil
	}
	_, ok, err := h.treeEntry(h.tip, path)
	return ok, err
}

// Sources lists every source at and below path ("/": all) that the history knows, deleted ones
// too, in the order of their paths.
func (h *History) Sources(ctx context.Context, path string) ([]string, error) {
	if heads := h.cachedHeads(path); len(heads) > 0 {
		return slices.Sorted(maps.Keys(heads)), nil
	}
	seen := map[string]bool{}
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
		if err != nil {
			return nil, err
		}
		seen[f.Source] = true
	}
	return slices.Sorted(maps.Keys(seen)), nil
}
