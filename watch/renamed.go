package watch

import (
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// deletedFile is a deleted source with its last stat. The cache forgets the stat when the deletion
// is committed, which may be before the new name is.
type deletedFile struct {
	change *scan.Change
	stat   disk.Stat
}

// byInode returns the deleted files by their inode.
func byInode(deletions []scan.Change) map[disk.Inode][]deletedFile {
	all := make(map[disk.Inode][]deletedFile, len(deletions))
	for i := range deletions {
		if st := deletions[i].Before.Stat; !st.IsZero() {
			all[st.Inode()] = append(all[st.Inode()], deletedFile{&deletions[i], st})
		}
	}
	return all
}

// renamedFrom returns the deleted source that a file was before, or "".
func (r *run) renamedFrom(st *disk.Stat) string {
	for _, d := range r.deleted[st.Inode()] {
		if d.stat.SameInode(st) && (d.change.Before.Deleted || scan.EndStands(d.change)) {
			return d.change.File.Path
		}
	}
	return ""
}
