package maintenance

import (
	"slices"
	"strings"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
)

// bulkStretch is the length of the longest stretch of commits that are compared tree by tree.
//
// A commit's record names the path that it changed, but a person may have amended the commit or
// copied its message. Commits that a run added in one move of the branch, by the reflog, are
// unchanged. For a long stretch of them one comparison proves that the records name all paths. The
// commits of a shorter one are compared tree by tree.
const bulkStretch = 64

// stretch is the number of commits from i on that a run added in one move; 1 where no run added
// commit i. moves has the moves of runs by where they led.
func (l *graphLine) stretch(i int, moves map[object.ID]commits.RunMove) int {
	move, ok := moves[l.commits[i].ID]
	if !ok {
		return 1
	}
	n := 1
	for i+n < len(l.commits) && l.commits[i+n].ID != move.From {
		n++
	}
	return n
}

// fromRecords gives the commits from i to before end filters of the paths that their records name.
// A run added them in one move. It returns false where they may have changed further paths: where
// an unnamed path differs, or where one path lies below another and may have displaced it.
func (g *graphing) fromRecords(l *graphLine, i, end int) bool {
	base := l.parentTree(end - 1)
	named := slices.Concat(l.paths[i:end]...)
	slices.Sort(named)
	named = slices.Compact(named)
	if !base.known || nested(named) || slices.ContainsFunc(l.paths[i:end], func(paths []string) bool { return paths == nil }) {
		return false
	}
	var first []string // further paths that the oldest commit changed
	all, seen := true, 0
	err := object.DiffTrees(base.ID, l.commits[i].Tree, g.r.Store, func(path string) bool {
		if seen++; seen%trimEach == 0 {
			g.r.Store.Trim() // each path has led to trees elsewhere in the packs
		}
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
		paths := l.paths[k]
		switch {
		case l.parentTree(k).ID == l.commits[k].Tree:
			paths = nil
		case k == end-1:
			paths = slices.Concat(paths, first)
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

// maxListed is one more than the number of paths that a filter can hold.
const maxListed = 513

// compare makes a commit's filter from its tree and its parent's. It returns none where they cannot
// be read or too many were compared.
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
