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

// Unseen decides about the sources that are known and were not seen.
type Unseen struct {
	scan       *Scan
	cache      *Cache
	sources    []unseenSource
	accepted   []string
	renumbered map[[2]uint64]bool // a device number of the last run, and one that its files have now
	held       map[string]*heldFolder
}

// unseenSource is a source that was not seen.
type unseenSource struct {
	entry *config.Entry
	state *SourceState
}

// heldFolder is a place whose deletions are held back, and why.
type heldFolder struct {
	why      string
	n        int
	reported bool // the scan has named the place already
}

// collect takes note of the known sources that were not seen, though c watches them.
func (a *Unseen) collect(c *config.Config) {
	if c == nil {
		return
	}
	base, marks := &a.cache.base, a.scan.cached.marks
	var glance SourceState
	for i, m := range marks {
		if m == 0 {
			base.readStat(i, &glance)
			a.add(c, &glance)
		}
	}
	for source, k := range a.cache.overlay {
		i, there := base.find(source)
		switch {
		case there && (marks[i].seen() || marks[i]&superseded == 0): // without newer the loop above came to it
		case !there && a.scan.contains(source):
		default:
			a.add(c, k)
		}
	}
}

// add takes note of a source that was not seen, if it should have been.
func (a *Unseen) add(c *config.Config, k *SourceState) {
	if k.Deleted && !k.Stale {
		return
	}
	if e := c.Select(k.source); e != nil {
		a.sources = append(a.sources, unseenSource{entry: e, state: a.cache.find(k.source)})
	}
}

// Deletions lists the known sources that are gone, by path. Where the absence is suspicious they
// are held back, and a Problem of held names the place; not below the paths in accept. missing
// names the entries that never had anything.
func (a *Unseen) Deletions(accept []string) (gone []Change, held, missing []Problem) {
	a.accepted = accept
	for _, l := range a.sources {
		if a.isDeleted(l.entry, l.state) {
			gone = append(gone, Change{File: File{Path: l.state.source}, Before: l.state, Deleted: true})
		}
	}
	slices.SortFunc(gone, func(a, b Change) int { return strings.Compare(a.File.Path, b.File.Path) }) // as Renamed-From takes the first
	return gone, a.heldBack(), a.neverFound()
}

// isDeleted tells whether a source that was not seen is deleted.
func (a *Unseen) isDeleted(e *config.Entry, old *SourceState) bool {
	if slices.ContainsFunc(a.accepted, func(p string) bool { return inside(old.source, p) }) {
		_, err := os.Lstat(old.source)
		return durable.IsMissing(err)
	}
	root := e.Root
	if root == old.source {
		root = filepath.Dir(root)
	} else if f, there := a.scan.folders[root]; there && f.readable && f.empty {
		return a.holdBack(root, "is empty, where it was not", false)
	}
	if f, there := a.scan.folders[root]; !there {
		return a.holdBack(root, "is missing", false)
	} else if !f.readable {
		return a.holdBack(root, "cannot be read", true)
	}
	return a.folderAllows(root, old) && stillMissing(e, old.source)
}

// stillMissing looks once more for a source that was not seen: its folder may have been made anew in
// the midst of the scan. Links on the way lead nowhere, as in the scan.
func stillMissing(e *config.Entry, source string) bool {
	root, folder := e.Root, filepath.Dir(source)
	if root == source {
		root = folder
	}
	dir, err := OpenFolder(root, folder)
	if err != nil {
		return durable.IsMissing(err)
	}
	defer unix.Close(dir)
	k, err := StatAt(dir, baseName(source), unix.AT_SYMLINK_NOFOLLOW)
	return durable.IsMissing(err) || err == nil && k.isDir()
}

// folderAllows finds the nearest folder that is left above a source and judges by it.
func (a *Unseen) folderAllows(root string, old *SourceState) bool {
	place := filepath.Dir(old.source)
	for place != root && len(place) > len(root) {
		if _, there := a.scan.folders[place]; there {
			break
		}
		if a.isBarred(place) {
			return a.holdBack(place, "cannot be looked at", true)
		}
		place = filepath.Dir(place)
	}
	f := a.scan.folders[place]
	if !f.readable {
		return a.holdBack(place, "cannot be read", true)
	}
	if !old.Stat.IsZero() && f.dev != old.Stat.Dev && !a.renumbered[[2]uint64{old.Stat.Dev, f.dev}] && !a.anyBelow(place) {
		return a.holdBack(place, "is on another device, with none of its known files", false)
	}
	return true
}

// isBarred tells whether there is something at path of which not even the kind could be found out: in
// a folder that may be read but not searched, say. It may well be a folder that holds all it held.
func (a *Unseen) isBarred(path string) bool {
	found := a.scan.found
	i, there := slices.BinarySearchFunc(found, path, func(f File, p string) int { return comparePaths(f.Path, p) })
	return there && found[i].skipped && found[i].Stat.IsZero()
}

// anyBelow tells whether anything was seen in the folder.
func (a *Unseen) anyBelow(folder string) bool {
	found := a.scan.found
	i, _ := slices.BinarySearchFunc(found, folder, func(f File, p string) int { return comparePaths(f.Path, p) })
	return i < len(found) && inside(found[i].Path, folder) || a.scan.cached.anySeen(a.scan.cached.inFolder(folder))
}

func (a *Unseen) holdBack(place, why string, said bool) bool {
	h := a.held[place]
	if h == nil {
		h = &heldFolder{why: why, reported: said}
		a.held[place] = h
	}
	h.n++
	return false
}

// heldBack names the places where deletions are held back.
func (a *Unseen) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(a.held)) {
		if h := a.held[p]; !h.reported {
			problems = append(problems, Problem{Path: p, Msg: fmt.Sprintf("%s: %d known files are gone, and not taken for deleted", h.why, h.n),
				Hint: "if they are deleted: timemachine run --accept-deletions " + record.Quote(p)})
		}
	}
	return problems
}

// neverFound names the entries that never had anything.
func (a *Unseen) neverFound() (problems []Problem) {
	for _, e := range a.scan.Missing {
		if a.held[e.Root] == nil && a.held[filepath.Dir(e.Root)] == nil && !a.cache.anyIn(e.Root) {
			problems = append(problems, Problem{Path: e.Root, Msg: "does not exist", Hint: "to stop watching it: timemachine remove " + record.Quote(e.Text)})
		}
	}
	return problems
}
