package projection

import (
	"fmt"
	"maps"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// updateXattrs writes what xattrs/ lacks of the new versions, or of the tree where it is not known
// what the work tree has.
func (u *update) updateXattrs() error {
	add := map[string]object.ID{}
	if u.Start == atBase && !u.Base.IsZero() {
		for i := range u.Versions {
			for k := range u.Versions[i].Xattrs {
				if x := &u.Versions[i].Xattrs[k]; !x.Blob.IsZero() {
					add[record.XattrPath(x)] = x.Blob
				}
			}
		}
	} else {
		all, err := u.p.Xattrs(u.Tip)
		if err != nil {
			return err
		}
		for path, e := range all {
			add[path] = e.ID
		}
	}
	if len(add) == 0 {
		return nil
	}
	root := u.p.Folder
	if st, err := root.Lstat(dest.XattrsFolder); err == nil && !st.IsDir() {
		aside, err := durable.MoveAside(root, dest.XattrsFolder)
		if err != nil {
			return fmt.Errorf("it cannot be moved aside: %w", err)
		}
		u.Warn(root.Path(dest.XattrsFolder), "is no folder, and was moved to "+record.Quote(aside), refusal.Remedy{})
	}
	dir, err := root.MakeSub(dest.XattrsFolder)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, path := range slices.Sorted(maps.Keys(add)) {
		if err := u.writeXattr(dir, path, add[path]); err != nil {
			return err
		}
	}
	return nil
}

// writeXattr writes one file of xattrs/, and adds it to the changes of the index.
func (u *update) writeXattr(dir *durable.Dir, path string, id object.ID) error {
	name := path[len(dest.XattrsFolder)+1:]
	if !comparer.HoldsBlob(dir, id) {
		body, err := u.p.ReadBody(id)
		if err == nil {
			err = dir.Replace(name, body)
		}
		if err != nil {
			return err
		}
	}
	st, err := dir.Lstat(name)
	if err == nil {
		u.changes = append(u.changes, index.Change{Path: path, Mode: uint32(object.ModeFile), ID: id, Stat: indexStat(st)})
	}
	return err
}
