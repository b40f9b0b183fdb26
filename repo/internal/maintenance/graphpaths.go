package maintenance

import (
	"slices"
	"strings"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
)

// A commit's record names the path it changed, but somebody may have amended the commit since, or
// copied its message. What the branch's reflog says we added in one move is as we made it; a
// stretch of so many commits is worth the proof that the records tell all there is, and shorter
// ones are compared tree by tree.
const bulkStretch = 64

// stretch is how many commits from i on came in one move of ours; 1 where that one did not.
func (l *graphLine) stretch(i int, own map[object.ID]object.ID) int {
	old, ok := own[l.commits[i].ID]
	if !ok {
		return 1
	}
	n := 1
	for i+n < len(l.commits) && l.commits[i+n].ID != old {
		n++
	}
	return n
}

// fromRecords gives the commits from i to before end, which we made in one move, filters of the
// paths that their records name. It is false where there may be more to them: where what differs
// before and after is not all named, or one path lies below another, which it then may have
// displaced.
func (g *graphing) fromRecords(l *graphLine, i, end int) bool {
	named := slices.Clone(l.paths[i:end])
	slices.Sort(named)
	named = slices.Compact(named)
	base := l.parentTree(end - 1)
	if named[0] == "" || !base.known || nested(named) {
		return false
	}
	var first []string // what else the oldest changed
	all := true
	err := object.DiffTrees(base.ID, l.commits[i].Tree, g.r.Store, func(path string) bool {
		if path == ".gitattributes" {
			first = append(first, path)
			return true
		}
		_, all = slices.BinarySearch(named, path)
		return all
	})
	if err != nil || !all {
		return false
	}
	for k := i; k < end; k++ {
		paths := []string{l.paths[k]}
		switch {
		case l.parentTree(k).ID == l.commits[k].Tree:
			paths = nil
		case k == end-1:
			paths = append(paths, first...)
		}
		l.commits[k].Filter = commitgraph.NewFilter(paths)
	}
	return true
}

// nested tells whether one of the sorted paths lies below another.
func nested(paths []string) bool {
	for _, p := range paths {
		for i := strings.LastIndexByte(p, '/'); i > 0; i = strings.LastIndexByte(p[:i], '/') {
			if _, found := slices.BinarySearch(paths, p[:i]); found {
				return true
			}
		}
	}
	return false
}

// maxListed is one more than the paths that a filter can hold.
const maxListed = 513

// compare makes a commit's filter from its tree and its parent's, or none where they cannot be
// read.
func (g *graphing) compare(tree object.ID, parent knownTree) commitgraph.Filter {
	if !parent.known || g.compares == 0 {
		return nil
	}
	if g.compares > 0 && tree != parent.ID {
		g.compares--
	}
	g.compared++
	g.trees.From = g.r.Store
	var paths []string
	err := object.DiffTrees(parent.ID, tree, &g.trees, func(path string) bool {
		paths = append(paths, path)
		return len(paths) < maxListed
	})
	if err != nil {
		return nil
	}
	return commitgraph.NewFilter(paths)
}
