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
