package versions

import (
	"context"

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
	tip     object.ID
	scope   *Scope
	sources map[string]Head
}

// cachedHead returns what the cache has about one source.
func (r *Reader) cachedHead(source string) (Head, bool) {
	r.readHeads(source)
	head, ok := r.headCache.sources[source]
	return head, ok
}

// CachedHeads returns what the cache has about the sources at and below path. It is empty where
// the cache does not describe the tip.
func (r *Reader) CachedHeads(path string) map[string]Head {
	r.readHeads(path)
	if path == r.headCache.scope.path {
		return r.headCache.sources
	}
	part := map[string]Head{}
	at := AtOrBelow(path)
	for source, head := range r.headCache.sources {
		if at.Covers(source) {
			part[source] = head
		}
	}
	return part
}

// readHeads reads the cache, unless what was read last covers the path.
func (r *Reader) readHeads(path string) {
	if r.headCache != nil && r.headCache.tip == r.Tip && r.headCache.scope.Covers(path) {
		return
	}
	r.headCache = &headCache{tip: r.Tip, scope: AtOrBelow(path)}
	if r.loadHeads == nil || r.Commits.StateDir == nil {
		return
	}
	if read := r.loadHeads(r.Commits.StateDir, path); read.Tip == r.Tip {
		r.headCache.sources = read.Sources
	}
}

// Newest returns the newest version of a source, from the cache or else by a walk; false for none.
func (r *Reader) Newest(ctx context.Context, source string) (Located, bool, error) {
	if head, ok := r.cachedHead(source); ok {
		if f, selected, err := r.TryCommit(head.Commit, OnlySource(source)); err == nil && selected {
			return f, true, nil
		}
	}
	return r.NewestIn(ctx, source, r.Tip)
}

// NewestIn returns the newest version of a source in the commits from one back; false for none.
func (r *Reader) NewestIn(ctx context.Context, source string, from object.ID) (Located, bool, error) {
	for f, err := range r.Walk(ctx, from, OnlySource(source)) {
		return f, err == nil, err
	}
	return Located{}, false, nil
}
