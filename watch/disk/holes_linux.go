package disk

import "golang.org/x/sys/unix"

// truthful holds the file systems whose SEEK_DATA is believed: they find what was written, also
// where it has no place on disk yet. OpenZFS up to 2.2.1 did not, and what a file server or a FUSE
// program answers is anybody's guess.
var truthful = map[int64]bool{
	unix.EXT4_SUPER_MAGIC:  true, // which is also that of ext2 and ext3
	unix.XFS_SUPER_MAGIC:   true,
	unix.BTRFS_SUPER_MAGIC: true,
	unix.TMPFS_MAGIC:       true,
}

// TellsHoles tells whether an open file has fewer blocks than its size needs, and lies on a file
// system that is believed where it says which of its bytes are in holes.
func TellsHoles(fd int) bool {
	var st unix.Stat_t
	var fs unix.Statfs_t
	return unix.Fstat(fd, &st) == nil && st.Blocks*512 < st.Size && unix.Fstatfs(fd, &fs) == nil && truthful[int64(fs.Type)]
}

// HoleEnd returns the end of the hole at a position of an open file, or the position itself where
// there is none. It moves the file's own position. What it says may be wrong as soon as the file
// changes.
func HoleEnd(fd int, at int64) int64 {
	data, err := unix.Seek(fd, at, unix.SEEK_DATA)
	if err == unix.ENXIO { // the rest is one hole, or the file ends before
		data, err = unix.Seek(fd, 0, unix.SEEK_END)
	}
	if err != nil {
		return at
	}
	return max(data, at)
}
