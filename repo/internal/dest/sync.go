package repo

import (
	"errors"
	"io/fs"
	"timemachine/repo/durable"
)

// syncAll puts the destination on disk, on whichever file systems it lies.
func (r *destT) syncAll() error {
	if err := r.root.SyncFS(); err != nil {
		return err
	}
	here, err := r.root.Lstat("")
	if err != nil {
		return err
	}
	for _, name := range projections {
		st, err := r.root.Lstat(name)
		if err == nil && st.IsDir() && st.Dev != here.Dev {
			err = r.syncMount(name)
		}
		if err != nil && !durable.IsMissing(err) {
			return err
		}
	}
	return nil
}

func (r *destT) syncMount(name string) error {
	d, err := r.root.Sub(name)
	if err != nil {
		return err
	}
	return errors.Join(d.SyncFS(), d.Close())
}

// projections are the folders of a destination that are made from the history.
var projections = []string{"files", "copies"}

// momentOf is the moment of root and the folders in it, "" also where one of them is a mount or a device of its own, which
// may come and go by itself. One that is missing will be made where root is.
func momentOf(boot string, root *durable.Dir, folders []string) string {
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
