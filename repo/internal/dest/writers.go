package dest

import (
	"errors"
	"io/fs"
	"path"

	"timemachine/repo/durable"
	"timemachine/repo/trust"
)

// writtenFolders are the folders below .git through which a branch or what it leads to is changed.
var writtenFolders = []string{"", "objects", "objects/pack", "refs", "refs/heads", "timemachine"}

// CheckWriters returns a *trust.UntrustedError where another user than uid owns the repository,
// or may write to one of its folders. owner is the repository's.
func (r *Dest) CheckWriters(uid int) (owner durable.Owner, err error) {
	st, err := r.Git.Lstat("")
	if err != nil {
		return owner, err
	}
	owner = durable.Owner{UID: int(st.UID), GID: int(st.GID)}
	if err := checkWriters(r.Folder, uid); err != nil {
		return owner, err
	}
	w := durable.NewWalker(r.Git)
	defer w.Close()
	for _, name := range append(writtenFolders[:len(writtenFolders):len(writtenFolders)], path.Dir(r.Branch)) {
		if name == "." { // HEAD names a commit
			continue
		}
		d, err := w.Dir(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = checkWriters(d, uid)
		}
		if err != nil {
			return owner, err
		}
	}
	return owner, nil
}

func checkWriters(d *durable.Dir, uid int) error {
	st, err := d.Lstat("")
	switch {
	case err != nil:
		return err
	case int(st.UID) != uid:
		return &trust.UntrustedError{Path: d.Path(""), UID: st.UID}
	case st.Mode&0o022 != 0:
		return &trust.UntrustedError{Path: d.Path(""), Mode: fs.FileMode(st.Mode & 0o777)}
	}
	return nil
}
