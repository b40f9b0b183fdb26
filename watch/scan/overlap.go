package scan

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// yieldToEntries takes away the links that a walk found and that an entry leads through to sources
// below. The tree cannot hold both, and what an entry names wins over what a walk finds.
func (s *Scan) yieldToEntries(c *config.Config, known *cache.Cache) {
	// One that cannot be captured has no place in the tree, unless it is recorded.
	hasPlace := func(f *File) bool { return !f.skipped || known.IsLive(f.Path) }
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
	return s.cached.SawBelow(path)
}

// anySource counts every source.
func anySource(*File) bool { return true }

// foundFolder tells whether the scan found a folder at path that is a source.
func (s *Scan) foundFolder(path string) bool {
	i, there := s.search(path)
	return there && s.found[i].Stat.IsDir()
}

// takeAwayLink forgets that a walk saw a link at path, and tells whether one did.
func (s *Scan) takeAwayLink(path string) (took bool) {
	switch i, there := s.search(path); {
	case !there:
	case s.found[i].Stat.IsDir():
		return false // an entry names the link: what it leads to is the source
	case s.found[i].Stat.IsLink():
		s.found = slices.Delete(s.found, i, i+1)
		took = true
	}
	return s.cached.ForgetLink(path) || took
}

// Settle gives each path to one source, where changes overlap with sources of the cache: the tree
// holds no file or link beside one below it. changes must hold all deletions.
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
		if ch.Deleted || o.makeWay(ch.File) {
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
	overlay []*cache.State  // in path order
	ended   []Change
}

// makeWay ends the known sources that cannot be beside a captured one. It returns false where one
// of them has the better right. A folder goes with all that lies below it.
func (o *overlaps) makeWay(f *File) bool {
	path := f.Path
	var below []string
	if !f.Stat.IsDir() {
		below = o.cache.LiveBelow(path, o.overlay)
	}
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
		if state := o.cache.FindLive(p); state != nil && !state.Folder && !o.scan.foundFolder(p) {
			o.end(p)
		}
	}
	return true
}

// stays tells whether a source below a captured one keeps its place.
func (o *overlaps) stays(source string) bool {
	e := SelectSource(o.scan.config, o.cache.Find(source))
	return e != nil && (o.watched != nil || !IsMissing(e, o.cache.Find(source)))
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
	o.ended = append(o.ended, Change{File: &File{Path: source, Entry: SelectSource(o.scan.config, state)}, Before: state, Deleted: true,
		LeadsOn: state.Link && err == nil && st.IsLink()})
}
