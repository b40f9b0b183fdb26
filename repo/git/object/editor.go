package object

import (
	"fmt"
	"slices"
	"strings"
)

// Loader fetches trees by name. The Editor keeps and changes the slice it is given.
type Loader interface {
	ReadTree(ID) ([]byte, error)
}

// Editor is a tree of folders being changed path by path. Folders are loaded when a path first goes
// through them and stay in memory; their raw bytes are kept as they are but for the entries that
// change. Not for concurrent use.
type Editor struct {
	root *folder
	from Loader
}

// Changed is a tree that Write names for the first time. Where exactly one edit made it from the
// version before, the edit is told, so that a delta needs no search.
type Changed struct {
	Path string // of the folder; empty for the root
	ID   ID
	Raw  []byte // valid only during the call

	Prev    ID  // the folder's ID at the last Write; zero for a new folder
	PrevLen int // its raw length in bytes

	Edited              bool // exactly one edit: OldLen bytes at Pos of the previous version became NewLen bytes
	Pos, OldLen, NewLen int
}

// NewEditor begins with the tree root, or with nothing when root is zero. It returns the loader's
// error, or one for a tree that is malformed or out of order.
func NewEditor(root ID, l Loader) (*Editor, error) {
	e := &Editor{from: l}
	if root.IsZero() {
		e.root = &folder{}
		return e, nil
	}
	var err error
	e.root, err = e.load("", root)
	return e, err
}

func (e *Editor) load(name string, id ID) (*folder, error) {
	raw, err := e.from.ReadTree(id)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	return newFolder(name, id, raw)
}

// Set makes path the given entry. Parents are made; a file where a folder stood replaces it with
// all it holds, and the reverse. Path is split at '/': empty parts, ".", ".." and NUL are refused.
// On an error nothing has changed.
func (e *Editor) Set(path string, mode Mode, id ID) error {
	dirs, name, err := split(path)
	if err != nil {
		return err
	}
	if mode == 0 || mode > 0o177777 {
		return fmt.Errorf("tree path %q: mode %o invalid", path, uint32(mode))
	}
	trail, err := e.walk(dirs, true)
	if err != nil {
		return fmt.Errorf("tree path %q: %w", path, err)
	}
	f := trail[len(trail)-1]
	delete(f.kids, name)
	f.drop(name, !mode.IsTree())
	f.put(TreeEntry{Name: name, Mode: mode, ID: id})
	touch(trail)
	return nil
}

// Remove takes path away, a folder with all it holds, and prunes the parents that are left empty.
// An absent path is no error.
func (e *Editor) Remove(path string) error {
	dirs, name, err := split(path)
	if err != nil {
		return err
	}
	trail, err := e.walk(dirs, false)
	if err != nil {
		return fmt.Errorf("tree path %q: %w", path, err)
	}
	if trail == nil || !remove(trail[len(trail)-1], name) {
		return nil
	}
	for len(trail) > 1 && trail[len(trail)-1].empty() {
		last := trail[len(trail)-1]
		trail = trail[:len(trail)-1]
		remove(trail[len(trail)-1], last.name)
	}
	touch(trail)
	return nil
}

// remove drops the name as file and as folder, one not yet written included.
func remove(f *folder, name string) bool {
	_, kid := f.kids[name]
	delete(f.kids, name)
	file, tree := f.drop(name, false), f.drop(name, true)
	return kid || file || tree
}

// Get looks path up; false when it is absent. A folder changed since the last Write still shows the
// ID it had then, zero for a new one.
func (e *Editor) Get(path string) (TreeEntry, bool, error) {
	dirs, name, err := split(path)
	if err != nil {
		return TreeEntry{}, false, err
	}
	trail, err := e.walk(dirs, false)
	if err != nil || trail == nil {
		return TreeEntry{}, false, err
	}
	f := trail[len(trail)-1]
	if kid, ok := f.kids[name]; ok {
		return TreeEntry{Name: name, Mode: ModeTree, ID: kid.id}, true, nil
	}
	entry, ok := f.find(name)
	return entry, ok, nil
}

// walk goes down from the root and returns every folder it passes. Without create, nil means that
// one is absent.
func (e *Editor) walk(dirs []string, create bool) ([]*folder, error) {
	trail := []*folder{e.root}
	f := e.root
	for _, name := range dirs {
		kid, err := e.subfolder(f, name)
		if err != nil {
			return nil, err
		}
		if kid == nil {
			if !create {
				return nil, nil
			}
			f.drop(name, false)
			kid = &folder{name: name}
			f.adopt(kid)
		}
		trail, f = append(trail, kid), kid
	}
	return trail, nil
}

// subfolder is the subfolder of that name, loaded; nil when there is none.
func (e *Editor) subfolder(f *folder, name string) (*folder, error) {
	if kid, ok := f.kids[name]; ok {
		return kid, nil
	}
	i, found := f.search(name, true)
	if !found {
		return nil, nil
	}
	kid, err := e.load(name, f.at(i).entry().ID)
	if err != nil {
		return nil, err
	}
	f.adopt(kid)
	return kid, nil
}

// touch enters each folder of the trail in its parent's list for the next Write.
func touch(trail []*folder) {
	for i, f := range trail[1:] {
		if !f.touched {
			f.touched = true
			trail[i].dirty = append(trail[i].dirty, f)
		}
	}
}

func split(path string) (dirs []string, name string, err error) {
	parts := strings.Split(path, "/")
	bad := func(p string) bool { return p == "" || p == "." || p == ".." }
	if slices.ContainsFunc(parts, bad) || strings.IndexByte(path, 0) >= 0 {
		return nil, "", fmt.Errorf("tree path %q invalid", path)
	}
	return parts[:len(parts)-1], parts[len(parts)-1], nil
}

// Write names the folders changed since the last Write and hands each to emit, leaves first and the
// root last, and returns the root's ID. A root without entries is git's empty tree. After an error
// from emit the same Write can be tried again: folders emitted already do not come twice.
func (e *Editor) Write(emit func(t *Changed) error) (ID, error) {
	if err := e.root.write("", emit); err != nil {
		return ID{}, err
	}
	return e.root.id, nil
}
