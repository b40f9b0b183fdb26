package watch

import "timemachine/watch/scan"

// deletedFile is a deleted source, as it was found last. What is known of it is forgotten when its
// deletion is committed, which may be before what it became.
type deletedFile struct {
	path string
	key  scan.Stat
}

// byInode are the deletions of a run.
func byInode(gone []scan.Change) map[scan.Inode][]deletedFile {
	all := make(map[scan.Inode][]deletedFile, len(gone))
	for _, c := range gone {
		if k := c.Before.Stat; !k.IsZero() {
			all[k.Inode()] = append(all[k.Inode()], deletedFile{c.File.Path, k})
		}
	}
	return all
}

// renamedFrom finds the source that vanished in this run and has come back under a new name.
func (r *run) renamedFrom(k *scan.Stat) string {
	for _, v := range r.deleted[k.Inode()] {
		if v.key.SameInode(k) {
			return v.path
		}
	}
	return ""
}
