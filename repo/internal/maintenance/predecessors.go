package maintenance

import (
	"context"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/record"
)

// pairing goes through a pack's commits.
type pairing struct {
	r     *Maintenance
	seen  map[string]bool // tree paths that an earlier commit of the pack changed, and the folders above them
	pairs map[object.ID]object.ID
}

// addCommit takes what a commit is the first of its pack to change. Commits by others are passed over:
// what they changed is only not made smaller.
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

// pairContents pairs a version's content with that of the version before.
func (f *pairing) pairContents(rec *record.Record) {
	if rec.Previous.IsZero() || rec.Blob.IsZero() {
		return
	}
	if before, _, err := f.r.Version(rec.Previous); err == nil && !before.Blob.IsZero() && before.Blob != rec.Blob {
		f.pairs[rec.Blob] = before.Blob
	}
}

// pairTrees pairs the trees on the way to path with those that the commit's parent has in their
// place.
func (f *pairing) pairTrees(c *object.CommitData, path string) {
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
func (f *pairing) treesTo(root object.ID, path string) (trees []object.ID) {
	_, _, _ = object.Descend(f.r.Store.ReadTree, root, path, func(e object.TreeEntry) {
		if e.Mode.IsTree() {
			trees = append(trees, e.ID)
		}
	})
	return trees
}

// markFolders marks the folders above a path ("" is the root) as seen, and tells whether one of them was
// not.
func (f *pairing) markFolders(path string) (news bool) {
	for folder := path; folder != ""; {
		folder = folder[:max(0, strings.LastIndexByte(folder, '/'))]
		if !f.mark(folder) {
			break
		}
		news = true
	}
	return news
}

func (f *pairing) mark(path string) bool {
	if f.seen[path] {
		return false
	}
	f.seen[path] = true
	return true
}

// predecessors finds what each pack began with whole although another holds the version before it: for
// the contents and folders that a pack's commits name first, what their parents had in their place.
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
