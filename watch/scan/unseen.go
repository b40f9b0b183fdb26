package scan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// Unseen decides about the sources of the cache that the scan did not see.
type Unseen struct {
	scan     *Scan
	cache    *cache.Cache
	watched  *config.Config // nil after a scan of some paths
	sources  []unseenSource
	accepted []string
	gone     map[string]*cache.State // folders that are deleted
	held     map[string]*heldFolder
	links    map[string]bool // which roots of entries are links
	layers   map[layer]bool  // nil: not looked for yet
}

// unseenSource is one of them, with the entry that selects it.
type unseenSource struct {
	entry *config.Entry
	state *cache.State
}

// heldFolder is a folder whose deletions are held back, and why.
type heldFolder struct {
	why      string
	sources  int          // known sources that the scan did not see
	files    int          // those of them that are no folders
	first    *cache.State // the first of them
	reported bool         // the scan has reported a problem with the folder already
}

// collect adds the sources of the cache that the scan did not see and the configuration watches.
func (u *Unseen) collect() {
	if u.watched == nil {
		return
	}
	found := func(source string) bool {
		_, there := u.scan.search(source)
		return there
	}
	for state := range u.scan.cached.Unseen(found) {
		u.add(state)
	}
}

// add adds a source if it is watched and its deletion is not recorded yet.
func (u *Unseen) add(state *cache.State) {
	if state.Deleted && (!state.Stale || u.scan.part != nil) || slices.Contains(u.scan.yielded, state.Source) {
		return
	}
	if e := u.entryOf(state); e != nil {
		u.sources = append(u.sources, unseenSource{entry: e, state: u.cache.Find(state.Source)})
	}
}

// entryOf returns the entry that selects a source of the cache, or nil. Below a link that an entry
// names, no other entry's walk comes to it.
func (u *Unseen) entryOf(state *cache.State) *config.Entry {
	found := SelectSource(u.watched, state)
	if found == nil {
		return nil
	}
	through := ""
	for _, e := range u.watched.Entries {
		if len(e.Root) > max(len(found.Root), len(through)) && e.Root != state.Source && disk.Inside(state.Source, e.Root) && u.isLink(e.Root) {
			through = e.Root
		}
	}
	if through == "" {
		return found
	}
	for _, e := range u.watched.Entries {
		if disk.Inside(e.Root, through) && (state.Folder && e.SelectsFolder(state.Source) || !state.Folder && e.Selects(state.Source)) {
			return e
		}
	}
	return nil
}

// isLink tells whether a link is at an entry's root.
func (u *Unseen) isLink(root string) bool {
	is, known := u.links[root]
	if !known {
		st, err := disk.StatAt(unix.AT_FDCWD, root, unix.AT_SYMLINK_NOFOLLOW)
		is = err == nil && st.IsLink()
		u.links[root] = is
	}
	return is
}

// SelectSource returns the entry of c that selects a source of the cache, or nil.
func SelectSource(c *config.Config, state *cache.State) *config.Entry {
	if state.Folder {
		return c.SelectFolder(state.Source)
	}
	return c.Select(state.Source)
}

// Deletions returns the deleted sources, sorted by path. Where a source seems to be missing for
// another reason than a deletion, its deletion is held back, and held names the folder. The paths
// in accept, and all below them, are exempt from that. missing names the entries that never had a
// source.
func (u *Unseen) Deletions(accept []string) (deleted []Change, held, missing []Problem) {
	u.accepted = accept
	u.gone = map[string]*cache.State{}
	slices.SortFunc(u.sources, func(a, b unseenSource) int { return disk.ComparePaths(a.state.Source, b.state.Source) })
	for _, s := range u.sources { // a folder before what is in it
		if u.isDeleted(s.entry, s.state) {
			if s.state.Folder {
				u.gone[s.state.Source] = s.state
			}
			deleted = append(deleted, Change{File: &File{Path: s.state.Source, Entry: s.entry}, Before: s.state, Deleted: true})
		}
	}
	// A renamed source bears the first path in this order.
	slices.SortFunc(deleted, func(a, b Change) int { return strings.Compare(a.File.Path, b.File.Path) })
	return deleted, u.heldBack(), u.neverFound()
}

// isDeleted tells whether an unseen source is deleted. It holds the deletion back where the root of
// the entry is missing, unreadable or suddenly empty.
func (u *Unseen) isDeleted(e *config.Entry, state *cache.State) bool {
	accepted := slices.ContainsFunc(u.accepted, func(p string) bool { return disk.Inside(state.Source, p) })
	// A deletion that is recorded already, and was only reverted in the tree, is true. Where the
	// scan saw sources below, a folder is there.
	if accepted || state.Deleted || u.isBelowFile(state.Source) || u.scan.sawBelow(state.Source, anySource) {
		return IsMissing(e, state)
	}
	if e.Root == state.Source && !state.Folder {
		return u.isListedDeleted(e, state)
	}
	f, there := u.scan.folders[e.Root]
	if !there && u.scan.part != nil {
		var err error
		f, err = u.scan.lookAtFolder(e.Root)
		there = err == nil
	}
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
func (u *Unseen) isListedDeleted(e *config.Entry, state *cache.State) bool {
	folder := filepath.Dir(state.Source)
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
func (u *Unseen) folderAllows(root string, state *cache.State) bool {
	folder := filepath.Dir(state.Source)
	for folder != root && len(folder) > len(root) {
		if _, there := u.scan.folders[folder]; there {
			break
		}
		i, found := u.scan.search(folder)
		switch {
		case found && u.scan.found[i].skipped && u.scan.found[i].Stat.IsZero():
			return u.holdBack(folder, state, "cannot be looked at", true) // it may be a folder
		case found || u.scan.cached.Saw(folder):
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
// that the source was on: by that device's number, by a source that was beside it and still is, or
// by a deleted folder that held the source, or since both are of one overlay. Without any, the
// folder may be one whose disk is not mounted.
func (u *Unseen) deviceAllows(folder string, f folder, state *cache.State) bool {
	why := "is on another device than before"
	switch {
	case u.wentWithFolder(state):
		return true
	case state.Followed && !f.empty:
		return true // the device is that of the link's target
	case !state.Followed && (state.Stat.Dev == f.dev || u.scan.part == nil && (u.sawNeighbour(folder, state) || u.isLayer(layer{f.dev, state.Stat.Dev}))):
		return true
	case f.empty && (state.Followed || state.Stat.IsZero()):
		why = "is empty, where it was not"
	case state.Stat.IsZero():
		why = "has nothing that shows it is the folder of before"
	default:
		// The folder itself has not moved.
		if above := u.cache.FindLive(folder); above != nil && above.Folder && above.Stat.Dev == f.dev {
			why = "lacks what was on another device, or a subvolume of its own"
		}
	}
	return u.holdBack(folder, state, why, false)
}

// wentWithFolder tells whether a file was directly in a deleted folder, and nothing says that it
// was on another device. Where a scan saw the folder and did not see the file, that may be so.
func (u *Unseen) wentWithFolder(state *cache.State) bool {
	folder := u.gone[filepath.Dir(state.Source)]
	return folder != nil && !state.Folder && !state.Followed && state.Stat.Dev == folder.Stat.Dev
}

// sawNeighbour tells whether the scan saw, in the folder or below, a source that was beside the
// unseen one and is as it was. Files that came while the disk was not mounted do not count.
func (u *Unseen) sawNeighbour(folder string, state *cache.State) bool {
	if h := u.held[folder]; h != nil && u.cache.HaveSameNeighbours(h.first, state) {
		return false // as for the first one
	}
	for known := range u.scan.cached.UnchangedBelow(folder) {
		if u.cache.WasBeside(known, state) {
			return true
		}
	}
	for i, _ := u.scan.search(folder); i < len(u.scan.found) && disk.Inside(u.scan.found[i].Path, folder); i++ {
		f := &u.scan.found[i]
		if f.Stat.IsDir() {
			continue
		}
		if known := u.cache.FindLive(f.Path); known != nil && u.cache.WasBeside(known, state) && known.Stands(&f.Stat) {
			return true
		}
	}
	return false
}

// holdBack counts a held back deletion in folder. It returns false, for isDeleted. In a part, it
// leaves the deletion to a scan of everything.
func (u *Unseen) holdBack(folder string, state *cache.State, why string, said bool) bool {
	if u.scan.part != nil {
		u.scan.Undecided = true
		return false
	}
	h := u.held[folder]
	if h == nil {
		h = &heldFolder{why: why, first: state, reported: said}
		u.held[folder] = h
	}
	h.sources++
	if !state.Folder {
		h.files++
	}
	return false
}

// heldBack returns a problem for each folder whose deletions are held back.
func (u *Unseen) heldBack() (problems []Problem) {
	for _, p := range slices.Sorted(maps.Keys(u.held)) {
		if h := u.held[p]; !h.reported {
			accept := p
			if h.sources == 1 {
				accept = h.first.Source
			}
			problems = append(problems, Problem{Path: p, Msg: h.why + goneWords(h.files) + " not taken for deleted",
				Remedy: refusal.Remedy{Kind: AcceptDeletions, Path: accept}})
		}
	}
	return problems
}

func goneWords(files int) string {
	switch files {
	case 0: // only folders
		return ":"
	case 1:
		return ": 1 known file is gone, and"
	}
	return fmt.Sprintf(": %d known files are gone, and", files)
}

// neverFound returns a problem for each missing entry that never had a source.
func (u *Unseen) neverFound() (problems []Problem) {
	if u.scan.part != nil {
		return nil
	}
	for _, e := range u.scan.Missing {
		if u.held[e.Root] == nil && u.held[filepath.Dir(e.Root)] == nil && !u.cache.HasIn(e.Root) {
			problems = append(problems, Problem{Path: e.Root, Msg: "does not exist", Remedy: refusal.Remedy{Kind: StopWatching, Path: e.Text}})
		}
	}
	return problems
}

// RaiseKnown makes a full problem of each warning about a special file that has the place of a
// recorded source: what is recorded there is out of date for as long as it stays. It leaves out the
// warning about one that an entry names, about which there is a full problem.
func RaiseKnown(problems []Problem, known *cache.Cache) []Problem {
	full := map[string]bool{}
	for i := range problems {
		if !problems[i].Once {
			full[problems[i].Path] = true
		}
	}
	problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Once && full[p.Path] })
	for i := range problems {
		if p := &problems[i]; p.Once && known.FindLive(p.Path) != nil {
			p.Warning, p.Once = false, false
		}
	}
	return problems
}
