package layout

import "strings"

// Split cuts a path at its last slash; folder is empty where there is none.
func Split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
