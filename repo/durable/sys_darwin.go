package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// passFlags open a folder to go through it.
const passFlags = unix.O_RDONLY | unix.O_DIRECTORY

func fromSys(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(uint32(st.Dev)), Ino: st.Ino, Mode: uint32(st.Mode), UID: st.Uid, GID: st.Gid, Size: st.Size, Mtime: st.Mtim, Ctime: st.Ctim,
		Blocks: st.Blocks, Links: uint64(st.Nlink)}
}

// Mount is "": this system does not tell a mount from another one in its place.
func (d *Dir) Mount(name string) (string, error) { return "", nil }

// SyncFS puts everything that was written on disk. It replaces one fsync a file after bulk work.
func (d *Dir) SyncFS() error {
	return d.fail("sync", "", through(Op{Kind: SyncAll, dir: d}, unix.Sync))
}

func (f *File) utimens(ts unix.Timespec) error {
	return unix.UtimesNanoAt(f.dir.fd, f.base, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

// Reflink fails: this system clones files by name only.
func Reflink(from *os.File, to *File) error { return errors.ErrUnsupported }
