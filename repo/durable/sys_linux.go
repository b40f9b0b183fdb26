package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// passFlags open a folder to go through it.
const passFlags = unix.O_PATH | unix.O_DIRECTORY

func fromSys(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(st.Dev), Ino: st.Ino, Mode: st.Mode, UID: st.Uid, GID: st.Gid, Size: st.Size, Mtime: st.Mtim, Ctime: st.Ctim,
		Blocks: st.Blocks, Links: uint64(st.Nlink)}
}

// SyncFS puts all that was written to d's file system on disk: for bulk work, in the place of an fsync for each file.
func (d *Dir) SyncFS() error {
	return d.fail("syncfs", "", through(Op{Kind: SyncAll, Path: d.path}, func() error { return unix.Syncfs(d.fd) }))
}

// Reflink makes to share from's storage. It fails where the file system has no such thing.
func Reflink(from *os.File, to *File) error {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
}
