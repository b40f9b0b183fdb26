package durable

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// passFlags open a folder to go through it.
const passFlags = unix.O_PATH | unix.O_DIRECTORY

func fromSys(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(st.Dev), Ino: st.Ino, Mode: st.Mode, UID: st.Uid, GID: st.Gid, Size: st.Size, Mtime: st.Mtim, Ctime: st.Ctim,
		Blocks: st.Blocks, Links: uint64(st.Nlink)}
}

// Mount names the mount and the device on which name lies; with an empty name, those of d. No other
// mount has that name until the system restarts. It is "" where the system does not say (before
// Linux 6.8).
func (d *Dir) Mount(name string) (string, error) {
	var st unix.Statx_t
	err := ignoringEINTR(func() error {
		return unix.Statx(d.fd, name, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MNT_ID_UNIQUE, &st)
	})
	if err != nil || st.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return "", d.fail("statx", name, err)
	}
	return fmt.Sprintf("%d %d:%d", st.Mnt_id, st.Dev_major, st.Dev_minor), nil
}

// SyncFS puts everything that was written to d's file system on disk. It replaces one fsync a file
// after bulk work.
func (d *Dir) SyncFS() error {
	return d.fail("syncfs", "", through(Op{Kind: SyncAll, dir: d}, func() error { return unix.Syncfs(d.fd) }))
}

func (f *File) utimens(ts unix.Timespec) error {
	times := [2]unix.Timespec{ts, ts}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(f.fd), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Reflink lets to share the storage of from. It fails where the file system cannot.
func Reflink(from *os.File, to *File) error {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
}
