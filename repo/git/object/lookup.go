package object

import (
	"iter"
	"strings"
)

// Lookup finds what the tree root holds at a path of names with slashes between them; false where
// it holds nothing there. read gives a tree's raw bytes. Errors: read's, and one for a tree that is
// malformed.
func Lookup(read func(ID) ([]byte, error), root ID, path string) (TreeEntry, bool, error) {
	return Descend(read, root, path, func(TreeEntry) {})
}

// Descend is Lookup that also calls visit with what it meets on the way: the root, which has no
// name, each folder, and what stands at the path or in the place of a folder.
func Descend(read func(ID) ([]byte, error), root ID, path string, visit func(TreeEntry)) (TreeEntry, bool, error) {
	e := TreeEntry{Mode: ModeTree, ID: root}
	visit(e)
	for name := range strings.SplitSeq(path, "/") {
		if !e.Mode.IsTree() {
			return e, false, nil
		}
		raw, err := read(e.ID)
		if err != nil {
			return e, false, err
		}
		next, ok, err := FindEntry(raw, name)
		if err != nil || !ok {
			return next, false, err
		}
		e = next
		visit(e)
	}
	return e, true, nil
}

// FolderLookup finds the trees of folders below a root. It keeps those on the way to the last one,
// so that neighbours in path order cost one read a folder. Not for concurrent use.
type FolderLookup struct {
	read  func(ID) ([]byte, error)
	names []string
	trees []lookedUp // the root, and one for each name
}

// lookedUp is a folder's tree; raw is nil until something below it is asked for.
type lookedUp struct {
	id    ID
	raw   []byte
	after int // the entry that was found last: where to look first
}

// NewFolderLookup looks below the tree root; read gives a tree's raw bytes.
func NewFolderLookup(read func(ID) ([]byte, error), root ID) *FolderLookup {
	return &FolderLookup{read: read, trees: []lookedUp{{id: root}}}
}

// Tree is the tree of the folder at path ("" is the root); false where there is none, or it cannot
// be read.
func (l *FolderLookup) Tree(path string) (ID, bool) {
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	keep := 0
	for keep < min(len(parts), len(l.names)) && parts[keep] == l.names[keep] {
		keep++
	}
	l.names, l.trees = l.names[:keep], l.trees[:keep+1]
	for _, name := range parts[keep:] {
		id, ok := l.entry(&l.trees[len(l.trees)-1], name)
		if !ok {
			return ID{}, false
		}
		l.names, l.trees = append(l.names, name), append(l.trees, lookedUp{id: id})
	}
	return l.trees[len(l.trees)-1].id, true
}

// Passed is the trees on the way to the last path asked for: the root's, and those of the folders
// as far as they were found.
func (l *FolderLookup) Passed() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for i := range l.trees {
			if !yield(l.trees[i].id) {
				return
			}
		}
	}
}

// entry finds a subfolder. In path order the next one is behind the last, so it looks there first.
func (l *FolderLookup) entry(t *lookedUp, name string) (ID, bool) {
	if t.raw == nil {
		raw, err := l.read(t.id)
		if err != nil {
			return ID{}, false
		}
		t.raw = raw
	}
	e, ok, err := findEntry(t.raw, name, t.after)
	if err == nil && !ok && t.after > 0 {
		e, ok, err = findEntry(t.raw[:t.after], name, 0)
	}
	if err != nil || !ok {
		return ID{}, false
	}
	t.after = e.end
	return e.entry().ID, e.mode.IsTree()
}
