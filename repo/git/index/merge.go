package index

import (
	"bytes"

	"timemachine/repo/git/object"
)

// Trees tells which tree a folder has after the commits that the changes come from; ok is false
// where that is not known. dir is "" for the root, else a path without a slash at its end. It is
// asked, parents first, for the folders above a change and for those without a valid tree in git's
// cache. The tree must be in the repository.
type Trees func(dir string) (tree object.ID, ok bool)

// Merge returns the index old with the changes made; a nil old is no index yet. The result has
// version 2, or 3 where entries have extended flags, and a checksum. With nil trees, git's cache
// loses the folders above the changes. The changes count in the given order, as if made one by one.
//
// Errors: *ChangeError for a change that cannot be stored, also for a file and a folder of one name
// with no Remove in between; ErrUnmerged for a change in the way of a conflict; those of Parse for
// old. The result shares no memory with old.
func Merge(old []byte, changes []Change, trees Trees) ([]byte, error) {
	merged, err := merge(old, changes, trees, startChecksum(old))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = write(&b, merged.pieces())
	return b.Bytes(), err
}

// merge is Merge, before the result is written. intact is what startChecksum returned.
func merge(old []byte, changes []Change, trees Trees, intact func(error) error) (*file, error) {
	if old == nil {
		return mergeFile(&file{version: 2, entries: table{off: []int{0}}}, changes, trees)
	}
	f, err := readBody(old)
	if err != nil {
		return nil, intact(err)
	}
	merged, err := mergeFile(f, changes, trees)
	if err = intact(err); err != nil {
		return nil, err
	}
	return merged, nil
}

func mergeFile(f *file, changes []Change, trees Trees) (*file, error) {
	settled, err := settle(changes)
	if err != nil {
		return nil, err
	}
	p, err := makePlan(&f.entries, settled)
	if err != nil {
		return nil, err
	}
	merged := &file{version: 2, entries: p.apply(), undo: f.undo}
	if f.version > 2 && merged.entries.needsLong() {
		merged.version = 3
	}
	merged.tree = rebuildTree(&merged.entries, f.tree, p.altered, trees)
	return merged, nil
}
