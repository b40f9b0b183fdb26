package watch

import "timemachine/watch/scan"

// inode is a file whatever its name.
type inode struct{ dev, ino uint64 }

// absentee is a deleted source, as it was found last. What is known of it is forgotten when its
// deletion is committed, which may be before what it became.
type absentee struct {
	path string
	key  scan.Stat
}

// byInode are the deletions of a run.
func byInode(gone []scan.Change) map[inode][]absentee {
	all := make(map[inode][]absentee, len(gone))
	for _, c := range gone {
		if k := c.Before.Stat; !k.IsZero() {
			at := inode{k.Dev, k.Ino}
			all[at] = append(all[at], absentee{c.File.Path, k})
		}
	}
	return all
}

// renamedFrom finds the source that vanished in this run and has come back under a new name.
func (r *run) renamedFrom(k *scan.Stat) string {
	for _, v := range r.renamed[inode{k.Dev, k.Ino}] {
		if v.key.SameInode(k) {
			return v.path
		}
	}
	return ""
}
