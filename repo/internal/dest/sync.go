package dest

import (
	"errors"
	"io/fs"

	"timemachine/repo/durable"
)

// SyncAll syncs the file systems that the destination lies on: files/ and copies/ may be mounts.
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

// MomentOf identifies the time from one mount of root, in one start of the machine, to its end:
// within it, everything that was written can be read. It is "" where that is unknown, or where one
// of the folders in root is a mount itself. A missing folder counts as one on root's mount.
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
