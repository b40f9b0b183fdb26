package maintenance

import (
	"context"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/record"
)

// pairing pairs what a pack holds whole with what the parents of its commits have at the same path.
// These are the contents and trees that began the pack, or one of those of which it was made where
// that merge had no time for them.
type pairing struct {
	r *Maintenance
	// of the pack, and not paired yet
	wholeBlobs, wholeTrees map[object.ID]bool
	// folders that an earlier commit of the pack changed
	folders map[string]bool
	// whole objects, each with the one that it may be a delta of
	pairs map[object.ID]object.ID
	cache object.TreeCache
	// commits that were looked at
	commits int
}

// readsInMemory is after how many objects, which lie anywhere in the packs, the memory that these
// took is given back. The system reads 64 KiB around each.
const readsInMemory = 256

// smallTree is the size of a tree, in bytes, of which a delta would save next to nothing.
const smallTree = 100

// addPack pairs what a pack holds whole.
func (f *pairing) addPack(ctx context.Context, h *pack.Held, enough func() bool) (err error) {
	if f.wholeBlobs, f.wholeTrees, err = wholeObjects(h); err != nil {
		return err
	}
	f.folders = map[string]bool{}
	return h.Commits(func(_ object.ID, raw []byte) error {
		if enough != nil && enough() || len(f.wholeBlobs)+len(f.wholeTrees) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.commits++; f.commits%readsInMemory == 0 {
			f.r.Store.Trim()
		}
		return f.addCommit(raw)
	})
}

// wholeObjects lists the blobs and the larger trees that a pack does not hold as deltas.
func wholeObjects(h *pack.Held) (blobs, trees map[object.ID]bool, err error) {
	blobs, trees = map[object.ID]bool{}, map[object.ID]bool{}
	err = durable.Guard(func() error {
		list, err := h.Places()
		if err != nil {
			return err
		}
		for i := range list {
			head, err := pack.ParseHeader(h.Entry(&list[i]))
			if err != nil {
				return h.Damaged(err)
			}
			switch kind := object.Kind(head.Kind); {
			case kind == object.Blob:
				blobs[list[i].ID] = true
			case kind == object.Tree && head.Size > smallTree:
				trees[list[i].ID] = true
			}
		}
		return nil
	})
	return blobs, trees, err
}

// addCommit pairs what a commit changed and the pack holds whole. It looks at the trees of a commit
// that is the first to change their folder, or whose content is whole. Where a pack began, both are
// whole. It skips commits without a record: their objects are stored without deltas.
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
	whole := f.wholeBlobs[rec.Blob]
	if whole {
		f.pairContents(&rec)
	}
	if len(f.wholeTrees) > 0 && (f.markFolders(path) || whole) {
		f.pairTrees(c, path)
	}
	return nil
}

// pairContents pairs a version's content with that of the source's previous version.
func (f *pairing) pairContents(rec *record.Record) {
	delete(f.wholeBlobs, rec.Blob)
	if rec.Previous.IsZero() {
		return
	}
	if before, _, err := f.r.Version(rec.Previous); err == nil && !before.Blob.IsZero() && before.Blob != rec.Blob {
		f.pairs[rec.Blob] = before.Blob
	}
}

// pairTrees pairs the trees above path with those that the commit's parent has there.
func (f *pairing) pairTrees(c *object.CommitData, path string) {
	after := f.treesTo(c.Tree, path)
	if !slices.ContainsFunc(after, func(id object.ID) bool { return f.wholeTrees[id] }) {
		return
	}
	parent, err := f.r.Store.ReadCommit(c.Parents[0])
	if err != nil {
		return // the history is incomplete
	}
	before := f.treesTo(parent.Tree, path)
	for i, id := range after {
		if f.wholeTrees[id] && i < len(before) && before[i] != id {
			f.pairs[id] = before[i]
		}
		delete(f.wholeTrees, id)
	}
}

// treesTo lists the trees above path, the root first, as far as they can be read.
func (f *pairing) treesTo(root object.ID, path string) (trees []object.ID) {
	_, _, _ = object.Descend(f.cache.ReadTree, root, path, func(e object.TreeEntry) {
		if e.Mode.IsTree() {
			trees = append(trees, e.ID)
		}
	})
	return trees
}

// markFolders marks the folders above a path; "" is the root. It tells whether one of them was new.
func (f *pairing) markFolders(path string) (isNew bool) {
	for folder := path; folder != ""; {
		folder = folder[:max(0, strings.LastIndexByte(folder, '/'))]
		if f.folders[folder] {
			break
		}
		f.folders[folder], isNew = true, true
	}
	return isNew
}

// predecessors finds contents and trees that a pack holds without a delta, and maps each to what
// the parent has at its path. It begins with the newest pack, since what the oldest holds whole
// mostly follows objects of packs that are not merged.
func (r *Maintenance) predecessors(ctx context.Context, packs []*pack.Held, enough func() bool) (map[object.ID]object.ID, error) {
	f := pairing{r: r, pairs: map[object.ID]object.ID{}, cache: object.TreeCache{From: r.Store}}
	for _, h := range slices.Backward(packs) {
		if err := f.addPack(ctx, h, enough); err != nil {
			return nil, err
		}
	}
	return f.pairs, nil
}
