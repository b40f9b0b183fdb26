package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/record"
)

// change is a source that must be looked into, or whose deletion is to be recorded.
type change struct {
	seen    seen
	old     *known // nil: never recorded
	deleted bool
}

// compare finds the sources whose state differs from what was known, or leaves a doubt.
func compare(s *scan, k *knowledge) []change {
	var looks []change
	for _, f := range s.found {
		if f.kept {
			continue
		}
		old := k.sources[f.path]
		if old == nil || old.deleted || old.doubt || old.stale || f.pseudo || old.key != f.key {
			looks = append(looks, change{seen: f, old: old})
		}
	}
	return looks
}

// absence decides about the sources that are known and were not seen.
type absence struct {
	scan   *scan
	config *Config
	accept []string
	moved  map[uint64]map[uint64]bool // a device number of the last run → those that its files have now
	held   map[string]*holding
}

// holding is a place whose deletions are held back, and why.
type holding struct {
	why  string
	n    int
	said bool // the scan has named the place already
}

// deletions lists the known sources that are gone. Where the absence is suspicious they are held back, and a Problem
// names the place.
func deletions(s *scan, c *Config, k *knowledge, accept []string) []change {
	a := &absence{scan: s, config: c, accept: accept, moved: map[uint64]map[uint64]bool{}, held: map[string]*holding{}}
	for _, f := range s.found {
		if old := k.sources[f.path]; old != nil && !old.key.isZero() {
			if a.moved[old.key.Dev] == nil {
				a.moved[old.key.Dev] = map[uint64]bool{}
			}
			a.moved[old.key.Dev][f.key.Dev] = true
		}
	}
	var gone []change
	for source, old := range k.sources {
		if _, seen := s.at[source]; seen || old.deleted && !old.stale {
			continue
		}
		if e := c.Select(source); e != nil && a.decide(e, old) {
			gone = append(gone, change{seen: seen{path: source}, old: old, deleted: true})
		}
	}
	slices.SortFunc(gone, func(a, b change) int { return strings.Compare(a.seen.path, b.seen.path) })
	a.report(k)
	return gone
}

// decide tells whether a source that was not seen is deleted.
func (a *absence) decide(e *Entry, old *known) bool {
	if slices.ContainsFunc(a.accept, func(p string) bool { return inside(old.source, p) }) {
		_, err := os.Lstat(old.source)
		return gone(err)
	}
	root := e.Root
	if root == old.source {
		root = filepath.Dir(root)
	} else if f, there := a.scan.folders[root]; there && f.readable && f.empty {
		return a.hold(root, "is empty, where it was not", false)
	}
	if f, there := a.scan.folders[root]; !there {
		return a.hold(root, "is missing", false)
	} else if !f.readable {
		return a.hold(root, "cannot be read", true)
	}
	return a.below(root, old)
}

// below finds the nearest folder that is left above a source and judges by it.
func (a *absence) below(root string, old *known) bool {
	place := filepath.Dir(old.source)
	for place != root && len(place) > len(root) {
		if _, there := a.scan.folders[place]; there {
			break
		}
		place = filepath.Dir(place)
	}
	f := a.scan.folders[place]
	if !f.readable {
		return a.hold(place, "cannot be read", true)
	}
	if !old.key.isZero() && f.dev != old.key.Dev && !a.moved[old.key.Dev][f.dev] && !a.anyBelow(place) {
		return a.hold(place, "is on another device, with none of its known files", false)
	}
	return true
}

func (a *absence) anyBelow(folder string) bool {
	return slices.ContainsFunc(a.scan.found, func(f seen) bool { return inside(f.path, folder) })
}

func (a *absence) hold(place, why string, said bool) bool {
	h := a.held[place]
	if h == nil {
		h = &holding{why: why, said: said}
		a.held[place] = h
	}
	h.n++
	return false
}

// report names the places where deletions are held back, and the entries that never had anything.
func (a *absence) report(k *knowledge) {
	places := make([]string, 0, len(a.held))
	for p := range a.held {
		places = append(places, p)
	}
	slices.Sort(places)
	for _, p := range places {
		h := a.held[p]
		if h.said {
			continue
		}
		a.scan.problems = append(a.scan.problems, Problem{Path: p, Msg: fmt.Sprintf("%s: %d known files are gone, and not taken for deleted", h.why, h.n),
			Hint: "if they are deleted: timemachine run --accept-deletions " + record.Quote(p)})
	}
	for _, e := range a.scan.missing {
		if a.held[e.Root] != nil || a.held[filepath.Dir(e.Root)] != nil || a.knows(k, e.Root) {
			continue
		}
		a.scan.problems = append(a.scan.problems, Problem{Path: e.Root, Msg: missingMsg, Hint: "to stop watching it: timemachine remove " + record.Quote(e.Text)})
	}
}

// missingMsg is said of an entry that never had anything.
const missingMsg = "does not exist"

// knows tells whether a missing entry's own history explains its absence.
func (a *absence) knows(k *knowledge, root string) bool {
	if k.sources[root] != nil {
		return true
	}
	for source := range k.sources {
		if inside(source, root) {
			return true
		}
	}
	return false
}

// order sorts what is to be committed: by mtime, then path; but a deletion that frees a name for what takes it comes
// first.
func order(changes []change) {
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.deleted {
			continue
		}
		taken[c.seen.path] = true
		for p := filepath.Dir(c.seen.path); p != "/"; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	rank := func(c *change) int {
		switch {
		case !c.deleted:
			return 1
		case above[c.seen.path] || anyAbove(taken, c.seen.path):
			return 0
		}
		return 2
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		if d := rank(&a) - rank(&b); d != 0 {
			return d
		}
		if !a.deleted {
			if d := a.seen.key.mtime().Compare(b.seen.key.mtime()); d != 0 {
				return d
			}
		}
		return strings.Compare(a.seen.path, b.seen.path)
	})
}

// displaced lists the known sources that cannot be there any more, because what is captured took the place of a folder
// above them, or needs a folder in theirs. A run over a part of what is watched looks for no other deletions.
func displaced(changes []change, k *knowledge) []change {
	taken := map[string]bool{}
	above := map[string]bool{}
	for _, c := range changes {
		taken[c.seen.path] = true
		for p := filepath.Dir(c.seen.path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	var gone []change
	for source, old := range k.sources {
		if !old.deleted && (above[source] || anyAbove(taken, source)) {
			gone = append(gone, change{seen: seen{path: source}, old: old, deleted: true})
		}
	}
	return gone
}

func anyAbove(taken map[string]bool, path string) bool {
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		if taken[p] {
			return true
		}
	}
	return false
}
