package scan

import (
	"slices"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Cache is what is known of all sources, and the commit it is true of.
type Cache struct {
	Tip     object.ID
	base    cacheSection            // most of it
	overlay map[string]*SourceState // what is not in base, is newer than there, or was asked for to be changed
	changed bool                    // something in fresh is unsaved
	saved   object.ID               // the tip in the cache
	file    cacheFile
	mapped  []byte // the file, where base is a part of it
}

// Close lets the cache file go; what base holds is gone then.
func (k *Cache) Close() {
	k.base = cacheSection{}
	durable.Unmap(k.mapped)
	k.mapped = nil
}

func newCache() *Cache { return &Cache{overlay: map[string]*SourceState{}} }

// find is what is known of a source, nil where that is nothing. It may be changed, which note must
// be told.
func (k *Cache) find(source string) *SourceState {
	if s := k.overlay[source]; s != nil {
		return s
	}
	if i, there := k.base.find(source); there {
		return k.modify(i)
	}
	return nil
}

// FindOrAdd is find, and begins with nothing where nothing is known.
func (k *Cache) FindOrAdd(source string) *SourceState {
	s := k.find(source)
	if s == nil {
		s = &SourceState{source: source}
		k.overlay[source] = s
	}
	return s
}

// modify takes a source out of base to be changed.
func (k *Cache) modify(i int) *SourceState {
	s := k.base.state(i)
	k.overlay[s.source] = s
	return s
}

// MarkChanged says that s was changed.
func (k *Cache) MarkChanged(s *SourceState) {
	s.unsaved, k.changed = true, true
}

// anyIn tells whether path itself or anything below it is known.
func (k *Cache) anyIn(path string) bool {
	if i := k.base.search(path); i < k.base.count && inside(k.base.source(i), path) {
		return true
	}
	for source := range k.overlay {
		if inside(source, path) {
			return true
		}
	}
	return false
}

// compact moves what is fresh to base, which needs less room and is searched faster. The cache is
// written anew then.
func (k *Cache) compact() {
	b, _ := appendSection(nil, 0, k.Tip, k.allEntries())
	k.base, _, _, _ = parseSection(b, 0)
	k.overlay, k.changed, k.file.intact = map[string]*SourceState{}, true, false
}

// Blobs are the contents of the newest versions, as the cache file has them.
func (k *Cache) Blobs() map[object.ID]bool { return k.base.blobs() }

// sortedOverlay is what is fresh, in path order.
func (k *Cache) sortedOverlay() []*SourceState {
	all := make([]*SourceState, 0, len(k.overlay))
	for _, s := range k.overlay {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *SourceState) int { return comparePaths(a.source, b.source) })
	return all
}

// cacheIterator goes through all that is known, in path order.
type cacheIterator struct {
	*SourceState // where it is: to be looked at until the next, but for what glance leaves out; own gives what may be kept
	cache        *Cache
	left         []*SourceState // fresh, not yet come to
	basePos      int            // of base, come to
	inBase       bool           // known is number n-1 of base
	buffer       SourceState
}

func (k *Cache) iterate() *cacheIterator { return &cacheIterator{cache: k, left: k.sortedOverlay()} }

// next goes on to the next source, and tells whether there is one.
func (r *cacheIterator) next() bool {
	based := r.basePos < r.cache.base.count
	if based && len(r.left) > 0 {
		c := comparePaths(r.left[0].source, r.cache.base.source(r.basePos))
		if c == 0 {
			r.basePos++
		}
		based = c > 0
	}
	switch {
	case based:
		r.cache.base.readStat(r.basePos, &r.buffer)
		r.SourceState, r.basePos = &r.buffer, r.basePos+1
	case len(r.left) > 0:
		r.SourceState, r.left = r.left[0], r.left[1:]
	default:
		r.SourceState = nil
	}
	r.inBase = based
	return r.SourceState != nil
}

// modify is all that is known of the source, to be kept and changed.
func (r *cacheIterator) modify() *SourceState {
	if r.inBase {
		return r.cache.modify(r.basePos - 1)
	}
	return r.SourceState
}

// state is all that is known of the source.
func (r *cacheIterator) state() *SourceState {
	if r.inBase {
		return r.cache.base.state(r.basePos - 1)
	}
	return r.SourceState
}

// SourceState is what the last run knew of one source: its newest record, and the file's state when
// it was looked at.
type SourceState struct {
	source      string
	Stat        Stat // zero: not looked at since the records were read again
	Blob        object.ID
	Commit      object.ID
	Mtime       time.Time // of the newest record
	LatestMtime time.Time // the latest mtime of all its records
	Mode        uint32
	UID         uint32
	GID         uint32
	Size        int64
	Link        bool
	Deleted     bool
	Doubtful    bool  // looked at so soon after a change that another may hide behind the same state
	Stale       bool  // the tree does not hold what the record says
	unsaved     bool  // not in the cache as it is here
	TornRuns    uint8 // runs in a row in which it changed while it was read
}

// Content is what the source held last; zero where nothing is known.
func (k *SourceState) Content() object.ID {
	if k == nil {
		return object.ID{}
	}
	return k.Blob
}

// SetVersion makes k what version v says.
func (k *SourceState) SetVersion(v *record.Version) {
	k.source, k.Commit = v.Source, v.Commit
	k.Deleted, k.Stale = v.Event == record.Deleted, false
	if k.Deleted {
		k.Stat = Stat{}
		return
	}
	k.Blob, k.Mtime, k.Mode, k.UID, k.GID, k.Size, k.Link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	if v.Mtime.After(k.LatestMtime) {
		k.LatestMtime = v.Mtime
	}
}
