package watch

// inode is a file whatever its name.
type inode struct{ dev, ino uint64 }

// byInode sorts deletions by the file that is gone, where its last state is known.
func byInode(gone []change) map[inode][]change {
	all := make(map[inode][]change, len(gone))
	for _, c := range gone {
		if k := &c.old.key; !k.isZero() {
			at := inode{k.Dev, k.Ino}
			all[at] = append(all[at], c)
		}
	}
	return all
}

// renamedFrom finds the source that vanished in this run and has come back under a new name.
func (r *run) renamedFrom(k *key) string {
	for _, c := range r.renamed[inode{k.Dev, k.Ino}] {
		if c.old.key.sameInode(k) {
			return c.seen.path
		}
	}
	return ""
}
