package repo

import (
	"fmt"
	"strings"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Files lists what the tree of commit tip holds under files/, by tree path.
func (r *commitsT) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	if tip.IsZero() {
		return all, nil
	}
	root, err := r.treeOf(tip)
	if err != nil {
		return nil, err
	}
	top, err := r.store.ReadTree(root)
	if err != nil {
		return nil, r.damaged(fmt.Sprintf("the tree of commit %s cannot be read", tip.Short()), err)
	}
	files, ok, err := object.FindEntry(top, "files")
	if err != nil || !ok || !files.Mode.IsTree() {
		return all, err
	}
	return all, r.list(files.ID, "files/", all)
}

func (r *commitsT) list(tree object.ID, prefix string, all map[string]object.TreeEntry) error {
	raw, err := r.store.ReadTree(tree)
	if err != nil {
		return r.damaged(fmt.Sprintf("folder %s cannot be read", record.Quote(prefix)), err)
	}
	entries, err := object.ParseTree(raw)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsTree() {
			all[prefix+e.Name] = e
			continue
		}
		if err := r.list(e.ID, prefix+e.Name+"/", all); err != nil {
			return err
		}
	}
	return nil
}

func (r *commitsT) below(root object.ID) *descent {
	return &descent{read: r.store.ReadTree, trees: []tree{{id: root}}}
}

// descent finds the trees of folders below a root. It keeps those on the way to the last one, so that neighbours in path
// order cost one read a folder. Not for concurrent use.
type descent struct {
	read  func(object.ID) ([]byte, error)
	names []string
	trees []tree // the root, and one for each name
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

// tree is a folder's tree; raw is nil until something below it is asked for.
type tree struct {
	id  object.ID
	raw []byte
}
