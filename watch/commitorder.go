package watch

import (
	"path/filepath"
	"slices"
	"strings"

	"timemachine/watch/scan"
)

// sortForCommit sorts changes by mtime, then path. Deletions come last, but a deletion that frees a
// path for another change comes first. fold maps names that collide in the destination to one.
func sortForCommit(changes []scan.Change, fold func(string) string) {
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
	slices.SortStableFunc(changes, func(a, b scan.Change) int {
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

// anyAbove tells whether a folder above path is in taken.
func anyAbove(taken map[string]bool, path string) bool {
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		if taken[p] {
			return true
		}
	}
	return false
}
