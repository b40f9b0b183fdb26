package config

import "timemachine/watch/pattern"

// DefaultExclusions are git's own folders, and what vim, emacs and dpkg write for a moment beside
// other files. 4913 is vim's test for a writable folder.
var DefaultExclusions = []string{".git/", "*.swp", "*.swx", "*~", ".#*", "#*#", "4913", "*.dpkg-new", "*.dpkg-tmp"}

var defaultExclusions = mustCompileDefaults(DefaultExclusions...)

func mustCompileDefaults(texts ...string) []*pattern.Exclusion {
	rules := make([]*pattern.Exclusion, len(texts))
	for i, text := range texts {
		x, err := pattern.CompileExclusion(text)
		if err != nil {
			panic(err)
		}
		rules[i] = x
	}
	return rules
}
