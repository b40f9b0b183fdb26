package maintenance

import (
	"context"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/record"
)

// pairing pairs what a pack's commits change first with what their parents have at the same path.
type pairing struct {
	r *Maintenance
	// tree paths that an earlier commit of the pack changed, and their folders
	seen map[string]bool
	// objects of the pack, each with the one that it may be a delta of
	pairs map[object.ID]object.ID
}

// addCommit pairs what a commit is the first of its pack to change. It skips commits without a
// record: their objects are stored without deltas.
func (f *pairing) addCommit(raw []byte) error {
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
	if f.mark(path) {
		f.pairContents(&rec)
	}
	if f.markFolders(path) {
		f.pairTrees(c, path)
	}
	return nil
}

// pairContents pairs a version's content with that of the source's previous version.
func (f *pairing) pairContents(rec *record.Record) {
	if rec.Previous.IsZero() || rec.Blob.IsZero() {
		return
	}
	if before, _, err := f.r.Version(rec.Previous); err == nil && !before.Blob.IsZero() && before.Blob != rec.Blob {
		f.pairs[rec.Blob] = before.Blob
	}
}

// pairTrees pairs the trees above path with those that the commit's parent has there.
func (f *pairing) pairTrees(c *object.CommitData, path string) {
	parent, err := f.r.Store.ReadCommit(c.Parents[0])
	if err != nil {
		return // the history is incomplete
	}
	before, after := f.treesTo(parent.Tree, path), f.treesTo(c.Tree, path)
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			f.pairs[after[i]] = before[i]
		}
	}
}

// treesTo lists the trees above path, the root first, as far as they can be read.
func (f *pairing) treesTo(root object.ID, path string) (trees []object.ID) {
	_, _, _ = object.Descend(f.r.Store.ReadTree, root, path, func(e object.TreeEntry) {
		if e.Mode.IsTree() {
			trees = append(trees, e.ID)
		}
	})
	return trees
}

// markFolders marks the folders above a path as seen; "" is the root. It tells whether one of them
// was new.
func (f *pairing) markFolders(path string) (isNew bool) {
	for folder := path; folder != ""; {
		folder = folder[:max(0, strings.LastIndexByte(folder, '/'))]
		if !f.mark(folder) {
			break
		}
		isNew = true
	}
	return isNew
}

// mark marks a path as seen, and tells whether it was new.
func (f *pairing) mark(path string) bool {
	if f.seen[path] {
		return false
	}
	f.seen[path] = true
	return true
}

// predecessors finds objects that a pack holds without a delta, though another pack holds the
// object before: the contents and trees that a pack's commits are the first to change. It maps each
// to what the parent has at its path.
func (r *Maintenance) predecessors(ctx context.Context, packs []*pack.Held, enough func() bool) (map[object.ID]object.ID, error) {
	f := pairing{r: r, pairs: map[object.ID]object.ID{}}
	for _, h := range packs {
		f.seen = map[string]bool{}
		err := h.Commits(func(_ object.ID, raw []byte) error {
			if enough != nil && enough() {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.addCommit(raw)
		})
		if err != nil {
			return nil, err
		}
	}
	return f.pairs, nil
}
