package ownpacks

import (
	"errors"

	"timemachine/repo/durable"
)

// PackSizes counts the packs and adds up the bytes of their files.
func (r *Packs) PackSizes() (n int, size int64, err error) {
	packs, err := r.PackNames()
	if err != nil {
		return 0, 0, err
	}
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return 0, 0, err
	}
	defer closeDir()
	for name, suffixes := range packs {
		if suffixes[".pack"] {
			n++
		}
		for suffix := range suffixes {
			st, serr := dir.Lstat(name + suffix)
			if serr != nil && !durable.IsMissing(serr) {
				err = errors.Join(err, serr)
			}
			size += st.Size
		}
	}
	return n, size, err
}
