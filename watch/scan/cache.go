package scan

import (
	"slices"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/watch/disk"
)

// Cache holds the state of all sources after the last run. Base and overlay together make up its
// content, and the overlay wins. What base returns is valid until Close. Goroutines may read a
// cache at the same time while none changes it.
type Cache struct {
	Tip     object.ID               // the commit that the cache describes
	base    cacheSection            // the first section of the cache file
	overlay map[string]*SourceState // newer states, and those that a caller may change
	changed bool                    // the overlay holds something unsaved
	saved   object.ID               // the tip in the cache file
	file    cacheFile
	mapped  []byte // the cache file; nil where base is in memory
}

// Close unmaps the cache file. The base is empty afterwards.
func (c *Cache) Close() {
	c.base = cacheSection{}
	durable.Unmap(c.mapped)
	c.mapped = nil
}

// newCache returns an empty cache.
func newCache() *Cache { return &Cache{overlay: map[string]*SourceState{}} }

// find returns the state of a source, or nil. A caller that changes it must call MarkChanged.
func (c *Cache) find(source string) *SourceState {
	if s := c.overlay[source]; s != nil {
		return s
	}
	if i, there := c.base.find(source); there {
		return c.modify(i)
	}
	return nil
}

// FindLive returns the state of a source that is recorded and not deleted, or nil.
func (c *Cache) FindLive(source string) *SourceState {
	if !c.isLive(source) {
		return nil
	}
	return c.find(source)
}

// isLive tells whether a source is recorded and not deleted. It changes nothing.
func (c *Cache) isLive(source string) bool {
	if s := c.overlay[source]; s != nil {
		return !s.Deleted
	}
	i, there := c.base.find(source)
	return there && !c.base.isDeleted(i)
}

// LiveBelow returns the sources below path that are recorded and not deleted. overlay has the
// states of the overlay in path order.
func (c *Cache) LiveBelow(path string, overlay []*SourceState) (sources []string) {
	in := c.base.inFolder(path, span{0, c.base.count})
	for i := in.from; i < in.to; i++ {
		if source := c.base.source(i); !c.base.isDeleted(i) && c.overlay[source] == nil {
			sources = append(sources, source)
		}
	}
	i, there := slices.BinarySearchFunc(overlay, path, func(s *SourceState, p string) int { return disk.ComparePaths(s.source, p) })
	if there {
		i++
	}
	for ; i < len(overlay) && disk.Inside(overlay[i].source, path); i++ {
		if !overlay[i].Deleted {
			sources = append(sources, overlay[i].source)
		}
	}
	return sources
}

// FindOrAdd returns the state of a source and adds an empty one where the cache has none. A caller
// that changes it must call MarkChanged.
func (c *Cache) FindOrAdd(source string) *SourceState {
	s := c.find(source)
	if s == nil {
		s = &SourceState{source: source}
		c.overlay[source] = s
	}
	return s
}

// Doubt makes the next comparison read a source, whatever its stat says.
func (c *Cache) Doubt(source string) {
	if s := c.find(source); s != nil {
		s.Doubtful = true
	}
}

// modify copies source number i of the base to the overlay, where it can be changed.
func (c *Cache) modify(i int) *SourceState {
	s := c.base.state(i)
	c.overlay[s.source] = s
	return s
}

// MarkChanged notes that s, a state of the cache, must be saved.
func (c *Cache) MarkChanged(s *SourceState) {
	s.unsaved, c.changed = true, true
}

// anyIn tells whether the cache has a source at or below path.
func (c *Cache) anyIn(path string) bool {
	if i := c.base.search(path); i < c.base.count && disk.Inside(c.base.source(i), path) {
		return true
	}
	for source := range c.overlay {
		if disk.Inside(source, path) {
			return true
		}
	}
	return false
}

// compact moves the overlay into the base, which needs less memory and is faster to search. The
// next Save writes the whole file.
func (c *Cache) compact() {
	b, _ := appendSection(nil, 0, c.Tip, c.allEntries())
	runsAgo := make([]uint32, 0, c.base.count+len(c.overlay))
	for all := c.iterate(); all.next(); {
		runsAgo = append(runsAgo, all.runsAgo)
	}
	c.base, _, _, _ = parseSection(b, 0)
	c.base.runsAgo = runsAgo
	c.overlay, c.changed, c.file.intact = map[string]*SourceState{}, true, false
}

// Blobs returns the contents of the newest versions in the base. Several goroutines may call it.
func (c *Cache) Blobs() map[object.ID]bool { return c.base.blobs() }

// SortedOverlay returns the states of the overlay in path order.
func (c *Cache) SortedOverlay() []*SourceState {
	all := make([]*SourceState, 0, len(c.overlay))
	for _, s := range c.overlay {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *SourceState) int { return disk.ComparePaths(a.source, b.source) })
	return all
}

// cacheIterator goes through all states of a cache in path order.
type cacheIterator struct {
	// The present state, read-only and valid until next. From the base it has only what readStat
	// reads; state reads all of it, and modify returns one that may be changed.
	*SourceState
	cache   *Cache
	left    []*SourceState // of the overlay, still to come
	basePos int            // number of the next source of the base
	inBase  bool           // the present state is number basePos-1 of the base
	buffer  SourceState
}

// iterate returns an iterator before the first state.
func (c *Cache) iterate() *cacheIterator { return &cacheIterator{cache: c, left: c.SortedOverlay()} }

// next goes to the next state and tells whether there is one.
func (r *cacheIterator) next() bool {
	based := r.basePos < r.cache.base.count
	if based && len(r.left) > 0 {
		c := disk.ComparePaths(r.left[0].source, r.cache.base.source(r.basePos))
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

// modify returns the present state as one that may be changed and kept.
func (r *cacheIterator) modify() *SourceState {
	if r.inBase {
		return r.cache.modify(r.basePos - 1)
	}
	return r.SourceState
}

// state returns the whole present state, read-only.
func (r *cacheIterator) state() *SourceState {
	if r.inBase {
		return r.cache.base.state(r.basePos - 1)
	}
	return r.SourceState
}

// SourceState is what the cache holds of one source: its newest record, and its stat at the last
// scan.
type SourceState struct {
	source      string
	Stat        disk.Stat // zero where the state comes from the commits alone
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
	Doubtful    bool   // read so soon after a change that the same stat can hide another change
	Followed    bool   // a listed link, whose content is that of the file it leads to
	Stale       bool   // the tree of the tip does not hold what the record says
	unsaved     bool   // not in the cache file
	TornRuns    uint8  // number of runs in a row in which the source changed while it was read
	runsAgo     uint32 // since which run it stands, counted back from the tip, if Load read that
}

// Content returns the blob of the newest version with content. It is zero for a nil state.
func (s *SourceState) Content() object.ID {
	if s == nil {
		return object.ID{}
	}
	return s.Blob
}

// SetVersion makes v the newest version of the source. A deletion keeps the content of the version
// before.
func (s *SourceState) SetVersion(v *record.Version) {
	s.source, s.Commit = v.Source, v.Commit
	s.Deleted, s.Stale = v.Ends(), false
	if s.Deleted {
		s.Stat = disk.Stat{}
		return
	}
	s.Blob, s.Mtime, s.Mode, s.UID, s.GID, s.Size, s.Link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	if v.Mtime.After(s.LatestMtime) {
		s.LatestMtime = v.Mtime
	}
}

// wasBeside tells whether a source was on the same device when another source was last seen. Where
// the other was not seen since the cache was lost, the source must be recorded and unchanged since
// the other was last recorded.
func (s *SourceState) wasBeside(other *SourceState) bool {
	switch {
	case !other.Stat.IsZero():
		return s.Stat.Dev == other.Stat.Dev && !s.Stat.IsZero()
	case other.runsAgo == 0: // an earlier run lost the cache
		return s.runsAgo == 0 && s.Stat.IsZero()
	}
	return s.runsAgo == 0 || s.runsAgo >= other.runsAgo
}

// stands tells whether a file that was found has the size and mtime of the source.
func (s *SourceState) stands(found *disk.Stat) bool {
	if s.Stat.IsZero() {
		return found.Size == s.Size && found.Mtime().Equal(s.Mtime)
	}
	return found.Size == s.Stat.Size && found.Mtime().Equal(s.Stat.Mtime())
}
