package config

import (
	"path/filepath"
	"strings"
)

// Matches tells whether the entry names this very path (absolute, clean).
func (e *Entry) Matches(path string) bool {
	if e.Glob == "" {
		return path == e.Root
	}
	rel, ok := e.underRoot(path)
	if !ok {
		return false
	}
	for _, segments := range e.alternatives {
		if matchSegments(segments, rel) {
			return true
		}
	}
	return false
}

// MayContain tells whether a path below the folder dir could match; false lets a walk leave dir
// out. What lies below a folder that itself matches is taken without being asked for.
func (e *Entry) MayContain(dir string) bool {
	if _, above := below(dir, e.Root); above {
		return true
	}
	if e.Glob == "" {
		return false
	}
	rel, ok := e.underRoot(dir)
	if !ok {
		return false
	}
	for _, segments := range e.alternatives {
		if mayMatchBelow(segments, rel) {
			return true
		}
	}
	return false
}

// underRoot returns path relative to Root; Root itself is "".
func (e *Entry) underRoot(path string) (rel string, ok bool) {
	if path == e.Root {
		return "", true
	}
	return below(e.Root, path)
}

// Excludes tells whether the exclusions leave out this path, not looking at the folders above it:
// who walks does not enter an excluded folder. The Root is never excluded: it was asked for by
// name.
func (e *Entry) Excludes(path string, isDir bool) bool {
	if path == e.Root {
		return false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	for i := len(e.rules) - 1; i >= 0; i-- {
		if e.rules[i].matches(e, path, name, isDir) {
			return !e.rules[i].include
		}
	}
	return false
}

// Selects tells whether a file at path (absolute, clean) would be taken by a walk from Root: it or
// a folder above it matches, and neither it nor a folder between it and Root is excluded.
func (e *Entry) Selects(path string) bool {
	if _, ok := e.underRoot(path); !ok {
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

// nextSlash returns where the component ends that starts at or after from.
func nextSlash(path string, from int) int {
	for from < len(path) && path[from] == '/' {
		from++
	}
	if i := strings.IndexByte(path[from:], '/'); i >= 0 {
		return from + i
	}
	return len(path)
}

// MatchesUpwards tells whether the pattern takes path or a folder above it.
func (e *Entry) MatchesUpwards(path string) bool {
	for p := path; ; p = filepath.Dir(p) {
		if e.Matches(p) {
			return true
		}
		if p == "/" || p == e.Root {
			return false
		}
	}
}
