package config

import (
	"strings"

	"timemachine/watch/pattern"
)

// Excludes tells whether the exclusions exclude this path. It ignores the folders above, since a
// walk does not enter an excluded folder. The Root is never excluded: the user named it.
func (e *Entry) Excludes(path string, isDir bool) bool { return e.ExcludedBy(path, isDir) != nil }

func (e *Entry) addRule(r *Rule) {
	e.rules = append(e.rules, r)
	e.sieve.Add(&r.Exclusion)
}

// ExcludedBy returns the rule by which Excludes excludes a path, or nil.
func (e *Entry) ExcludedBy(path string, isDir bool) *Rule {
	if path == e.Root {
		return nil
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	if !e.sieve.Passes(name) {
		return nil
	}
	for i := len(e.rules) - 1; i >= 0; i-- {
		if e.rules[i].Matches(e.Root, e.folder, path, name, isDir) {
			if e.rules[i].Include {
				return nil
			}
			return e.rules[i]
		}
	}
	return nil
}

// Selects tells whether a walk from Root takes the file at path, which is absolute and clean. The
// file or a folder above it matches, and no exclusion applies to it or to a folder between it and
// Root.
func (e *Entry) Selects(path string) bool { return e.selects(path, false) }

// SelectsFolder is Selects for the folder at path: a walk takes it with all in it that is not
// excluded.
func (e *Entry) SelectsFolder(path string) bool { return e.selects(path, true) }

func (e *Entry) selects(path string, isDir bool) bool {
	if _, below := pattern.Below(e.Root, path); !below && path != e.Root {
		return false
	}
	matched := e.Matches(e.Root)
	for end := len(e.Root); end < len(path); {
		end = nextSlash(path, end)
		if e.Excludes(path[:end], isDir || end < len(path)) {
			return false
		}
		matched = matched || e.Matches(path[:end])
	}
	return matched
}

// Enters tells whether a walk from Root comes to the folder at path, which is Root or below. all
// tells whether it then takes everything there that is not excluded.
func (e *Entry) Enters(path string) (all, enters bool) {
	all = e.Matches(e.Root)
	for end := len(e.Root); end < len(path); {
		end = nextSlash(path, end)
		all = all || e.Matches(path[:end])
		if e.Excludes(path[:end], true) || !all && !e.MayContain(path[:end]) {
			return false, false
		}
	}
	return all, true
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
