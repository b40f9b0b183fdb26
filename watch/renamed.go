package watch

import "timemachine/watch/scan"

// inode is a file whatever its name.
type inode struct{ dev, ino uint64 }

// deletedFile is a deleted source, as it was found last. What is known of it is forgotten when its
// deletion is committed, which may be before what it became.
type deletedFile struct {
	path string
	key  scan.Stat
}

// byInode are the deletions of a run.
func byInode(gone []scan.Change) map[inode][]deletedFile {
	all := make(map[inode][]deletedFile, len(gone))
	for _, c := range gone {
		if k := c.Before.Stat; !k.IsZero() {
			at := inode{k.Dev, k.Ino}
			all[at] = append(all[at], deletedFile{c.File.Path, k})
		}
	}
	return all
}

// renamedFrom finds the source that vanished in this run and has come back under a new name.
func (r *run) renamedFrom(k *scan.Stat) string {
	for _, v := range r.deleted[inode{k.Dev, k.Ino}] {
		if v.key.SameInode(k) {
			return v.path
		}
	}
	return ""
}
