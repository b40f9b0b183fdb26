package scan

import (
	"path/filepath"
	"slices"
	"strings"
)

// SortForCommit sorts changes by mtime, then path. Deletions come last, but a deletion that frees a
// path for another change comes first. fold maps names that collide in the destination to one.
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

// Displaced returns the sources of the cache that cannot exist any more: a changed source has taken
// the place of a folder above them, or needs a folder in their place. A run over some paths looks
// for no other deletions.
func Displaced(changes []Change, cache *Cache) []Change {
	taken := map[string]bool{}
	above := map[string]bool{}
	for _, c := range changes {
		taken[c.File.Path] = true
		for p := filepath.Dir(c.File.Path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	var deleted []Change
	for it := cache.iterate(); it.next(); {
		if !it.Deleted && (above[it.source] || anyAbove(taken, it.source)) {
			deleted = append(deleted, Change{File: File{Path: it.source}, Before: it.modify(), Deleted: true})
		}
	}
	return deleted
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
