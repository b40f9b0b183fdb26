package layout

import (
	"maps"
	"slices"
	"strings"
)

// Split cuts a path at its last slash; folder is empty where there is none.
func Split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// WithParents lists folders and all that they lie in, in order. The root is "".
func WithParents(folders []string) []string {
	all := map[string]bool{}
	for _, folder := range folders {
		for !all[folder] {
			all[folder] = true
			folder, _ = Split(folder)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Disjoint returns the items whose paths one tree can hold, where path gives an item's path. Of two
// items of which one lies below the other, it drops the later in the list, but not where isFolder
// holds for the upper one.
func Disjoint[T any](list []T, path func(T) string, isFolder func(T) bool) []T {
	taken, folders := map[string]bool{}, map[string]bool{"": true}
	return slices.DeleteFunc(list, func(item T) bool {
		source, isFolder := path(item), isFolder(item)
		if folders[source] && !isFolder {
			return true
		}
		folder, _ := Split(source)
		for p := folder; p != ""; p, _ = Split(p) {
			if taken[p] {
				return true
			}
		}
		taken[source] = !isFolder
		for p := folder; !folders[p]; p, _ = Split(p) {
			folders[p] = true
		}
		return false
	})
}
