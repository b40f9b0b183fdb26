package scan

import (
	"timemachine/watch/config"
)

// Change is a source that must be looked into, or whose deletion is to be recorded.
type Change struct {
	File    File
	Before  *SourceState // nil: never recorded
	Deleted bool
}

// Compare finds the sources whose state differs from what was known, or leaves a doubt, and those
// that are known, watched by c and were not seen; c is nil where not everything was looked at.
func Compare(s *Scan, k *Cache, c *config.Config) ([]Change, *Unseen) {
	a := &Unseen{scan: s, cache: k, renumbered: map[[2]uint64]bool{}, held: map[string]*heldFolder{}}
	var looks []Change
	all := folderCursor{cacheMarks: s.cached, span: span{0, k.base.count}}
	var glance SourceState
	for i := range s.found {
		f := &s.found[i]
		old := k.overlay[f.Path]
		if all.seek(f.Path) && k.base.source(all.from) == f.Path {
			s.cached.marks[all.from] |= listed
			if old == nil {
				old = &glance
				k.base.readStat(all.from, old)
			}
		}
		if old == nil {
			if !f.skipped {
				looks = append(looks, Change{File: *f})
			}
			continue
		}
		if old.Stat.Dev != f.Stat.Dev && !old.Stat.IsZero() {
			a.renumbered[[2]uint64{old.Stat.Dev, f.Stat.Dev}] = true
		}
		if !f.skipped && (old.Deleted || old.Doubtful || old.Stale || f.Pseudo || old.Stat != f.Stat) {
			looks = append(looks, Change{File: *f, Before: k.find(f.Path)})
		}
	}
	s.countSources()
	a.collect(c)
	return looks, a
}

// countSources counts the sources that were seen, each once.
func (s *Scan) countSources() {
	s.Sources = len(s.found)
	for _, m := range s.cached.marks {
		if m&(unchanged|listed) == unchanged {
			s.Sources++
		}
	}
}
