package scan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// Unseen decides about the sources of the cache that the scan did not see.
type Unseen struct {
	scan     *Scan
	cache    *Cache
	watched  *config.Config // nil after a scan of some paths
	sources  []unseenSource
	accepted []string
	held     map[string]*heldFolder
}

// unseenSource is one of them, with the entry that selects it.
type unseenSource struct {
	entry *config.Entry
	state *SourceState
}

// heldFolder is a folder whose deletions are held back, and why.
type heldFolder struct {
	why      string
	n        int          // known sources that the scan did not see
	first    *SourceState // the first of them
	reported bool         // the scan has reported a problem with the folder already
}

// collect adds the sources of the cache that the scan did not see and the configuration watches.
func (u *Unseen) collect() {
	if u.watched == nil {
		return
	}
	base, marks := &u.cache.base, u.scan.cached.marks
	var state SourceState
	for i, m := range marks {
		if m == 0 {
			base.readStat(i, &state)
			u.add(&state)
		}
	}
	for source, state := range u.cache.overlay {
		i, there := base.find(source)
		_, found := u.scan.search(source)
		switch {
		case there && (marks[i].seen() || marks[i]&superseded == 0): // the loop above did it
		case !there && found:
		default:
			u.add(state)
		}
	}
}

// add adds a source if it is watched and its deletion is not recorded yet.
func (u *Unseen) add(state *SourceState) {
	if state.Deleted && !state.Stale || slices.Contains(u.scan.yielded, state.source) {
		return
	}
	if e := u.watched.Select(state.source); e != nil {
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
			deleted = append(deleted, Change{File: File{Path: s.state.source, Entry: s.entry}, Before: s.state, Deleted: true})
		}
	}
	// A renamed source bears the first path in this order.
	slices.SortFunc(deleted, func(a, b Change) int { return strings.Compare(a.File.Path, b.File.Path) })
	return deleted, u.heldBack(), u.neverFound()
}

// isDeleted tells whether an unseen source is deleted. It holds the deletion back where the root of
// the entry is missing, unreadable or suddenly empty.
func (u *Unseen) isDeleted(e *config.Entry, state *SourceState) bool {
	accepted := slices.ContainsFunc(u.accepted, func(p string) bool { return disk.Inside(state.source, p) })
	// A deletion that is recorded already, and was only reverted in the tree, is true. Where the
	// scan saw sources below, a folder is there.
	if accepted || state.Deleted || u.isBelowFile(state.source) || u.scan.sawBelow(state.source, anySource) {
		return IsMissing(e, state)
	}
	if e.Root == state.source {
		return u.isListedDeleted(e, state)
	}
	f, there := u.scan.folders[e.Root]
	switch {
	case u.scan.noFolders[e.Root]: // any more, so that nothing can lie below
		return IsMissing(e, state)
	case !there:
		return u.holdBack(e.Root, state, "is missing", false)
	case !f.readable:
		return u.holdBack(e.Root, state, "cannot be read", true)
	case f.empty:
		return u.holdBack(e.Root, state, "is empty, where it was not", false)
	}
	return u.folderAllows(e.Root, state) && IsMissing(e, state)
}

// isBelowFile tells whether the scan found a file where a folder above an unseen source was.
func (u *Unseen) isBelowFile(source string) bool {
	for p := filepath.Dir(source); p != "/"; p = filepath.Dir(p) {
		if i, there := u.scan.search(p); there && u.scan.found[i].Stat.IsRegular() {
			return true
		}
	}
	return false
}

// isListedDeleted is isDeleted for a source that an entry names.
func (u *Unseen) isListedDeleted(e *config.Entry, state *SourceState) bool {
	folder := filepath.Dir(state.source)
	f, err := u.scan.lookAtFolder(folder)
	switch {
	case durable.IsMissing(err):
		return u.holdBack(folder, state, "is missing", false)
	case err != nil || !f.readable:
		return u.holdBack(folder, state, "cannot be read", false)
	}
	return u.deviceAllows(folder, f, state) && IsMissing(e, state)
}

// folderAllows tells whether the nearest existing folder above an unseen source allows the
// deletion. It holds the deletion back where that folder cannot be read or another device is
// mounted there. Where a file or link is on the way, nothing can lie below.
func (u *Unseen) folderAllows(root string, state *SourceState) bool {
	folder := filepath.Dir(state.source)
	for folder != root && len(folder) > len(root) {
		if _, there := u.scan.folders[folder]; there {
			break
		}
		i, found := u.scan.search(folder)
		known, cached := u.scan.cached.base.find(folder)
		switch {
		case found && u.scan.found[i].skipped && u.scan.found[i].Stat.IsZero():
			return u.holdBack(folder, state, "cannot be looked at", true) // it may be a folder
		case found || cached && u.scan.cached.marks[known].seen():
			return true // it is no folder
		}
		folder = filepath.Dir(folder)
	}
	f := u.scan.folders[folder]
	if !f.readable {
		return u.holdBack(folder, state, "cannot be read", true)
	}
	return u.deviceAllows(folder, f, state)
}

// deviceAllows tells whether the nearest existing folder above an unseen source is on the device
// that the source was on: by that device's number, or by a source that was beside it and still is.
// Without either, the folder may be one whose disk is not mounted.
func (u *Unseen) deviceAllows(folder string, f folder, state *SourceState) bool {
	why := "is on another device, with none of its known files"
	switch {
	case state.Followed && !f.empty:
		return true // the device is that of the link's target
	case !state.Followed && (state.Stat.Dev == f.dev || u.sawNeighbour(folder, state)):
		return true
	case f.empty && (state.Followed || state.Stat.IsZero()):
		why = "is empty, where it was not"
	case state.Stat.IsZero():
		why = "has none of its known files"
	}
	return u.holdBack(folder, state, why, false)
}

// sawNeighbour tells whether the scan saw, in the folder or below, a source that was beside the
// unseen one and is as it was. Files that came while the disk was not mounted do not count.
func (u *Unseen) sawNeighbour(folder string, state *SourceState) bool {
	if h := u.held[folder]; h != nil && h.first.Stat.Dev == state.Stat.Dev && h.first.runsAgo == state.runsAgo {
		return false // as for the first one
	}
	in, known := u.scan.cached.inFolder(folder), SourceState{}
	for i := in.from; i < in.to; i++ {
		if u.scan.cached.marks[i]&unchanged != 0 {
			if u.cache.base.readStat(i, &known); known.wasBeside(state) {
				return true
			}
		}
	}
	for i, _ := u.scan.search(folder); i < len(u.scan.found) && disk.Inside(u.scan.found[i].Path, folder); i++ {
		f := &u.scan.found[i]
		if known := u.cache.FindLive(f.Path); known != nil && known.wasBeside(state) && known.stands(&f.Stat) {
			return true
		}
	}
	return false
}

// holdBack counts a held back deletion in folder. It returns false, for isDeleted.
func (u *Unseen) holdBack(folder string, state *SourceState, why string, said bool) bool {
	h := u.held[folder]
	if h == nil {
		h = &heldFolder{why: why, first: state, reported: said}
		u.held[folder] = h
	}
	h.n++
	return false
}

// heldBack returns a problem for each folder whose deletions are held back.
func (u *Unseen) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(u.held)) {
		if h := u.held[p]; !h.reported {
			accept := p
			if h.n == 1 {
				accept = h.first.source
			}
			problems = append(problems, Problem{Path: p, Msg: h.why + ": " + goneWords(h.n) + " gone, and not taken for deleted",
				Remedy: refusal.Remedy{Kind: AcceptDeletions, Path: accept}})
		}
	}
	return problems
}

func goneWords(n int) string {
	if n == 1 {
		return "1 known file is"
	}
	return fmt.Sprintf("%d known files are", n)
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
