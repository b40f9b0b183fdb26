package watch

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/watch/scan"
)

// The ranks of changes, in their order. What frees a path for another change comes before all
// turns: deletions, and files that have become folders. In each turn come folders by path, files
// and links by mtime, then path, and deletions by path. Of folders, the deeper is deleted first.
const (
	freeingFileRank = iota
	freeingFolderRank
	becomesFolderRank
	folderRank
	fileRank
	deletedFileRank
	deletedFolderRank
)

// sortForCommit sorts changes by turn, then rank. fold maps names that collide in the destination
// to one. It returns the number of changes before the first flood.
func sortForCommit(changes []scan.Change, fold func(string) string, self uint32) (ordinary int) {
	ranks, turns := newRanks(changes, fold), turnsOf(changes, self)
	keys := make([]commitKey, len(changes))
	for i := range changes {
		c := &changes[i]
		k := commitKey{rank: int32(ranks.of(c)), number: int32(i)}
		if k.rank > becomesFolderRank {
			k.turn = int32(turns.of(c))
		}
		if k.rank == fileRank {
			mtime := c.File.Stat.Mtime()
			k.sec, k.nsec = mtime.Unix(), int32(mtime.Nanosecond())
		}
		keys[i] = k
		if k.turn < firstFloodTurn {
			ordinary++
		}
	}
	slices.SortFunc(keys, func(a, b commitKey) int {
		if d := cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.rank, b.rank), cmp.Compare(a.sec, b.sec), cmp.Compare(a.nsec, b.nsec)); d != 0 {
			return d
		}
		byPath := strings.Compare(changes[a.number].File.Path, changes[b.number].File.Path)
		if a.rank == freeingFolderRank || a.rank == deletedFolderRank {
			byPath = -byPath
		}
		return cmp.Or(byPath, cmp.Compare(a.number, b.number))
	})
	unsorted := slices.Clone(changes)
	for i, k := range keys {
		changes[i] = unsorted[k.number]
	}
	return ordinary
}

// commitKey is what a change is sorted by, before its path.
type commitKey struct {
	turn, rank int32
	sec        int64 // of a file's mtime; 0 for other ranks
	nsec       int32
	number     int32 // of the change before all are sorted
}

// ranks tells the ranks of changes.
type ranks struct {
	fold func(string) string
	// The paths of the sources that stay, true for those that are no folders, and the folders
	// above. Only deletions ask for them: without one they are empty.
	taken, above map[string]bool
}

func newRanks(changes []scan.Change, fold func(string) string) *ranks {
	r := &ranks{fold: fold, taken: map[string]bool{}, above: map[string]bool{}}
	if !slices.ContainsFunc(changes, func(c scan.Change) bool { return c.Deleted }) {
		return r
	}
	for _, c := range changes {
		if c.Deleted {
			continue
		}
		path := fold(c.File.Path)
		r.taken[path] = !c.File.Stat.IsDir() || r.taken[path]
		for p := filepath.Dir(path); p != "/" && !r.above[p]; p = filepath.Dir(p) {
			r.above[p] = true
		}
	}
	return r
}

// of returns the rank of a change.
func (r *ranks) of(c *scan.Change) int {
	switch {
	case c.Deleted:
		return r.ofDeletion(c)
	case !c.File.Stat.IsDir():
		return fileRank
	case c.Before != nil && !c.Before.Deleted && !c.Before.Folder:
		return becomesFolderRank
	}
	return folderRank
}

func (r *ranks) ofDeletion(c *scan.Change) int {
	switch path := r.fold(c.File.Path); {
	case c.Before.Folder && anyAbove(r.taken, path):
		return freeingFolderRank
	case c.Before.Folder:
		return deletedFolderRank
	case r.taken[path] || r.above[path] || anyAbove(r.taken, path):
		return freeingFileRank
	}
	return deletedFileRank
}

// anyAbove tells whether a folder above path is in taken.
func anyAbove(taken map[string]bool, path string) bool {
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		if taken[p] {
			return true
		}
	}
	return false
}
