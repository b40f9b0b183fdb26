package main

import (
	"maps"
	"os"
	"slices"
	"syscall"
)

// inode is which file a path leads to, and how many names that has.
func inode(p string) (file [2]uint64, names uint64) {
	info, err := os.Lstat(p)
	if err != nil {
		return file, 0
	}
	st := info.Sys().(*syscall.Stat_t)
	return [2]uint64{uint64(st.Dev), st.Ino}, uint64(st.Nlink)
}

// group is the path that stands for all names of a source's file, by its record.
func (s modelState) group(p string) string {
	if s.linked != "" {
		return s.linked
	}
	return p
}

// relinked tells whether a version was recorded for its hard links alone, where want is what would
// be recorded without.
func (j *modelJudge) relinked(p string, r modelRecord, want string) bool {
	return r.event == "metadata" && (want == "" || want == "touched") && r.state.linked != j.recorded[p].linked
}

// hardLinks checks that the records join the names of each file, and no two files that a restore
// would take for one.
func (j *modelJudge) hardLinks() {
	if j.only != "" {
		return // such a run sees no other names
	}
	standing := map[[2]uint64]string{}
	groups := map[string]string{}
	for _, p := range slices.Sorted(maps.Keys(j.sight.found)) {
		state, known := j.recorded[p]
		if !known || state.folder || j.kept[p] != (modelKey{}) || j.sight.either[p] || j.shakyOf(p) != nil || j.tainted[p] || j.partly[p] || resolvedPath(p, 40) != p && !state.link {
			continue
		}
		file, names := inode(p)
		if first, seen := standing[file]; seen && names > 1 && j.recorded[first].group(first) != state.group(p) {
			j.failRun("hard links", "%s and %s are one file, and recorded as linked with %q and %q", first, p, j.recorded[first].linked, state.linked)
		}
		standing[file] = p
		if first, seen := groups[state.group(p)]; seen && state.equal(j.recorded[first], true) {
			if other, _ := inode(first); other != file {
				j.failRun("hard links", "%s and %s are two files, and recorded as linked with %q and %q", first, p, j.recorded[first].linked, state.linked)
			}
		}
		groups[state.group(p)] = p
	}
}

// joined checks that a restore has joined the names of each file, and no others. to is the folder
// that it has written to.
func (w *modelWorld) joined(to string, all map[string]modelState, out string) {
	files, groups := map[string][2]uint64{}, map[[2]uint64]string{}
	for _, p := range slices.Sorted(maps.Keys(all)) {
		s := all[p]
		file, names := inode(to + p)
		if s.folder || names == 0 || to == "" && resolvedPath(p, 40) != p {
			continue
		}
		group := s.group(p)
		s.linked = ""
		group += ": " + s.String()
		if other, seen := files[group]; seen && other != file {
			w.fail("restore links", "%s: %s comes back as a file of its own\n%s", group, p, out)
		}
		if other, seen := groups[file]; seen && other != group && to != "" {
			w.fail("restore links", "%s and %s come back as one file\n%s", other, group, out)
		}
		files[group], groups[file] = file, group
	}
}
