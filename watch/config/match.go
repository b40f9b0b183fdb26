package config

import (
	"path/filepath"
	"strings"
)

// Matches tells whether the entry names this path, which is absolute and clean.
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

// MayContain tells whether a path below the folder dir could match. A walk skips dir otherwise. A
// walk takes all below a folder that matches, without asking.
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

// underRoot returns path relative to Root. Root itself is "".
func (e *Entry) underRoot(path string) (rel string, ok bool) {
	if path == e.Root {
		return "", true
	}
	return below(e.Root, path)
}

// Excludes tells whether the exclusions exclude this path. It ignores the folders above, since a
// walk does not enter an excluded folder. The Root is never excluded: the user named it.
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

// Selects tells whether a walk from Root takes the file at path, which is absolute and clean. The
// file or a folder above it matches, and no exclusion applies to it or to a folder between it and
// Root.
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

// MatchesUpwards tells whether the entry names path or a folder above it, up to its Root.
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
