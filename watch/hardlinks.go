package watch

import (
	"cmp"
	"context"
	"strings"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch/cache"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// hardLinks is what a run knows of files with several names.
type hardLinks struct {
	names    map[disk.Inode][]string // nil: not looked for yet
	recorded map[string]string       // the LinkedWith of some sources' newest records
}

// linkedWith returns the path that stands for all names of a captured source's file that the scan
// saw: that of an earlier record, else the first. It is "" where that is the source itself, or
// where the file has no other name. A run over some paths leaves what the record says. relinked
// tells whether that makes a version: not where the path that the record names is just gone, or
// became another file while nothing happened to this one.
func (r *run) linkedWith(ch *scan.Change, got *captured) (with string, relinked bool) {
	if got.Folder {
		return "", false
	}
	if got.Links > 1 && !got.Followed {
		with = r.nameOf(got.Stat.Inode(), ch.File.Path)
	}
	before := ch.Before
	if before == nil || before.Deleted {
		return with, false
	}
	former := r.recordedLink(before)
	if former == "" || former == with {
		return with, with != former
	}
	inode, saw := r.scanned.Inode(former)
	if with == "" && got.Links > 1 && !saw && r.isPartial() {
		with = former
	}
	return with, saw && inode != got.Stat.Inode() && before.Stat != got.Stat
}

// nameOf returns the path that stands for all names of a file, or "" where that is the path source:
// what the record of a name says that was one of the file before, else the first name.
func (r *run) nameOf(inode disk.Inode, source string) string {
	if r.links.names == nil {
		r.links.names = r.scanned.HardLinks()
	}
	names := r.links.names[inode]
	first := source
	if len(names) > 0 {
		first = names[0]
	}
	for _, name := range names {
		state := r.cache.FindLive(name)
		if state == nil || state.Folder || !state.Stat.IsZero() && state.Stat.Inode() != inode || state.Stat.IsZero() && name == source {
			continue
		}
		with := cmp.Or(r.recordedLink(state), name)
		if other, saw := r.scanned.Inode(with); !saw || other == inode { // else it stood once
			first = with
			break
		}
	}
	if first != source {
		return first
	}
	return ""
}

// recordedLink returns the LinkedWith of a source's newest record.
func (r *run) recordedLink(state *cache.State) string {
	if !state.Linked {
		return ""
	}
	with, known := r.links.recorded[state.Source]
	if !known {
		v, _ := r.Repo.Version(state.Commit) // a damaged one tells nothing
		with = v.LinkedWith
		r.links.recorded[state.Source] = with
	}
	return with
}

// mostAsked is of how many files, which are equal to one that is restored, findNames asks the
// history whether they were names of it.
const mostAsked = 300

// findNames finds the names that files had at a point besides their own, among what the last run
// saw, by their sources. Where the history does not tell, there are none.
func findNames(ctx context.Context, h *history.History, at history.Point, files []*record.Record) map[string][]string {
	names := map[string][]string{}
	known, err := cache.LoadForHistory(ctx, h)
	if err != nil {
		return names
	}
	defer known.Close()
	n := namesOf{ctx: ctx, history: h, at: at, equal: map[appearance]bool{}, by: map[string][]*record.Record{}}
	contents := map[object.ID]bool{}
	for _, r := range files {
		with := cmp.Or(r.LinkedWith, r.Source)
		contents[r.Blob] = true
		n.equal[appearance{r.Blob, r.Mtime.UnixNano(), r.Mode, r.UID, r.GID}] = true
		n.by[with] = append(n.by[with], r)
	}
	for state := range known.HoldingOrLinked(contents) {
		for _, r := range n.files(state) {
			if state.Source != r.Source {
				names[r.Source] = append(names[r.Source], strings.Clone(state.Source))
			}
		}
	}
	return names
}

// appearance is what all names of a file have in common.
type appearance struct {
	content        object.ID
	mtime          int64 // nanoseconds since 1970, or what is left of them
	mode, uid, gid uint32
}

// namesOf finds the files of which a source was a name.
type namesOf struct {
	ctx     context.Context
	history *history.History
	at      history.Point
	equal   map[appearance]bool         // of the files
	by      map[string][]*record.Record // files by the path that stands for their names
	asked   int
}

// files are those that had a source as a name: by its newest record, or by that of the point, which
// is asked for where the source is equal to one of them.
func (n *namesOf) files(state *cache.State) []*record.Record {
	if state.Linked {
		if v, _, err := n.history.Commits().Version(state.Commit); err == nil && n.by[v.LinkedWith] != nil {
			return n.by[v.LinkedWith]
		}
	}
	if files := n.by[state.Source]; files != nil {
		return files
	}
	if !n.equal[appearance{state.Blob, state.Mtime.UnixNano(), state.Mode, state.UID, state.GID}] {
		return nil
	}
	if n.asked++; n.asked > mostAsked {
		return nil
	}
	e, err := n.history.At(n.ctx, state.Source, n.at)
	if err != nil || e.LinkedWith == "" {
		return nil
	}
	return n.by[e.LinkedWith]
}
