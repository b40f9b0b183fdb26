package config

import "timemachine/watch/pattern"

// sedName matches the names that GNU sed gives to its temporary files: six letters and digits.
const sedName = "sed[^.][^.][^.][^.][^.][^.]"

// DefaultExclusions are git's own folders, and names that programs give to files which they keep
// for a moment only. docs/exclusions.md tells which program makes each, and what is not taken.
var DefaultExclusions = []string{
	".git/",
	"*~", "*.swp", "*.swo", "*.swx",
	"4913", "!4913/", sedName, "!" + sedName + "/", ".#*", "#*#", ".*.kate-swp",
	"*___jb_tmp___", "*___jb_old___", "*.vsctmp", ".goutputstream-*", ".~lock.*#", "~$*",
	".fuse_hidden*", ".nfs0*", ".syncthing.*.tmp", ".unison.*.unison.tmp",
	"*.dpkg-new", "*.dpkg-tmp", "*;[67]???????",
}

var defaultExclusions = mustCompileDefaults(DefaultExclusions...)

func mustCompileDefaults(texts ...string) []*Rule {
	rules := make([]*Rule, len(texts))
	for i, text := range texts {
		x, err := pattern.CompileExclusion(text)
		if err != nil {
			panic(err)
		}
		rules[i] = &Rule{Exclusion: *x, Text: text}
	}
	return rules
}
