package scan

import (
	"slices"

	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// Change is a source that a run must read, or whose deletion it must record.
type Change struct {
	File    *File
	Before  *cache.State // from the cache; nil: never recorded
	Deleted bool

	// LeadsOn, with Deleted, says that the source is still the link that it was, and counts as
	// a folder: sources are recorded below it.
	LeadsOn bool
}

// Compare finds the sources whose stat differs from the cache, or whose state in the cache is in
// doubt. Unseen holds the sources of the cache that c watches and the scan did not see. A nil c
// stands for a scan of some paths only, after which no source counts as unseen.
func Compare(s *Scan, known *cache.Cache, c *config.Config) ([]Change, *Unseen) {
	u := &Unseen{scan: s, cache: known, watched: c, held: map[string]*heldFolder{}, links: map[string]bool{}}
	var changes []Change
	var devices disk.DeviceNumbers
	cursor := s.cached.NewCursor(s.cached.All(), 0)
	for i := range s.found {
		f := &s.found[i]
		before := cursor.MarkFound(f.Path)
		if f.assumed {
			continue
		}
		if before == nil {
			if !f.skipped {
				changes = append(changes, Change{File: f})
			}
			continue
		}
		devices.Note(&before.Stat, &f.Stat)
		if !f.skipped && (before.Deleted || before.Doubtful || before.Stale || f.Pseudo || before.Stat != f.Stat) {
			changes = append(changes, Change{File: f, Before: known.Find(f.Path)})
		}
	}
	s.Sources = s.countFound() + s.cached.CountUnchanged()
	switch {
	case devices.Changed && s.part != nil:
		s.Undecided = true
	case devices.Changed:
		s.cached.Renumber(&devices)
	}
	u.collect()
	return changes, u
}

// Bytes returns the sum of the sizes of the files that were found.
func (s *Scan) Bytes() int64 {
	n := s.cached.UnchangedBytes()
	for i := range s.found {
		if s.found[i].Stat.IsRegular() {
			n += s.found[i].Stat.Size
		}
	}
	return n
}

// LargerThan returns the files that were found with more than least bytes, and no more than most,
// by path. most 0 is no limit.
func (s *Scan) LargerThan(least, most int64) (paths []string) {
	add := func(path string, st *disk.Stat) {
		if st.IsRegular() && st.Size > least && (most == 0 || st.Size <= most) {
			paths = append(paths, path)
		}
	}
	for known := range s.cached.UnchangedBelow("/") {
		add(known.Source, &known.Stat)
	}
	for i := range s.found {
		add(s.found[i].Path, &s.found[i].Stat)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Folders returns the number of folders that were looked into.
func (s *Scan) Folders() int { return len(s.folders) }

// countFound returns the number of files and links that were found, and not only marked.
func (s *Scan) countFound() (n int) {
	for i := range s.found {
		if !s.found[i].Stat.IsDir() {
			n++
		}
	}
	return n
}
