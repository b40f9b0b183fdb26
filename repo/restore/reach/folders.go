package reach

import (
	"errors"

	"timemachine/repo/durable"
)

// Folders is a set of folders, by their paths below a base.
type Folders map[*Base]map[string]bool

// Add adds a folder.
func (f Folders) Add(of *Base, folder string) {
	if f[of] == nil {
		f[of] = map[string]bool{}
	}
	f[of][folder] = true
}

// Sync puts the names in the folders on disk. One that is gone is left out.
func (f Folders) Sync() error {
	var errs []error
	for b, folders := range f {
		for folder := range folders {
			dir, err := b.Walk.Dir(folder)
			if err == nil {
				err = dir.Sync()
			}
			if !durable.IsMissing(err) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
