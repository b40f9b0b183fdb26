package repo

import (
	"errors"
	"slices"
	"timemachine/repo/durable"
)

// unlisted counts the packs that are not on the list of ours.
func (r *packdirT) unlisted() (n int, err error) {
	there, err := r.packNames()
	if err != nil {
		return 0, err
	}
	listed, err := r.listedPacks()
	for name, suffixes := range there {
		if suffixes[".pack"] && !slices.Contains(listed, name) {
			n++
		}
	}
	return n, err
}

// packSizes counts the packs and what they take.
func (r *packdirT) packSizes() (n int, size int64, err error) {
	packs, err := r.packNames()
	if err != nil {
		return 0, 0, err
	}
	dir, closeDir, err := r.packDir()
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
