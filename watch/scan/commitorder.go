package scan

import (
	"path/filepath"
	"slices"
	"strings"
)

// SortForCommit sorts what is to be committed: by mtime, then path; but a deletion that frees a
// name for what takes it comes first. fold makes one of the paths that are one in the destination.
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

// Displaced lists the known sources that cannot be there any more, because what is captured took
// the place of a folder above them, or needs a folder in theirs. A run over a part of what is
// watched looks for no other deletions.
func Displaced(changes []Change, k *Cache) []Change {
	taken := map[string]bool{}
	above := map[string]bool{}
	for _, c := range changes {
		taken[c.File.Path] = true
		for p := filepath.Dir(c.File.Path); p != "/" && !above[p]; p = filepath.Dir(p) {
			above[p] = true
		}
	}
	var gone []Change
	for all := k.iterate(); all.next(); {
		if !all.Deleted && (above[all.source] || anyAbove(taken, all.source)) {
			gone = append(gone, Change{File: File{Path: all.source}, Before: all.modify(), Deleted: true})
		}
	}
	return gone
}

func anyAbove(taken map[string]bool, path string) bool {
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		if taken[p] {
			return true
		}
	}
	return false
}
