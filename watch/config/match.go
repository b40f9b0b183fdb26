package config

import (
	"strings"

	"timemachine/watch/pattern"
)

// Excludes tells whether the exclusions exclude this path. It ignores the folders above, since a
// walk does not enter an excluded folder. The Root is never excluded: the user named it.
func (e *Entry) Excludes(path string, isDir bool) bool {
	if path == e.Root {
		return false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	for i := len(e.rules) - 1; i >= 0; i-- {
		if e.rules[i].Matches(e.Root, e.folder, path, name, isDir) {
			return !e.rules[i].Include
		}
	}
	return false
}

// Selects tells whether a walk from Root takes the file at path, which is absolute and clean. The
// file or a folder above it matches, and no exclusion applies to it or to a folder between it and
// Root.
func (e *Entry) Selects(path string) bool {
	if _, below := pattern.Below(e.Root, path); !below && path != e.Root {
		return false
	}
	matched := e.Matches(e.Root)
	for end := len(e.Root); end < len(path); {
		end = nextSlash(path, end)
		if e.Excludes(path[:end], end < len(path)) {
			return false
		}
		matched = matched || e.Matches(path[:end])
	}
	return matched
}

// nextSlash returns the end of the component that starts at or after from.
func nextSlash(path string, from int) int {
	for from < len(path) && path[from] == '/' {
		from++
	}
	if i := strings.IndexByte(path[from:], '/'); i >= 0 {
		return from + i
	}
	return len(path)
}
