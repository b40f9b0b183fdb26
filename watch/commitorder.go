package watch

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/watch/scan"
)

// sortForCommit sorts changes by turn, then mtime, then path. Deletions come last in their turn,
// but a deletion that frees a path for another change comes before all. fold maps names that
// collide in the destination to one. It returns the number of changes before the first flood.
func sortForCommit(changes []scan.Change, fold func(string) string, self uint32) (ordinary int) {
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if c.Deleted {
			continue
		}
		path := fold(c.File.Path)
		taken[path] = true
		for p := filepath.Dir(path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	rank := func(c *scan.Change) int {
		if !c.Deleted {
			return 1
		}
		if path := fold(c.File.Path); taken[path] || above[path] || anyAbove(taken, path) {
			return 0
		}
		return 2
	}
	turns := turnsOf(changes, self)
	turn := func(c *scan.Change, rank int) int {
		if rank == 0 {
			return 0
		}
		return turns.of(c)
	}
	slices.SortStableFunc(changes, func(a, b scan.Change) int {
		ra, rb := rank(&a), rank(&b)
		if d := cmp.Or(turn(&a, ra)-turn(&b, rb), ra-rb); d != 0 {
			return d
		}
		if !a.Deleted {
			if d := a.File.Stat.Mtime().Compare(b.File.Stat.Mtime()); d != 0 {
				return d
			}
		}
		return strings.Compare(a.File.Path, b.File.Path)
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
