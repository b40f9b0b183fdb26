// Package cache keeps what the last run saw of each source: its newest record, and its stat.
//
// The cache is a file in the state folder of a destination. It is disposable: Load brings it up to
// date with the commits, and makes it anew where it is missing or damaged. Marks note which of its
// sources a scan has seen.
package cache

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"sync"
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
	Tip     object.ID         // the commit that the cache describes
	base    section           // the first section of the cache file
	overlay map[string]*State // newer states, and those that a caller may change
	changed bool              // the overlay holds something unsaved
	saved   object.ID         // the tip in the cache file
	file    cacheFile
	mapped  []byte   // the cache file; nil where base is in memory
	former  [][]byte // cache files before it that a scan may still look at
	added   int      // states that Add gave and the base does not have

	// runs tells by which run each source was recorded last, counted back from the tip that the
	// cache was loaded for. It reads all commits, once.
	runs func() map[string]uint32
}

// Close unmaps the cache file. The base is empty afterwards.
func (c *Cache) Close() {
	c.base = section{}
	for _, b := range append(c.former, c.mapped) {
		durable.Unmap(b)
	}
	c.mapped, c.former = nil, nil
}

// Forget gives back the memory in which the system keeps the cache file; it is read again when
// used.
func (c *Cache) Forget() { durable.ForgetPages(c.mapped, 0, int64(len(c.mapped))) }

// New returns an empty cache.
func New() *Cache { return &Cache{overlay: map[string]*State{}} }

// Find returns the state of a source, or nil. A caller that changes it must call MarkChanged.
func (c *Cache) Find(source string) *State {
	if s := c.overlay[source]; s != nil {
		return s
	}
	if i, there := c.base.find(source); there {
		return c.modify(i)
	}
	return nil
}

// FindLive returns the state of a source that is recorded and not deleted, or nil.
func (c *Cache) FindLive(source string) *State {
	if !c.IsLive(source) {
		return nil
	}
	return c.Find(source)
}

// IsLive tells whether a source is recorded and not deleted. It changes nothing.
func (c *Cache) IsLive(source string) bool {
	if s := c.overlay[source]; s != nil {
		return !s.Deleted
	}
	i, there := c.base.find(source)
	return there && !c.base.isDeleted(i)
}

// LiveBelow returns the sources below path that are recorded and not deleted. overlay has the
// states of the overlay in path order.
func (c *Cache) LiveBelow(path string, overlay []*State) (sources []string) {
	in := c.base.inFolder(path, Span{0, c.base.count})
	for i := in.from; i < in.to; i++ {
		if source := c.base.source(i); !c.base.isDeleted(i) && c.overlay[source] == nil {
			sources = append(sources, source)
		}
	}
	i, there := slices.BinarySearchFunc(overlay, path, func(s *State, p string) int { return disk.ComparePaths(s.Source, p) })
	if there {
		i++
	}
	for ; i < len(overlay) && disk.Inside(overlay[i].Source, path); i++ {
		if !overlay[i].Deleted {
			sources = append(sources, overlay[i].Source)
		}
	}
	return sources
}

// HoldingOrLinked yields the live sources whose content is among some, and those whose records name
// another name of the file. They are read-only and valid until Close.
func (c *Cache) HoldingOrLinked(contents map[object.ID]bool) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		for i := range c.base.count {
			if !contents[c.base.content(i)] && !c.base.hasFlag(i, flagLinked) || c.base.isDeleted(i) {
				continue
			}
			if s := c.base.state(i); c.overlay[s.Source] == nil && !yield(s) {
				return
			}
		}
		for _, s := range c.overlay {
			if (contents[s.Blob] || s.Linked) && !s.Deleted && !yield(s) {
				return
			}
		}
	}
}

// FindOrAdd returns the state of a source and adds an empty one where the cache has none. A caller
// that changes it must call MarkChanged.
func (c *Cache) FindOrAdd(source string) *State {
	s := c.Find(source)
	if s == nil {
		s = &State{Source: source}
		c.overlay[source] = s
	}
	return s
}

// Add is FindOrAdd of a source that the cache did not have when the run scanned: it does not search
// the base. The caller marks the state as changed, and holds it no longer than until SaveAdded.
func (c *Cache) Add(source string) *State {
	if s := c.overlay[source]; s != nil {
		return s
	}
	s := &State{Source: source, added: true}
	c.overlay[source] = s
	c.added++
	return s
}

// Doubt makes the next comparison read a source, whatever its stat says.
func (c *Cache) Doubt(source string) {
	if s := c.Find(source); s != nil {
		s.Doubtful = true
	}
}

// modify copies source number i of the base to the overlay, where it can be changed.
func (c *Cache) modify(i int) *State {
	s := c.base.state(i)
	c.overlay[s.Source] = s
	return s
}

// MarkChanged notes that s, a state of the cache, must be saved.
func (c *Cache) MarkChanged(s *State) {
	s.unsaved, c.changed = true, true
}

// HasIn tells whether the cache has a source at or below path.
func (c *Cache) HasIn(path string) bool {
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
	var b bytes.Buffer
	_, _ = writeSection(&b, 0, c.Tip, c.allEntries()) // a buffer takes all
	runsAgo := make([]uint32, 0, c.base.count+len(c.overlay))
	for all := c.iterate(); all.next(); {
		runsAgo = append(runsAgo, all.runsAgo)
	}
	c.base, _, _, _ = parseSection(b.Bytes(), 0)
	c.base.runsAgo = runsAgo
	c.overlay, c.changed, c.file.intact = map[string]*State{}, true, false
}

// Blobs returns a function that returns the contents of the newest versions in the base as it is
// now. Several goroutines may call it until Close.
func (c *Cache) Blobs() func() map[object.ID]bool {
	base := c.base
	return sync.OnceValue(base.blobs)
}

// SortedOverlay returns the states of the overlay in path order.
func (c *Cache) SortedOverlay() []*State {
	all := make([]*State, 0, len(c.overlay))
	for _, s := range c.overlay {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *State) int { return disk.ComparePaths(a.Source, b.Source) })
	return all
}

// iterator goes through all states of a cache in path order.
type iterator struct {
	// The present state, read-only and valid until next. From the base it has only what readStat
	// reads; state reads all of it, and modify returns one that may be changed.
	*State
	cache   *Cache
	left    []*State // of the overlay, still to come
	basePos int      // number of the next source of the base
	inBase  bool     // the present state is number basePos-1 of the base
	buffer  State
}

// iterate returns an iterator before the first state.
func (c *Cache) iterate() *iterator { return &iterator{cache: c, left: c.SortedOverlay()} }

// next goes to the next state and tells whether there is one.
func (r *iterator) next() bool {
	based := r.basePos < r.cache.base.count
	if based && len(r.left) > 0 {
		c := disk.ComparePaths(r.left[0].Source, r.cache.base.source(r.basePos))
		if c == 0 {
			r.basePos++
		}
		based = c > 0
	}
	switch {
	case based:
		r.cache.base.readStat(r.basePos, &r.buffer)
		r.State, r.basePos = &r.buffer, r.basePos+1
	case len(r.left) > 0:
		r.State, r.left = r.left[0], r.left[1:]
	default:
		r.State = nil
	}
	r.inBase = based
	return r.State != nil
}

// modify returns the present state as one that may be changed and kept.
func (r *iterator) modify() *State {
	if r.inBase {
		return r.cache.modify(r.basePos - 1)
	}
	return r.State
}

// state returns the whole present state, read-only.
func (r *iterator) state() *State {
	if r.inBase {
		return r.cache.base.state(r.basePos - 1)
	}
	return r.State
}

// State is what the cache holds of one source: its newest record, and its stat at the last
// scan.
type State struct {
	Source      string
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
	Folder      bool   // a folder, or with Deleted one that was
	Linked      bool   // the record tells of another name of the file
	XattrSum    uint64 // of the record's attributes; see SumXattrs
	Deleted     bool
	Doubtful    bool   // read so soon after a change that the same stat can hide another change
	Followed    bool   // a listed link, whose content is that of the file it leads to
	Stale       bool   // the tree of the tip does not hold what the record says
	unsaved     bool   // not in the cache file
	added       bool   // by Add
	TornRuns    uint8  // number of runs in a row in which the source changed while it was read
	runsAgo     uint32 // since which run it stands, counted back from the tip, if Load read that
}

// Content returns the blob of the newest version with content. It is zero for a nil state.
func (s *State) Content() object.ID {
	if s == nil {
		return object.ID{}
	}
	return s.Blob
}

// SumXattrs returns a checksum of attributes, which is 0 where there are none.
func SumXattrs(all []record.Xattr) uint64 {
	if len(all) == 0 {
		return 0
	}
	h := fnv.New64a()
	for _, x := range all {
		if len(x.Value) > record.MaxXattr { // the record will name its blob
			x.Blob, _ = object.HashBlob([]byte(x.Value))
			x.Value = ""
		}
		fmt.Fprintf(h, "%q %q %s\n", x.Name, x.Value, x.Blob)
	}
	return max(h.Sum64(), 1)
}

// SetVersion makes v the newest version of the source. A deletion keeps the content of the version
// before.
func (s *State) SetVersion(v *record.Version) {
	s.Source, s.Commit = v.Source, v.Commit
	s.Deleted, s.Folder, s.Stale = v.Ends(), v.Folder, false
	if s.Deleted {
		s.Stat = disk.Stat{}
		return
	}
	s.Blob, s.Mtime, s.Mode, s.UID, s.GID, s.Size, s.Link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	s.Linked, s.XattrSum = v.LinkedWith != "", SumXattrs(v.Xattrs)
	if v.Mtime.After(s.LatestMtime) {
		s.LatestMtime = v.Mtime
	}
}

// HaveSameNeighbours tells whether WasBeside says the same of two sources.
func (c *Cache) HaveSameNeighbours(a, b *State) bool {
	return a.Stat.Dev == b.Stat.Dev && a.runsAgo == b.runsAgo && (!a.isLost() || !b.isLost() || c.runs()[a.Source] == c.runs()[b.Source])
}

// WasBeside tells whether a source was on the same device when another source was last seen. Where
// the other was not seen since the cache was lost, the source must be recorded and unchanged since
// the other was last recorded.
func (c *Cache) WasBeside(s, other *State) bool {
	switch {
	case !other.Stat.IsZero():
		return s.Stat.Dev == other.Stat.Dev && !s.Stat.IsZero()
	case other.isLost():
		return s.isLost() && c.runs()[other.Source] > 0 && c.runs()[s.Source] >= c.runs()[other.Source]
	}
	return s.runsAgo == 0 || s.runsAgo >= other.runsAgo
}

// isLost tells whether an earlier run lost the cache, and no run has seen the source since.
func (s *State) isLost() bool { return s.Stat.IsZero() && s.runsAgo == 0 }

// Stands tells whether a file that was found has the size and mtime of the source.
func (s *State) Stands(found *disk.Stat) bool {
	if s.Stat.IsZero() {
		return found.Size == s.Size && found.Mtime().Equal(s.Mtime)
	}
	return found.Size == s.Stat.Size && found.Mtime().Equal(s.Stat.Mtime())
}
