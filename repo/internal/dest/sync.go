package dest

import (
	"errors"
	"io/fs"
	"timemachine/repo/durable"
)

// SyncAll puts the destination on disk, on whichever file systems it lies.
func (r *Dest) SyncAll() error {
	if err := r.Folder.SyncFS(); err != nil {
		return err
	}
	here, err := r.Folder.Lstat("")
	if err != nil {
		return err
	}
	for _, name := range Projections {
		st, err := r.Folder.Lstat(name)
		if err == nil && st.IsDir() && st.Dev != here.Dev {
			err = r.syncMount(name)
		}
		if err != nil && !durable.IsMissing(err) {
			return err
		}
	}
	return nil
}

func (r *Dest) syncMount(name string) error {
	d, err := r.Folder.Sub(name)
	if err != nil {
		return err
	}
	return errors.Join(d.SyncFS(), d.Close())
}

// MomentOf is the moment of root and the folders in it, "" also where one of them is a mount or a
// device of its own, which may come and go by itself. One that is missing will be made where root
// is.
func MomentOf(boot string, root *durable.Dir, folders []string) string {
	mount, err := root.Mount("")
	if boot == "" || mount == "" || err != nil {
		return ""
	}
	for _, name := range folders {
		if its, err := root.Mount(name); its != mount && !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return boot + " " + mount
}
