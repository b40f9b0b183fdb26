package scan

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// yieldToEntries takes away the links that a walk found and that an entry leads through to sources
// below. The tree cannot hold both, and what an entry names wins over what a walk finds.
func (s *Scan) yieldToEntries(c *config.Config, cache *Cache) {
	// One that cannot be captured has no place in the tree, unless it is recorded.
	hasPlace := func(f *File) bool { return !f.skipped || cache.isLive(f.Path) }
	done := map[string]bool{}
	for _, e := range c.Entries {
		for p := e.Root; p != "/" && !done[p]; p = filepath.Dir(p) {
			done[p] = true
			if s.sawBelow(p, hasPlace) && s.takeAwayLink(p) {
				s.yielded = append(s.yielded, p)
			}
		}
	}
}

// sawBelow tells whether the scan saw a source below path that counts.
func (s *Scan) sawBelow(path string, counts func(*File) bool) bool {
	i, there := s.search(path)
	if there {
		i++
	}
	for ; i < len(s.found) && disk.Inside(s.found[i].Path, path); i++ {
		if counts(&s.found[i]) {
			return true
		}
	}
	in := s.cached.inFolder(path)
	return slices.ContainsFunc(s.cached.marks[in.from:in.to], mark.seen)
}

// anySource counts every source.
func anySource(*File) bool { return true }

// takeAwayLink forgets that a walk saw a link at path, and tells whether one did.
func (s *Scan) takeAwayLink(path string) (took bool) {
	if i, there := s.search(path); there && s.found[i].Stat.IsLink() {
		s.found = slices.Delete(s.found, i, i+1)
		took = true
	}
	if s.cached.base == nil {
		return took
	}
	if i, there := s.cached.base.find(path); there && s.cached.marks[i]&unchanged != 0 {
		s.cached.marks[i] &^= unchanged
		took = true
	}
	return took
}

// Settle gives each path to one source, where changes overlap with sources of the cache: the tree
// holds no file or link beside a source below it. changes must hold all deletions.
//
// A captured source wins over a known one above it: a folder is there now, or a link that an entry
// leads through. A known source that is still there, or whose deletion is held back, wins over a
// captured one above it. One that is not there any more is deleted, also where nothing watches it.
func (u *Unseen) Settle(changes []Change) []Change {
	o := &overlaps{Unseen: u, deleted: map[string]bool{}, tried: map[string]bool{}, overlay: u.cache.SortedOverlay()}
	for i := range changes {
		if changes[i].Deleted {
			o.deleted[changes[i].File.Path] = true
		}
	}
	for _, path := range u.scan.yielded {
		o.end(path)
	}
	kept := changes[:0]
	for _, ch := range changes {
		if ch.Deleted || o.makeWay(ch.File.Path) {
			kept = append(kept, ch)
		}
	}
	return append(kept, o.ended...)
}

// overlaps is the state of one Settle.
type overlaps struct {
	*Unseen
	deleted map[string]bool // sources whose deletion is among the changes, or ended
	tried   map[string]bool // paths that makeWay has looked above
	overlay []*SourceState  // in path order
	ended   []Change
}

// makeWay ends the known sources that cannot be beside a captured one at path. It returns false
// where one of them has the better right.
func (o *overlaps) makeWay(path string) bool {
	below := o.cache.LiveBelow(path, o.overlay)
	for _, source := range below {
		if !o.deleted[source] && o.stays(source) {
			return false
		}
	}
	for _, source := range below {
		o.end(source)
	}
	for p := filepath.Dir(path); p != "/" && !o.tried[p]; p = filepath.Dir(p) {
		o.tried[p] = true
		o.end(p)
	}
	return true
}

// stays tells whether a source below a captured one keeps its place.
func (o *overlaps) stays(source string) bool {
	e := o.scan.config.Select(source)
	return e != nil && (o.watched != nil || !IsMissing(e, o.cache.find(source)))
}

// end adds the change that ends a known source whose place is taken. A link that is still there is
// no deletion.
func (o *overlaps) end(source string) {
	if o.deleted[source] {
		return
	}
	state := o.cache.FindLive(source)
	if state == nil {
		return
	}
	o.deleted[source] = true
	st, err := disk.StatAt(unix.AT_FDCWD, source, unix.AT_SYMLINK_NOFOLLOW)
	o.ended = append(o.ended, Change{File: File{Path: source, Entry: o.scan.config.Select(source)}, Before: state, Deleted: true,
		BecameFolder: state.Link && err == nil && st.IsLink()})
}
