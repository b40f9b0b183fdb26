package watch

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/watch/config"
)

// change is a source that must be looked into, or whose deletion is to be recorded.
type change struct {
	seen    seen
	old     *known // nil: never recorded
	deleted bool
}

// compare finds the sources whose state differs from what was known, or leaves a doubt, and those that are known,
// watched by c and were not seen; c is nil where not everything was looked at.
func compare(s *scan, k *knowledge, c *config.Config) ([]change, *absence) {
	a := &absence{scan: s, know: k, moved: map[[2]uint64]bool{}, held: map[string]*holding{}}
	var looks []change
	all := passage{past: s.past, span: span{0, k.base.n}}
	var glance known
	for i := range s.found {
		f := &s.found[i]
		old := k.fresh[f.path]
		if all.seek(f.path) && k.base.source(all.from) == f.path {
			s.past.marks[all.from] |= found
			if old == nil {
				old = &glance
				k.base.glance(all.from, old)
			}
		}
		if old == nil {
			if !f.kept {
				looks = append(looks, change{seen: *f})
			}
			continue
		}
		if old.key.Dev != f.key.Dev && !old.key.isZero() {
			a.moved[[2]uint64{old.key.Dev, f.key.Dev}] = true
		}
		if !f.kept && (old.deleted || old.doubt || old.stale || f.pseudo || old.key != f.key) {
			looks = append(looks, change{seen: *f, old: k.find(f.path)})
		}
	}
	s.count()
	a.missed(c)
	return looks, a
}

// count counts the sources that were seen, each once.
func (s *scan) count() {
	s.sources = len(s.found)
	for _, m := range s.past.marks {
		if m&(same|found) == same {
			s.sources++
		}
	}
}

// absence decides about the sources that are known and were not seen.
type absence struct {
	scan   *scan
	know   *knowledge
	lost   []loss
	accept []string
	moved  map[[2]uint64]bool // a device number of the last run, and one that its files have now
	held   map[string]*holding
}

// loss is a source that was not seen.
type loss struct {
	entry *config.Entry
	old   *known
}

// holding is a place whose deletions are held back, and why.
type holding struct {
	why  string
	n    int
	said bool // the scan has named the place already
}

// missed takes note of the known sources that were not seen, though c watches them.
func (a *absence) missed(c *config.Config) {
	if c == nil {
		return
	}
	base, marks := &a.know.base, a.scan.past.marks
	var glance known
	for i, m := range marks {
		if m == 0 {
			base.glance(i, &glance)
			a.lose(c, &glance)
		}
	}
	for source, k := range a.know.fresh {
		i, there := base.find(source)
		switch {
		case there && (marks[i].seen() || marks[i]&newer == 0): // without newer the loop above came to it
		case !there && a.scan.has(source):
		default:
			a.lose(c, k)
		}
	}
}

// has tells whether a source is in the list of what was found.
func (s *scan) has(source string) bool {
	_, there := slices.BinarySearchFunc(s.found, source, func(f seen, p string) int { return comparePaths(f.path, p) })
	return there
}

// lose takes note of a source that was not seen, if it should have been.
func (a *absence) lose(c *config.Config, k *known) {
	if k.deleted && !k.stale {
		return
	}
	if e := c.Select(k.source); e != nil {
		a.lost = append(a.lost, loss{entry: e, old: a.know.find(k.source)})
	}
}

// deletions lists the known sources that are gone, by path. Where the absence is suspicious they are held back, and a
// Problem of held names the place; not below the paths in accept. missing names the entries that never had anything.
func (a *absence) deletions(accept []string) (gone []change, held, missing []Problem) {
	a.accept = accept
	for _, l := range a.lost {
		if a.decide(l.entry, l.old) {
			gone = append(gone, change{seen: seen{path: l.old.source}, old: l.old, deleted: true})
		}
	}
	slices.SortFunc(gone, func(a, b change) int { return strings.Compare(a.seen.path, b.seen.path) }) // as Renamed-From takes the first
	return gone, a.heldBack(), a.neverFound()
}

// decide tells whether a source that was not seen is deleted.
func (a *absence) decide(e *config.Entry, old *known) bool {
	if slices.ContainsFunc(a.accept, func(p string) bool { return inside(old.source, p) }) {
		_, err := os.Lstat(old.source)
		return durable.IsMissing(err)
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
	return a.below(root, old) && vanished(e, old.source)
}

// vanished looks once more for a source that was not seen: its folder may have been made anew in the midst of the scan.
// Links on the way lead nowhere, as in the scan.
func vanished(e *config.Entry, source string) bool {
	root, folder := e.Root, filepath.Dir(source)
	if root == source {
		root = folder
	}
	dir, err := openBelow(root, folder)
	if err != nil {
		return durable.IsMissing(err)
	}
	defer unix.Close(dir)
	k, err := statAt(dir, nameOf(source), unix.AT_SYMLINK_NOFOLLOW)
	return durable.IsMissing(err) || err == nil && k.isDir()
}

// below finds the nearest folder that is left above a source and judges by it.
func (a *absence) below(root string, old *known) bool {
	place := filepath.Dir(old.source)
	for place != root && len(place) > len(root) {
		if _, there := a.scan.folders[place]; there {
			break
		}
		if a.barred(place) {
			return a.hold(place, "cannot be looked at", true)
		}
		place = filepath.Dir(place)
	}
	f := a.scan.folders[place]
	if !f.readable {
		return a.hold(place, "cannot be read", true)
	}
	if !old.key.isZero() && f.dev != old.key.Dev && !a.moved[[2]uint64{old.key.Dev, f.dev}] && !a.anyBelow(place) {
		return a.hold(place, "is on another device, with none of its known files", false)
	}
	return true
}

// barred tells whether there is something at path of which not even the kind could be found out: in a folder that may be
// read but not searched, say. It may well be a folder that holds all it held.
func (a *absence) barred(path string) bool {
	found := a.scan.found
	i, there := slices.BinarySearchFunc(found, path, func(f seen, p string) int { return comparePaths(f.path, p) })
	return there && found[i].kept && found[i].key.isZero()
}

// anyBelow tells whether anything was seen in the folder.
func (a *absence) anyBelow(folder string) bool {
	found := a.scan.found
	i, _ := slices.BinarySearchFunc(found, folder, func(f seen, p string) int { return comparePaths(f.path, p) })
	return i < len(found) && inside(found[i].path, folder) || a.scan.past.any(a.scan.past.in(folder))
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

// heldBack names the places where deletions are held back.
func (a *absence) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(a.held)) {
		if h := a.held[p]; !h.said {
			problems = append(problems, Problem{Path: p, Msg: fmt.Sprintf("%s: %d known files are gone, and not taken for deleted", h.why, h.n),
				Hint: "if they are deleted: timemachine run --accept-deletions " + record.Quote(p)})
		}
	}
	return problems
}

// neverFound names the entries that never had anything.
func (a *absence) neverFound() (problems []Problem) {
	for _, e := range a.scan.missing {
		if a.held[e.Root] == nil && a.held[filepath.Dir(e.Root)] == nil && !a.know.anyIn(e.Root) {
			problems = append(problems, Problem{Path: e.Root, Msg: "does not exist", Hint: "to stop watching it: timemachine remove " + record.Quote(e.Text)})
		}
	}
	return problems
}

// order sorts what is to be committed: by mtime, then path; but a deletion that frees a name for what takes it comes
// first. fold makes one of the paths that are one in the destination.
func order(changes []change, fold func(string) string) {
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.deleted {
			continue
		}
		path := fold(c.seen.path)
		taken[path] = true
		for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	rank := func(c *change) int {
		if !c.deleted {
			return 1
		}
		if path := fold(c.seen.path); taken[path] || above[path] || anyAbove(taken, path) {
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
	for all := k.read(); all.next(); {
		if !all.deleted && (above[all.source] || anyAbove(taken, all.source)) {
			gone = append(gone, change{seen: seen{path: all.source}, old: all.own(), deleted: true})
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
