package object

import (
	"fmt"
	"slices"
	"strings"
)

// Loader reads trees by name. An Editor keeps and changes the slice that it is given.
type Loader interface {
	ReadTree(ID) ([]byte, error)
}

// Editor changes a tree of folders path by path. It loads a folder when a path first goes through
// it, and keeps it in memory. Only the entries that change differ from the raw bytes it read. Not
// for concurrent use.
type Editor struct {
	root *folder
	from Loader
}

// Changed is a tree that Write names for the first time. It is valid only during the call. Where
// exactly one edit made it from the version before, it has that edit, so that a delta needs no
// search.
type Changed struct {
	Path string // of the folder; empty for the root
	ID   ID
	Raw  []byte

	Prev    ID  // the folder's ID at the last Write; zero for a new folder
	PrevLen int // its raw length in bytes

	// Edited tells whether exactly one edit was made: OldLen bytes at Pos of the previous version
	// became NewLen bytes.
	Edited              bool
	Pos, OldLen, NewLen int
}

// NewEditor begins with the tree root, or with an empty tree when root is zero. Errors: the
// loader's, and one for a tree that is malformed or out of order.
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

// Set gives path an entry, and makes the folders above it. A file replaces a folder with all that
// it holds, and the reverse. Empty components, ".", ".." and NUL are errors. After an error nothing
// has changed.
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

// Remove removes path, and a folder with all that it holds. It also removes the folders above that
// become empty. A missing path is no error.
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

// remove drops the name as file and as folder, also one that is not written yet.
func remove(f *folder, name string) bool {
	_, kid := f.kids[name]
	delete(f.kids, name)
	file, tree := f.drop(name, false), f.drop(name, true)
	return kid || file || tree
}

// Get looks path up; false when it is missing. A folder that changed since the last Write has the
// ID that it had then; a new one has none.
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

// Displaces tells whether a file that Set puts at path would take the place of something else: of
// files above it, or of the folder at path.
func (e *Editor) Displaces(path string) (bool, error) {
	dirs, name, err := split(path)
	if err != nil {
		return false, err
	}
	f := e.root
	for _, dir := range dirs {
		kid, err := e.subfolder(f, dir)
		if err != nil {
			return false, err
		}
		if kid == nil {
			_, file := f.search(dir, false)
			return file, nil
		}
		f = kid
	}
	kid, err := e.subfolder(f, name)
	return kid != nil, err
}

// walk goes down from the root and returns every folder on the way. It returns nil where one is
// missing, unless it may create it.
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

// subfolder loads the subfolder of that name; it is nil when there is none.
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

// touch lists each folder of the trail as changed in its parent, for the next Write.
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

// Write names the folders that changed since the last Write, passes each to emit, and returns the
// root's ID. Leaves come first and the root last. A root without entries is git's empty tree. After
// an error from emit, the next Write goes on: no folder comes twice.
func (e *Editor) Write(emit func(t *Changed) error) (ID, error) {
	if err := e.root.write("", new(Changed), emit); err != nil {
		return ID{}, err
	}
	return e.root.id, nil
}
