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
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// Unseen decides about the sources of the cache that the scan did not see.
type Unseen struct {
	scan       *Scan
	cache      *Cache
	sources    []unseenSource
	accepted   []string
	renumbered map[renumbering]bool
	held       map[string]*heldFolder
}

// renumbering is a device number in the cache, and the one that files of that device have now.
type renumbering struct{ before, now uint64 }

// unseenSource is one of them, with the entry that selects it.
type unseenSource struct {
	entry *config.Entry
	state *SourceState
}

// heldFolder is a folder whose deletions are held back, and why.
type heldFolder struct {
	why      string
	n        int  // known sources that the scan did not see
	reported bool // the scan has reported a problem with the folder already
}

// collect adds the sources of the cache that the scan did not see and c watches.
func (u *Unseen) collect(c *config.Config) {
	if c == nil {
		return
	}
	base, marks := &u.cache.base, u.scan.cached.marks
	var state SourceState
	for i, m := range marks {
		if m == 0 {
			base.readStat(i, &state)
			u.add(c, &state)
		}
	}
	for source, state := range u.cache.overlay {
		i, there := base.find(source)
		switch {
		case there && (marks[i].seen() || marks[i]&superseded == 0): // the loop above did it
		case !there && u.scan.contains(source):
		default:
			u.add(c, state)
		}
	}
}

// add adds a source if c watches it and its deletion is not recorded yet.
func (u *Unseen) add(c *config.Config, state *SourceState) {
	if state.Deleted && !state.Stale {
		return
	}
	if e := c.Select(state.source); e != nil {
		u.sources = append(u.sources, unseenSource{entry: e, state: u.cache.find(state.source)})
	}
}

// Deletions returns the deleted sources, sorted by path. Where a source seems to be missing for
// another reason than a deletion, its deletion is held back, and held names the folder. The paths
// in accept, and all below them, are exempt from that. missing names the entries that never had a
// source.
func (u *Unseen) Deletions(accept []string) (deleted []Change, held, missing []Problem) {
	u.accepted = accept
	for _, s := range u.sources {
		if u.isDeleted(s.entry, s.state) {
			deleted = append(deleted, Change{File: File{Path: s.state.source}, Before: s.state, Deleted: true})
		}
	}
	// A renamed source bears the first path in this order.
	slices.SortFunc(deleted, func(a, b Change) int { return strings.Compare(a.File.Path, b.File.Path) })
	return deleted, u.heldBack(), u.neverFound()
}

// isDeleted tells whether an unseen source is deleted. It holds the deletion back where the root of
// the entry is missing, unreadable or suddenly empty.
func (u *Unseen) isDeleted(e *config.Entry, state *SourceState) bool {
	if slices.ContainsFunc(u.accepted, func(p string) bool { return inside(state.source, p) }) {
		_, err := os.Lstat(state.source)
		return durable.IsMissing(err)
	}
	root := e.Root
	if root == state.source {
		root = filepath.Dir(root)
	} else if f, there := u.scan.folders[root]; there && f.readable && f.empty {
		return u.holdBack(root, "is empty, where it was not", false)
	}
	if f, there := u.scan.folders[root]; !there {
		return u.holdBack(root, "is missing", false)
	} else if !f.readable {
		return u.holdBack(root, "cannot be read", true)
	}
	return u.folderAllows(root, state) && stillMissing(e, state.source)
}

// stillMissing takes the stat of an unseen source once more, since its folder may have been made
// anew during the scan. Like the scan, it follows no link below the root.
func stillMissing(e *config.Entry, source string) bool {
	root, folder := e.Root, filepath.Dir(source)
	if root == source {
		root = folder
	}
	dir, err := disk.OpenFolder(root, folder)
	if err != nil {
		return durable.IsMissing(err)
	}
	defer unix.Close(dir)
	st, err := disk.StatAt(dir, baseName(source), unix.AT_SYMLINK_NOFOLLOW)
	return durable.IsMissing(err) || err == nil && st.IsDir()
}

// folderAllows tells whether the nearest existing folder above an unseen source allows the
// deletion. It holds the deletion back where that folder cannot be read or another device is
// mounted there.
func (u *Unseen) folderAllows(root string, state *SourceState) bool {
	folder := filepath.Dir(state.source)
	for folder != root && len(folder) > len(root) {
		if _, there := u.scan.folders[folder]; there {
			break
		}
		if u.isBarred(folder) {
			return u.holdBack(folder, "cannot be looked at", true)
		}
		folder = filepath.Dir(folder)
	}
	f := u.scan.folders[folder]
	if !f.readable {
		return u.holdBack(folder, "cannot be read", true)
	}
	if !state.Stat.IsZero() && f.dev != state.Stat.Dev && !u.renumbered[renumbering{state.Stat.Dev, f.dev}] && !u.anyBelow(folder) {
		return u.holdBack(folder, "is on another device, with none of its known files", false)
	}
	return true
}

// isBarred tells whether the stat of path could not be taken, as in a folder that may be read but
// not searched. The path may be a folder that still holds all its files.
func (u *Unseen) isBarred(path string) bool {
	found := u.scan.found
	i, there := slices.BinarySearchFunc(found, path, func(f File, p string) int { return comparePaths(f.Path, p) })
	return there && found[i].skipped && found[i].Stat.IsZero()
}

// anyBelow tells whether the scan saw any source in the folder or below.
func (u *Unseen) anyBelow(dir string) bool {
	found := u.scan.found
	i, _ := slices.BinarySearchFunc(found, dir, func(f File, p string) int { return comparePaths(f.Path, p) })
	return i < len(found) && inside(found[i].Path, dir) || u.scan.cached.anySeen(u.scan.cached.inFolder(dir))
}

// holdBack counts a held back deletion in folder. It returns false, for isDeleted.
func (u *Unseen) holdBack(folder, why string, said bool) bool {
	h := u.held[folder]
	if h == nil {
		h = &heldFolder{why: why, reported: said}
		u.held[folder] = h
	}
	h.n++
	return false
}

// heldBack returns a problem for each folder whose deletions are held back.
func (u *Unseen) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(u.held)) {
		if h := u.held[p]; !h.reported {
			problems = append(problems, Problem{Path: p, Msg: fmt.Sprintf("%s: %d known files are gone, and not taken for deleted", h.why, h.n),
				Remedy: refusal.Remedy{Kind: AcceptDeletions, Path: p}})
		}
	}
	return problems
}

// neverFound returns a problem for each missing entry that never had a source.
func (u *Unseen) neverFound() (problems []Problem) {
	for _, e := range u.scan.Missing {
		if u.held[e.Root] == nil && u.held[filepath.Dir(e.Root)] == nil && !u.cache.anyIn(e.Root) {
			problems = append(problems, Problem{Path: e.Root, Msg: "does not exist", Remedy: refusal.Remedy{Kind: StopWatching, Path: e.Text}})
		}
	}
	return problems
}
