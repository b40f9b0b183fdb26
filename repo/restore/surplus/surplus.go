// Package surplus finds the files on disk that no version of a restore is about.
package surplus

import (
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
)

// Search finds them below the selected folders. It searches the folders that hold a target's file
// or are one, and those below. The folders above them are full of unrelated files.
type Search struct {
	Ctx     context.Context
	Exact   bool                   // what can be removed is listed in Remove, and not in Extra
	Only    bool                   // of the folders, only those that are targets
	Watched func(path string) bool // nil: all files
	Dest    durable.Stat           // never entered

	Remove []File   // not sorted
	Extra  []string // not sorted, some twice
	Notes  []string
	// ExtraFolders are the folders that nothing but such folders is in, and that were not there.
	ExtraFolders []string // not sorted, some twice

	targets map[string]bool // of the restore
	folders map[string]bool // of these, folders
	holds   map[string]bool // folders that hold a target's file directly
	leads   map[string]bool // these, and the folders above
	base    *reach.Base     // of the selection that is searched
}

// File is a file, link or folder that can be removed, or that cannot be looked at: then Err tells
// why, and of Stat nothing is known.
type File struct {
	Path string
	Base *reach.Base
	Rel  string // below the base
	Stat durable.Stat
	Err  error
}

// AddTarget adds what the restore is about at a path.
func (x *Search) AddTarget(path string, folder bool) {
	if x.targets == nil {
		x.targets, x.folders, x.holds, x.leads = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	x.targets[path] = true
	above := filepath.Dir(path)
	if folder {
		x.folders[path] = true
	} else {
		x.holds[above] = true
	}
	for ; !x.leads[above]; above = filepath.Dir(above) {
		x.leads[above] = true
	}
}

// AddObstacle adds a file that the restore removes.
func (x *Search) AddObstacle(path string) { x.targets[path] = true }

// Below searches a base.
func (x *Search) Below(b *reach.Base) {
	x.base = b
	x.search(b.Dir, b.Path, place{})
}

// Empty searches a folder below a base that must make way. It is false, and finds nothing, where
// something in the folder cannot be removed.
func (x *Search) Empty(b *reach.Base, rel string) bool {
	x.base = b
	folder, name := layout.Split(rel)
	dir, err := b.Walk.Dir(folder)
	if err != nil {
		return false
	}
	sub, err := dir.Sub(name)
	if err != nil {
		return false
	}
	defer sub.Close()
	before := len(x.Remove)
	all := x.search(sub, filepath.Join(b.Path, rel), place{inside: true, known: true})
	if !all {
		x.Remove = x.Remove[:before]
	}
	return all
}

// place is what is known of a folder that is searched.
type place struct {
	inside bool // it is a step's, or lies in one that holds a step's file or is a target
	known  bool // it is recorded which folders were in it
}

// search goes through a folder in a place. It returns whether all that is in the folder is to be
// removed.
func (x *Search) search(dir *durable.Dir, path string, at place) (all bool) {
	names, err := dir.Names()
	if err != nil || x.Ctx.Err() != nil {
		return x.fail(path, err)
	}
	at.inside = at.inside || x.holds[path] && !x.Only || x.folders[path] || x.Watched != nil && x.Watched(path)
	at.known = at.known || x.folders[path]
	all = true
	for _, name := range names {
		if !x.entry(dir, name, filepath.Join(path, name), at) {
			all = false
		}
	}
	return all
}

// entry looks at one name in a folder, and returns whether it is to be removed.
func (x *Search) entry(dir *durable.Dir, name, path string, at place) bool {
	if x.targets[path] && !x.folders[path] || !at.inside && !x.leads[path] && !x.folders[path] || len(path) >= unix.PathMax || durable.IsScratchName(name) {
		return false // no source has so long a path
	}
	st, err := dir.Lstat(name)
	if err != nil || st.Same(x.Dest) {
		return x.fail(path, err)
	}
	if st.IsDir() {
		return x.folder(dir, name, path, st, at)
	}
	if x.folders[path] || !at.inside || x.Watched != nil && !x.Watched(path) {
		return false
	}
	if x.Exact && (st.IsRegular() || st.IsLink()) {
		return x.add(path, st)
	}
	x.Extra = append(x.Extra, path)
	return false
}

// folder looks at a folder in a folder, and returns whether it is to be removed: it was not there
// then, and all in it can be removed. One that another file system is mounted on is left alone.
func (x *Search) folder(dir *durable.Dir, name, path string, st durable.Stat, at place) bool {
	sub, err := dir.Sub(name)
	if err != nil {
		return x.fail(path, err)
	}
	defer sub.Close()
	is := x.folders[path] || x.leads[path]
	if mounted, err := reach.IsMount(dir, sub); err != nil {
		return x.fail(path, err)
	} else if mounted && x.Exact && !is {
		x.Notes = append(x.Notes, record.Quote(path)+" is left alone with all in it: a file system is mounted there")
		return false
	}
	if all := x.search(sub, path, at); !all || is || !at.inside || !at.known || x.Watched != nil && !x.Watched(path) {
		return false
	}
	if !x.Exact { // with nothing in it but such folders
		x.ExtraFolders = append(x.ExtraFolders, path)
		return true
	}
	return x.add(path, st)
}

// fail notes that it cannot be told what is to be removed at a path. It returns false.
func (x *Search) fail(path string, err error) bool {
	if x.Exact && err != nil && !durable.IsNoEntry(err) {
		x.Remove = append(x.Remove, File{Path: path, Base: x.base, Err: fmt.Errorf("what was not there then is not removed: %w", err)})
	}
	return false
}

// add adds what can be removed.
func (x *Search) add(path string, st durable.Stat) bool {
	f := File{Path: path, Base: x.base, Stat: st}
	var err error
	if f.Rel, err = filepath.Rel(x.base.Path, path); err != nil {
		return false
	}
	x.Remove = append(x.Remove, f)
	return true
}
