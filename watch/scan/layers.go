package scan

import (
	"iter"
	"path/filepath"

	"golang.org/x/sys/unix"

	"timemachine/watch/disk"
)

// layer is a device of files that lie in folders of another device: a layer of an overlay, whose
// files keep the number of their layer. A disk's files lie in folders of its own, and bind mounts
// of single files cannot vanish before they are unmounted.
type layer struct{ folder, file uint64 }

// isLayer tells whether the scan saw files of a device in folders of another. The numbers of both
// are made up by the system, as those of no disk are.
func (u *Unseen) isLayer(l layer) bool {
	if unix.Major(l.folder) != 0 || unix.Major(l.file) != 0 || l.folder == l.file {
		return false
	}
	if u.layers == nil {
		u.layers = map[layer]bool{}
		for path, st := range u.seenFiles() {
			if f, there := u.scan.folders[filepath.Dir(path)]; there && f.dev != st.Dev {
				u.layers[layer{f.dev, st.Dev}] = true
			}
		}
	}
	return u.layers[l]
}

// seenFiles yields the regular files that the scan saw, found or unchanged. Each stat is valid
// until the next one.
func (u *Unseen) seenFiles() iter.Seq2[string, *disk.Stat] {
	return func(yield func(string, *disk.Stat) bool) {
		for i := range u.scan.found {
			if f := &u.scan.found[i]; f.Stat.IsRegular() && !yield(f.Path, &f.Stat) {
				return
			}
		}
		for known := range u.scan.cached.UnchangedBelow("/") {
			if !known.Link && !known.Followed && !yield(known.Source, &known.Stat) {
				return
			}
		}
	}
}
