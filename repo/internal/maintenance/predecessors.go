package maintenance

import (
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// follower goes through a pack's commits.
type follower struct {
	r     *Maintenance
	seen  map[string]bool // tree paths that an earlier commit of the pack changed, and the folders above them
	pairs map[object.ID]object.ID
}

// commit takes what a commit is the first of its pack to change. Commits by others are passed over:
// what they changed is only not made smaller.
func (f *follower) commit(raw []byte) error {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return err
	}
	rec, err := record.Parse(c.Message)
	if err != nil || len(c.Parents) == 0 {
		return nil
	}
	path, err := record.TreePath(&rec)
	if err != nil {
		return nil
	}
	if f.first(path) {
		f.content(&rec)
	}
	if f.news(path) {
		f.folders(c, path)
	}
	return nil
}

// content pairs a version's content with that of the version before.
func (f *follower) content(rec *record.Record) {
	if rec.Previous.IsZero() || rec.Blob.IsZero() {
		return
	}
	if before, _, err := f.r.Version(rec.Previous); err == nil && !before.Blob.IsZero() && before.Blob != rec.Blob {
		f.pairs[rec.Blob] = before.Blob
	}
}

// folders pairs the trees on the way to path with those that the commit's parent has in their
// place.
func (f *follower) folders(c *object.CommitData, path string) {
	parent, err := f.r.Store.ReadCommit(c.Parents[0])
	if err != nil {
		return // a history that was cut short: nothing to build on
	}
	before, after := f.treesTo(parent.Tree, path), f.treesTo(c.Tree, path)
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			f.pairs[after[i]] = before[i]
		}
	}
}

// treesTo is the trees on the way to path, the root first, as far as they can be read.
func (f *follower) treesTo(root object.ID, path string) (trees []object.ID) {
	_, _, _ = object.Descend(f.r.Store.ReadTree, root, path, func(e object.TreeEntry) {
		if e.Mode.IsTree() {
			trees = append(trees, e.ID)
		}
	})
	return trees
}

// news marks the folders above a path ("" is the root) as seen, and tells whether one of them was
// not.
func (f *follower) news(path string) (news bool) {
	for folder := path; folder != ""; {
		folder = folder[:max(0, strings.LastIndexByte(folder, '/'))]
		if !f.first(folder) {
			break
		}
		news = true
	}
	return news
}

func (f *follower) first(path string) bool {
	if f.seen[path] {
		return false
	}
	f.seen[path] = true
	return true
}
