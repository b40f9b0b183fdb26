package index

import "timemachine/repo/git/object"

// Trees tells which tree a folder ("" is the root, else a path without a slash at its end) has
// after the commits that the changes come from; ok is false where that is not known. It is asked,
// parents first, for the folders above a change and for those git's cache has no valid tree of. The
// tree must be in the repository.
type Trees func(dir string) (tree object.ID, ok bool)

// Merge returns the index old with the changes made; nil means that there is none yet. The result
// has version 2, or 3 where entries have extended flags, and a checksum. A nil trees knows nothing,
// and git's cache loses the folders above changes. Changes count in the order given, as if made one
// by one.
//
// Errors are *ChangeError for a change that cannot be stored (also a file and a folder of one name
// with no Remove between), ErrUnmerged for one in the way of a conflict, and those of Parse for
// old. The result shares no memory with old.
func Merge(old []byte, changes []Change, trees Trees) ([]byte, error) {
	if old == nil {
		return mergeFile(&file{version: 2, entries: table{off: []int{0}}}, changes, trees)
	}
	intact := startChecksum(old)
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

func mergeFile(f *file, changes []Change, trees Trees) ([]byte, error) {
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
	return merged.seal(), nil
}
