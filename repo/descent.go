package repo

import (
	"strings"

	"timemachine/repo/git/object"
)

// descent finds the trees of folders below a root. It keeps those on the way to the last one, so that neighbours in path
// order cost one read a folder. Not for concurrent use.
type descent struct {
	read  func(object.ID) ([]byte, error)
	names []string
	trees []tree // the root, and one for each name
}

// tree is a folder's tree; raw is nil until something below it is asked for.
type tree struct {
	id  object.ID
	raw []byte
}

func (r *commitsT) below(root object.ID) *descent {
	return &descent{read: r.store.ReadTree, trees: []tree{{id: root}}}
}

// folder is the tree of the folder at path ("" is the root); false where there is none, or it cannot be read.
func (d *descent) folder(path string) (object.ID, bool) {
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	keep := 0
	for keep < min(len(parts), len(d.names)) && parts[keep] == d.names[keep] {
		keep++
	}
	d.names, d.trees = d.names[:keep], d.trees[:keep+1]
	for _, name := range parts[keep:] {
		id, ok := d.entry(&d.trees[len(d.trees)-1], name)
		if !ok {
			return object.ID{}, false
		}
		d.names, d.trees = append(d.names, name), append(d.trees, tree{id: id})
	}
	return d.trees[len(d.trees)-1].id, true
}

func (d *descent) entry(t *tree, name string) (object.ID, bool) {
	if t.raw == nil {
		raw, err := d.read(t.id)
		if err != nil {
			return object.ID{}, false
		}
		t.raw = raw
	}
	e, ok, err := object.FindEntry(t.raw, name)
	return e.ID, err == nil && ok && e.Mode.IsTree()
}
