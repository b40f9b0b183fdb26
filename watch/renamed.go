package watch

import (
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// deletedFile is a deleted source with its last stat. The cache forgets the stat when the deletion
// is committed, which may be before the new name is.
type deletedFile struct {
	path string
	stat disk.Stat
}

// byInode returns the deleted files by their inode.
func byInode(deletions []scan.Change) map[disk.Inode][]deletedFile {
	all := make(map[disk.Inode][]deletedFile, len(deletions))
	for _, c := range deletions {
		if st := c.Before.Stat; !st.IsZero() {
			all[st.Inode()] = append(all[st.Inode()], deletedFile{c.File.Path, st})
		}
	}
	return all
}

// renamedFrom returns the deleted source that a file was before, or "".
func (r *run) renamedFrom(st *disk.Stat) string {
	for _, d := range r.deleted[st.Inode()] {
		if d.stat.SameInode(st) {
			return d.path
		}
	}
	return ""
}
