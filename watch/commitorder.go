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
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.Deleted {
			continue
		}
		path := fold(c.File.Path)
		taken[path] = !c.File.Stat.IsDir() || taken[path]
		for p := filepath.Dir(path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	rank := func(c *scan.Change) int {
		switch path := fold(c.File.Path); {
		case c.Deleted && c.Before.Folder && anyAbove(taken, path):
			return freeingFolderRank
		case c.Deleted && c.Before.Folder:
			return deletedFolderRank
		case c.Deleted && (taken[path] || above[path] || anyAbove(taken, path)):
			return freeingFileRank
		case c.Deleted:
			return deletedFileRank
		case !c.File.Stat.IsDir():
			return fileRank
		case c.Before != nil && !c.Before.Deleted && !c.Before.Folder:
			return becomesFolderRank
		}
		return folderRank
	}
	turns := turnsOf(changes, self)
	turn := func(c *scan.Change, rank int) int {
		if rank <= becomesFolderRank {
			return 0
		}
		return turns.of(c)
	}
	slices.SortStableFunc(changes, func(a, b scan.Change) int {
		ra, rb := rank(&a), rank(&b)
		if d := cmp.Or(turn(&a, ra)-turn(&b, rb), ra-rb); d != 0 {
			return d
		}
		byPath := strings.Compare(a.File.Path, b.File.Path)
		switch ra {
		case freeingFolderRank, deletedFolderRank:
			return -byPath
		case fileRank:
			return cmp.Or(a.File.Stat.Mtime().Compare(b.File.Stat.Mtime()), byPath)
		}
		return byPath
	})
	ordinary = len(changes)
	for ordinary > 0 && turn(&changes[ordinary-1], rank(&changes[ordinary-1])) >= firstFloodTurn {
		ordinary--
	}
	return ordinary
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
