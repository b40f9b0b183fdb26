package repo

import (
	"strings"

	"timemachine/repo/layout"
	"timemachine/repo/object"
	"timemachine/repo/record"
)

// follower goes through a pack's commits.
type follower struct {
	r     *Repo
	seen  map[string]bool // tree paths that an earlier commit of the pack changed, and the folders above them
	pairs map[object.ID]object.ID
}

// commit takes what a commit is the first of its pack to change. Commits by others are passed over: what they changed is
// only not made smaller.
func (f *follower) commit(raw []byte) error {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return err
	}
	rec, err := record.Parse(c.Message)
	if err != nil || len(c.Parents) == 0 {
		return nil
	}
	path, err := layout.TreePath(rec.Source)
	if err != nil || !f.news(path, rec.Previous.IsZero()) {
		return nil
	}
	parent, err := f.r.store.ReadCommit(c.Parents[0])
	if err != nil {
		return nil // a history that was cut short: nothing to build on
	}
	type named struct {
		id   object.ID
		tree bool
	}
	var before, after []named
	f.r.descend(parent.Tree, path, func(id object.ID, tree bool) { before = append(before, named{id, tree}) })
	f.r.descend(c.Tree, path, func(id object.ID, tree bool) { after = append(after, named{id, tree}) })
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] && before[i].tree == after[i].tree {
			f.pairs[after[i].id] = before[i].id
		}
	}
	return nil
}

// news marks a path and the folders above it ("" is the root) as seen, and tells whether one of them was not; a path that is new to the
// history has nothing before it.
func (f *follower) news(path string, added bool) bool {
	first := f.first(path) && !added
	for folder := path; folder != ""; {
		folder = folder[:max(0, strings.LastIndexByte(folder, '/'))]
		if !f.first(folder) {
			break
		}
		first = true
	}
	return first
}

func (f *follower) first(path string) bool {
	if f.seen[path] {
		return false
	}
	f.seen[path] = true
	return true
}
