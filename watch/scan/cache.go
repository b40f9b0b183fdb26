package scan

import (
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Cache is what is known of all sources, and the commit it is true of.
type Cache struct {
	Tip     object.ID
	base    section                 // most of it
	fresh   map[string]*SourceState // what is not in base, is newer than there, or was asked for to be changed
	changed bool                    // something in fresh is unsaved
	saved   object.ID               // the tip in the cache
	file    cacheFile
	mapped  []byte // the file, where base is a part of it
}

// Close lets the cache file go; what base holds is gone then.
func (k *Cache) Close() {
	k.base = section{}
	durable.Unmap(k.mapped)
	k.mapped = nil
}

func newCache() *Cache { return &Cache{fresh: map[string]*SourceState{}} }

// find is what is known of a source, nil where that is nothing. It may be changed, which note must
// be told.
func (k *Cache) find(source string) *SourceState {
	if s := k.fresh[source]; s != nil {
		return s
	}
	if i, there := k.base.find(source); there {
		return k.own(i)
	}
	return nil
}

// FindOrAdd is find, and begins with nothing where nothing is known.
func (k *Cache) FindOrAdd(source string) *SourceState {
	s := k.find(source)
	if s == nil {
		s = &SourceState{source: source}
		k.fresh[source] = s
	}
	return s
}

// own takes a source out of base to be changed.
func (k *Cache) own(i int) *SourceState {
	s := k.base.known(i)
	k.fresh[s.source] = s
	return s
}

// MarkChanged says that s was changed.
func (k *Cache) MarkChanged(s *SourceState) {
	s.unsaved, k.changed = true, true
}

// anyIn tells whether path itself or anything below it is known.
func (k *Cache) anyIn(path string) bool {
	if i := k.base.search(path); i < k.base.n && inside(k.base.source(i), path) {
		return true
	}
	for source := range k.fresh {
		if inside(source, path) {
			return true
		}
	}
	return false
}

// compact moves what is fresh to base, which needs less room and is searched faster. The cache is
// written anew then.
func (k *Cache) compact() {
	b, _ := appendSection(nil, 0, k.Tip, k.everything())
	k.base, _, _, _ = parseSection(b, 0)
	k.fresh, k.changed, k.file.whole = map[string]*SourceState{}, true, false
}

// Blobs are the contents of the newest versions, as the cache file has them.
func (k *Cache) Blobs() map[object.ID]bool { return k.base.contents() }

// inOrder is what is fresh, in path order.
func (k *Cache) inOrder() []*SourceState {
	all := make([]*SourceState, 0, len(k.fresh))
	for _, s := range k.fresh {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *SourceState) int { return comparePaths(a.source, b.source) })
	return all
}

// reader goes through all that is known, in path order.
type reader struct {
	*SourceState // where it is: to be looked at until the next, but for what glance leaves out; own gives what may be kept
	k            *Cache
	left         []*SourceState // fresh, not yet come to
	n            int            // of base, come to
	based        bool           // known is number n-1 of base
	glance       SourceState
}

func (k *Cache) read() *reader { return &reader{k: k, left: k.inOrder()} }

// next goes on to the next source, and tells whether there is one.
func (r *reader) next() bool {
	based := r.n < r.k.base.n
	if based && len(r.left) > 0 {
		c := comparePaths(r.left[0].source, r.k.base.source(r.n))
		if c == 0 {
			r.n++
		}
		based = c > 0
	}
	switch {
	case based:
		r.k.base.glance(r.n, &r.glance)
		r.SourceState, r.n = &r.glance, r.n+1
	case len(r.left) > 0:
		r.SourceState, r.left = r.left[0], r.left[1:]
	default:
		r.SourceState = nil
	}
	r.based = based
	return r.SourceState != nil
}

// own is all that is known of the source, to be kept and changed.
func (r *reader) own() *SourceState {
	if r.based {
		return r.k.own(r.n - 1)
	}
	return r.SourceState
}

// full is all that is known of the source.
func (r *reader) full() *SourceState {
	if r.based {
		return r.k.base.known(r.n - 1)
	}
	return r.SourceState
}
