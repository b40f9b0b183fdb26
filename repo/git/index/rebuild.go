package index

import (
	"bytes"
	"slices"
	"strconv"

	"timemachine/repo/git/object"
)

// rebuilder makes the cache tree that fits the entries, in one pass.
type rebuilder struct {
	entries *table
	at      int    // the entry under way
	old     []node // the cache tree so far
	altered folders
	trees   Trees
}

// rebuildTree is the content of TREE for the entries. old is its content before, altered the
// folders that have changed since.
func rebuildTree(entries *table, old []byte, altered folders, trees Trees) []byte {
	if trees == nil {
		trees = func(string) (tree object.ID, ok bool) { return }
	}
	r := &rebuilder{entries: entries, old: parseNodes(old), altered: altered, trees: trees}
	root := -1
	if len(r.old) > 0 {
		root = 0
	}
	n := r.folder(nil, nil, root, 0)
	return n.append(nil)
}

// folder makes the node of a folder. prefix is its path with a slash at the end (empty for the
// root), old its node before or -1.
func (r *rebuilder) folder(prefix, name []byte, old, depth int) built {
	if kept, ok := r.keep(prefix, old); ok {
		return kept
	}
	dir := string(bytes.TrimSuffix(prefix, []byte{'/'}))
	want, known := r.trees(dir)
	n := built{name: name, count: -1}
	start, valid := r.at, known
	kids := r.subfolders(old)
	var tree []byte
	for depth < maxDepth && r.entries.hasPrefix(r.at, prefix) {
		e := r.entries.at(r.at)
		name := e.name()
		rest, ok := bytes.CutPrefix(name, prefix)
		if !ok { // the file has changed meanwhile
			break
		}
		slash := bytes.IndexByte(rest, '/')
		if slash < 0 {
			valid = valid && e.stage() == 0 && !e.awaitsAdd()
			if valid {
				tree = appendTreeEntry(tree, e.mode(), rest, e.id())
			}
			r.at++
			continue
		}
		kid := r.folder(name[:len(prefix)+slash+1], rest[:slash], r.find(kids, rest[:slash]), depth+1)
		if slash == 0 { // not a path that git makes: two slashes, or one in front
			valid = false
			continue
		}
		n.kids = append(n.kids, kid)
		valid = valid && kid.count > 0
		if valid {
			tree = appendTreeEntry(tree, typeTree, kid.name, kid.id)
		}
	}
	if r.passOver(prefix) || !valid {
		return n
	}
	if id := object.Hash(object.Tree, tree); id == want {
		n.id, n.count = id, r.at-start
	}
	return n
}

// passOver skips the rest of a folder that lies too deep.
func (r *rebuilder) passOver(prefix []byte) (skipped bool) {
	for ; r.entries.hasPrefix(r.at, prefix); r.at++ {
		skipped = true
	}
	return skipped
}

// keep is the old node with all nodes below, if nothing there has changed and it covers the entries
// that it claims.
func (r *rebuilder) keep(prefix []byte, old int) (built, bool) {
	if old < 0 || r.old[old].count < 0 {
		return built{}, false
	}
	if _, ok := r.altered[string(bytes.TrimSuffix(prefix, []byte{'/'}))]; ok {
		return built{}, false
	}
	n := &r.old[old]
	if n.count > r.entries.len()-r.at {
		return built{}, false
	}
	end := r.at + n.count
	if n.count > 0 && !r.entries.hasPrefix(end-1, prefix) || r.entries.hasPrefix(end, prefix) {
		return built{}, false
	}
	r.at = end
	return built{name: n.name, count: n.count, id: n.id, raw: n.raw}, true
}

// subfolders lists the nodes directly below an old one, in the order of the file.
func (r *rebuilder) subfolders(old int) []int {
	var kids []int
	if old >= 0 {
		for i := old + 1; i < r.old[old].next; i = r.old[i].next {
			kids = append(kids, i)
		}
	}
	return kids
}

// find is the node of that name among kids, or -1.
func (r *rebuilder) find(kids []int, name []byte) int {
	i, found := slices.BinarySearchFunc(kids, name, func(kid int, name []byte) int {
		return compareNodes(r.old[kid].name, name)
	})
	if !found {
		return -1
	}
	return kids[i]
}

func appendTreeEntry(b []byte, mode uint32, name []byte, id object.ID) []byte {
	b = strconv.AppendUint(b, uint64(mode), 8)
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, 0)
	return append(b, id[:]...)
}
