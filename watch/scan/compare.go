package scan

import (
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// Change is a source that a run must read, or whose deletion it must record.
type Change struct {
	File    File
	Before  *SourceState // from the cache; nil: never recorded
	Deleted bool

	// BecameFolder, with Deleted, says that the source is still the link that it was, and counts as
	// a folder: sources are recorded below it.
	BecameFolder bool
}

// Compare finds the sources whose stat differs from the cache, or whose state in the cache is in
// doubt. Unseen holds the sources of the cache that c watches and the scan did not see. A nil c
// stands for a scan of some paths only, after which no source counts as unseen.
func Compare(s *Scan, cache *Cache, c *config.Config) ([]Change, *Unseen) {
	u := &Unseen{scan: s, cache: cache, watched: c, held: map[string]*heldFolder{}}
	var changes []Change
	var devices disk.DeviceNumbers
	cursor := folderCursor{cacheMarks: s.cached, span: span{0, cache.base.count}}
	var buffer SourceState
	for i := range s.found {
		f := &s.found[i]
		before := cache.overlay[f.Path]
		if cursor.seek(f.Path) && cache.base.source(cursor.from) == f.Path {
			s.cached.marks[cursor.from] |= listed
			if before == nil {
				before = &buffer
				cache.base.readStat(cursor.from, before)
			}
		}
		if before == nil {
			if !f.skipped {
				changes = append(changes, Change{File: *f})
			}
			continue
		}
		devices.Note(&before.Stat, &f.Stat)
		if !f.skipped && (before.Deleted || before.Doubtful || before.Stale || f.Pseudo || before.Stat != f.Stat) {
			changes = append(changes, Change{File: *f, Before: cache.find(f.Path)})
		}
	}
	s.countSources()
	if devices.Changed {
		s.renumber(cache, &devices)
	}
	u.collect()
	return changes, u
}

// renumber gives all devices in the cache the numbers that they have now, which no later scan could
// tell.
func (s *Scan) renumber(cache *Cache, devices *disk.DeviceNumbers) {
	for i, m := range s.cached.marks {
		if m&unchanged != 0 {
			st := decodeStat(cache.base.record(i))
			devices.Note(&st, &st)
		}
	}
	for all := cache.iterate(); all.next(); {
		seen := all.inBase && s.cached.marks[all.basePos-1]&unchanged != 0
		if now := devices.Present(all.Stat.Dev); now != all.Stat.Dev && !seen && !all.Stat.IsZero() {
			state := all.modify()
			state.Stat.Dev = now
			cache.MarkChanged(state)
		}
	}
}

// countSources counts the sources that the scan saw, each once.
func (s *Scan) countSources() {
	s.Sources = len(s.found)
	for _, m := range s.cached.marks {
		if m&(unchanged|listed) == unchanged {
			s.Sources++
		}
	}
}
