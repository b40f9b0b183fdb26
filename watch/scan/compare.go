package scan

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

// Change is a source that must be looked into, or whose deletion is to be recorded.
type Change struct {
	File    File
	Before  *SourceState // nil: never recorded
	Deleted bool
}

// Compare finds the sources whose state differs from what was known, or leaves a doubt, and those
// that are known, watched by c and were not seen; c is nil where not everything was looked at.
func Compare(s *Scan, k *Cache, c *config.Config) ([]Change, *Unseen) {
	a := &Unseen{scan: s, know: k, moved: map[[2]uint64]bool{}, held: map[string]*holding{}}
	var looks []Change
	all := passage{past: s.past, span: span{0, k.base.n}}
	var glance SourceState
	for i := range s.found {
		f := &s.found[i]
		old := k.fresh[f.Path]
		if all.seek(f.Path) && k.base.source(all.from) == f.Path {
			s.past.marks[all.from] |= found
			if old == nil {
				old = &glance
				k.base.glance(all.from, old)
			}
		}
		if old == nil {
			if !f.skipped {
				looks = append(looks, Change{File: *f})
			}
			continue
		}
		if old.Stat.Dev != f.Stat.Dev && !old.Stat.IsZero() {
			a.moved[[2]uint64{old.Stat.Dev, f.Stat.Dev}] = true
		}
		if !f.skipped && (old.Deleted || old.Doubtful || old.Stale || f.Pseudo || old.Stat != f.Stat) {
			looks = append(looks, Change{File: *f, Before: k.find(f.Path)})
		}
	}
	s.count()
	a.missed(c)
	return looks, a
}

// count counts the sources that were seen, each once.
func (s *Scan) count() {
	s.Sources = len(s.found)
	for _, m := range s.past.marks {
		if m&(same|found) == same {
			s.Sources++
		}
	}
}

// Unseen decides about the sources that are known and were not seen.
type Unseen struct {
	scan   *Scan
	know   *Cache
	lost   []loss
	accept []string
	moved  map[[2]uint64]bool // a device number of the last run, and one that its files have now
	held   map[string]*holding
}

// loss is a source that was not seen.
type loss struct {
	entry *config.Entry
	old   *SourceState
}

// holding is a place whose deletions are held back, and why.
type holding struct {
	why  string
	n    int
	said bool // the scan has named the place already
}

// missed takes note of the known sources that were not seen, though c watches them.
func (a *Unseen) missed(c *config.Config) {
	if c == nil {
		return
	}
	base, marks := &a.know.base, a.scan.past.marks
	var glance SourceState
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
func (s *Scan) has(source string) bool {
	_, there := slices.BinarySearchFunc(s.found, source, func(f File, p string) int { return comparePaths(f.Path, p) })
	return there
}

// lose takes note of a source that was not seen, if it should have been.
func (a *Unseen) lose(c *config.Config, k *SourceState) {
	if k.Deleted && !k.Stale {
		return
	}
	if e := c.Select(k.source); e != nil {
		a.lost = append(a.lost, loss{entry: e, old: a.know.find(k.source)})
	}
}

// Deletions lists the known sources that are gone, by path. Where the absence is suspicious they
// are held back, and a Problem of held names the place; not below the paths in accept. missing
// names the entries that never had anything.
func (a *Unseen) Deletions(accept []string) (gone []Change, held, missing []Problem) {
	a.accept = accept
	for _, l := range a.lost {
		if a.decide(l.entry, l.old) {
			gone = append(gone, Change{File: File{Path: l.old.source}, Before: l.old, Deleted: true})
		}
	}
	slices.SortFunc(gone, func(a, b Change) int { return strings.Compare(a.File.Path, b.File.Path) }) // as Renamed-From takes the first
	return gone, a.heldBack(), a.neverFound()
}

// decide tells whether a source that was not seen is deleted.
func (a *Unseen) decide(e *config.Entry, old *SourceState) bool {
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

// vanished looks once more for a source that was not seen: its folder may have been made anew in
// the midst of the scan. Links on the way lead nowhere, as in the scan.
func vanished(e *config.Entry, source string) bool {
	root, folder := e.Root, filepath.Dir(source)
	if root == source {
		root = folder
	}
	dir, err := OpenFolder(root, folder)
	if err != nil {
		return durable.IsMissing(err)
	}
	defer unix.Close(dir)
	k, err := StatAt(dir, nameOf(source), unix.AT_SYMLINK_NOFOLLOW)
	return durable.IsMissing(err) || err == nil && k.isDir()
}

// below finds the nearest folder that is left above a source and judges by it.
func (a *Unseen) below(root string, old *SourceState) bool {
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
	if !old.Stat.IsZero() && f.dev != old.Stat.Dev && !a.moved[[2]uint64{old.Stat.Dev, f.dev}] && !a.anyBelow(place) {
		return a.hold(place, "is on another device, with none of its known files", false)
	}
	return true
}

// barred tells whether there is something at path of which not even the kind could be found out: in
// a folder that may be read but not searched, say. It may well be a folder that holds all it held.
func (a *Unseen) barred(path string) bool {
	found := a.scan.found
	i, there := slices.BinarySearchFunc(found, path, func(f File, p string) int { return comparePaths(f.Path, p) })
	return there && found[i].skipped && found[i].Stat.IsZero()
}

// anyBelow tells whether anything was seen in the folder.
func (a *Unseen) anyBelow(folder string) bool {
	found := a.scan.found
	i, _ := slices.BinarySearchFunc(found, folder, func(f File, p string) int { return comparePaths(f.Path, p) })
	return i < len(found) && inside(found[i].Path, folder) || a.scan.past.any(a.scan.past.in(folder))
}

func (a *Unseen) hold(place, why string, said bool) bool {
	h := a.held[place]
	if h == nil {
		h = &holding{why: why, said: said}
		a.held[place] = h
	}
	h.n++
	return false
}

// heldBack names the places where deletions are held back.
func (a *Unseen) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(a.held)) {
		if h := a.held[p]; !h.said {
			problems = append(problems, Problem{Path: p, Msg: fmt.Sprintf("%s: %d known files are gone, and not taken for deleted", h.why, h.n),
				Hint: "if they are deleted: timemachine run --accept-deletions " + record.Quote(p)})
		}
	}
	return problems
}

// neverFound names the entries that never had anything.
func (a *Unseen) neverFound() (problems []Problem) {
	for _, e := range a.scan.Missing {
		if a.held[e.Root] == nil && a.held[filepath.Dir(e.Root)] == nil && !a.know.anyIn(e.Root) {
			problems = append(problems, Problem{Path: e.Root, Msg: "does not exist", Hint: "to stop watching it: timemachine remove " + record.Quote(e.Text)})
		}
	}
	return problems
}

// SortForCommit sorts what is to be committed: by mtime, then path; but a deletion that frees a
// name for what takes it comes first. fold makes one of the paths that are one in the destination.
func SortForCommit(changes []Change, fold func(string) string) {
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.Deleted {
			continue
		}
		path := fold(c.File.Path)
		taken[path] = true
		for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	rank := func(c *Change) int {
		if !c.Deleted {
			return 1
		}
		if path := fold(c.File.Path); taken[path] || above[path] || anyAbove(taken, path) {
			return 0
		}
		return 2
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		if d := rank(&a) - rank(&b); d != 0 {
			return d
		}
		if !a.Deleted {
			if d := a.File.Stat.Mtime().Compare(b.File.Stat.Mtime()); d != 0 {
				return d
			}
		}
		return strings.Compare(a.File.Path, b.File.Path)
	})
}

// Displaced lists the known sources that cannot be there any more, because what is captured took
// the place of a folder above them, or needs a folder in theirs. A run over a part of what is
// watched looks for no other deletions.
func Displaced(changes []Change, k *Cache) []Change {
	taken := map[string]bool{}
	above := map[string]bool{}
	for _, c := range changes {
		taken[c.File.Path] = true
		for p := filepath.Dir(c.File.Path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	var gone []Change
	for all := k.read(); all.next(); {
		if !all.Deleted && (above[all.source] || anyAbove(taken, all.source)) {
			gone = append(gone, Change{File: File{Path: all.source}, Before: all.own(), Deleted: true})
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
