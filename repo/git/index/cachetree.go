package index

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"timemachine/repo/git/object"
)

// maxDepth is how deep folders may lie for the cache tree: a path of 4096 bytes has no more.
const maxDepth = 2048

// node is a folder of a cache tree. The nodes of a tree are in the order of the file, parents
// first. So the nodes below node i are those from i+1 to its next.
type node struct {
	name  []byte
	count int // entries below; -1: not valid
	id    object.ID
	next  int    // index of the first node that is not below this one
	raw   []byte // this node and all below as they stand in the file
}

// parseNodes reads the content of TREE. It is nil where that is malformed: there is no cache then.
func parseNodes(b []byte) []node {
	p := nodeParser{b: b}
	if len(b) == 0 || b[0] != 0 || !p.node(0) || p.at != len(b) {
		return nil
	}
	return p.nodes
}

type nodeParser struct {
	b     []byte
	at    int
	nodes []node
}

// node reads a node and all nodes below it.
func (p *nodeParser) node(depth int) bool {
	start, self := p.at, len(p.nodes)
	n, subfolders, ok := p.header()
	if !ok || depth > maxDepth {
		return false
	}
	p.nodes = append(p.nodes, n)
	var before []byte
	for range subfolders {
		kid := len(p.nodes)
		if !p.node(depth + 1) {
			return false
		}
		if compareNodes(before, p.nodes[kid].name) >= 0 {
			return false
		}
		before = p.nodes[kid].name
	}
	p.nodes[self].next = len(p.nodes)
	p.nodes[self].raw = p.b[start:p.at]
	return true
}

func (p *nodeParser) header() (n node, subfolders int, ok bool) {
	rest := p.b[p.at:]
	name, rest, ok1 := bytes.Cut(rest, []byte{0})
	line, rest, ok2 := bytes.Cut(rest, []byte{'\n'})
	count, kids, ok3 := bytes.Cut(line, []byte{' '})
	if !ok1 || !ok2 || !ok3 {
		return n, 0, false
	}
	n.name = name
	var err1, err2 error
	n.count, err1 = strconv.Atoi(string(count))
	subfolders, err2 = strconv.Atoi(string(kids))
	if err1 != nil || err2 != nil || subfolders < 0 {
		return n, 0, false
	}
	if n.count >= 0 {
		if len(rest) < len(n.id) {
			return n, 0, false
		}
		n.id = object.ID(rest[:len(n.id)])
		rest = rest[len(n.id):]
	}
	p.at = len(p.b) - len(rest)
	return n, subfolders, true
}

// compareNodes is the order of subfolders in TREE.
func compareNodes(a, b []byte) int {
	return cmp.Or(len(a)-len(b), bytes.Compare(a, b))
}

// built is a folder of the cache tree to write.
type built struct {
	name  []byte
	count int // entries below; -1: not valid
	id    object.ID
	kids  []built
	raw   []byte // in place of all else where an old node is kept
}

func (n *built) append(b []byte) []byte {
	if n.raw != nil {
		return append(b, n.raw...)
	}
	b = append(append(b, n.name...), 0)
	b = strconv.AppendInt(b, int64(n.count), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(n.kids)), 10)
	b = append(b, '\n')
	if n.count >= 0 {
		b = append(b, n.id[:]...)
	}
	slices.SortFunc(n.kids, func(x, y built) int { return compareNodes(x.name, y.name) })
	for i := range n.kids {
		b = n.kids[i].append(b)
	}
	return b
}

// cacheTreeFlaw compares the cache tree with the entries: each valid node must cover the entries of
// its folder and have the name of their tree. In a malformed one git may still read names of trees.
func (f *file) cacheTreeFlaw() string {
	nodes := parseNodes(f.tree)
	if nodes == nil && len(f.tree) > 0 {
		return "cache of trees is malformed"
	}
	valid := map[string]*node{}
	listNodes(nodes, 0, "", valid)
	if len(valid) == 0 {
		return ""
	}
	r := &rebuilder{entries: &f.entries, trees: func(dir string) (id object.ID, ok bool) {
		if n := valid[dir]; n != nil {
			return n.id, true
		}
		return id, false
	}}
	root := r.folder(nil, nil, -1, 0)
	root.match("", valid)
	for _, dir := range slices.Sorted(maps.Keys(valid)) {
		return fmt.Sprintf("cache of trees does not fit the entries in %q", dir)
	}
	return ""
}

// listNodes adds the valid nodes at and below node i to valid, by path.
func listNodes(nodes []node, i int, dir string, valid map[string]*node) {
	if i >= len(nodes) {
		return
	}
	if nodes[i].count >= 0 {
		valid[dir] = &nodes[i]
	}
	for kid := i + 1; kid < nodes[i].next; kid = nodes[kid].next {
		listNodes(nodes, kid, joinPath(dir, nodes[kid].name), valid)
	}
}

// match removes from valid the nodes that are as they were built from the entries.
func (n *built) match(dir string, valid map[string]*node) {
	if old := valid[dir]; old != nil && n.count == old.count && n.id == old.id {
		delete(valid, dir)
	}
	for i := range n.kids {
		n.kids[i].match(joinPath(dir, n.kids[i].name), valid)
	}
}

func joinPath(dir string, name []byte) string {
	if dir == "" {
		return string(name)
	}
	return dir + "/" + string(name)
}
