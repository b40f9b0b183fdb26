package durable

import (
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// passFlags open a folder to go through it.
const passFlags = unix.O_PATH | unix.O_DIRECTORY

func fromSys(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(st.Dev), Ino: st.Ino, Mode: st.Mode, UID: st.Uid, GID: st.Gid, Size: st.Size, Mtime: st.Mtim, Ctime: st.Ctim,
		Blocks: st.Blocks, Links: uint64(st.Nlink)}
}

// Mount names the mount that d lies on, as no other is named until the system is started again; "" where that is not known
// (before Linux 6.8).
func (d *Dir) Mount() string {
	var st unix.Statx_t
	err := unix.Statx(d.fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID_UNIQUE, &st)
	if err != nil || st.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return ""
	}
	return strconv.FormatUint(st.Mnt_id, 10)
}

// SyncFS puts all that was written to d's file system on disk: for bulk work, in the place of an fsync for each file.
func (d *Dir) SyncFS() error {
	return d.fail("syncfs", "", through(Op{Kind: SyncAll, dir: d}, func() error { return unix.Syncfs(d.fd) }))
}

func (f *File) setMtime(ts unix.Timespec) error {
	times := [2]unix.Timespec{ts, ts}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(f.fd), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Reflink makes to share from's storage. It fails where the file system has no such thing.
func Reflink(from *os.File, to *File) error {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
}
