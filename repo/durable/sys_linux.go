package durable

import (
	"errors"
	"fmt"
	"os"
	"runtime"
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
	if name != "" {
		if err := CheckName(name); err != nil {
			return "", d.fail("statx", name, err)
		}
	}
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

// makeOwned makes name in d with create, so that it belongs to the owner of d from the beginning.
// To own it afterwards by its name would not do: whoever may rename in d could have put something
// of root's there.
//
// create runs with the owner's rights on files. In a folder that the owner cannot write to, it runs
// as root: nobody else may rename there, so that what was made can be given by its name.
func (d *Dir) makeOwned(name string, create func() error) error {
	if d.owner == nil {
		return create()
	}
	err := d.owner.create(create)
	if !errors.Is(err, unix.EACCES) || !d.onlyRootRenames() {
		return err
	}
	if err := create(); err != nil {
		return err
	}
	return unix.Fchownat(d.fd, name, d.owner.UID, d.owner.GID, unix.AT_SYMLINK_NOFOLLOW)
}

// asOwner changes something in d with the rights of the owner of d, who may have moved another
// user's folder here. A folder of root's, in which nobody else renames, is no such place.
func (d *Dir) asOwner(change func() error) error {
	if d.owner == nil {
		return change()
	}
	err := d.owner.create(change)
	if (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) && d.onlyRootRenames() {
		return change()
	}
	return err
}

// create runs f with the owner's rights on files: what it makes belongs to them.
func (o *Owner) create(f func() error) error {
	runtime.LockOSThread()
	uid, gid := os.Geteuid(), os.Getegid()
	err := setFileIDs(o.UID, o.GID)
	if err == nil {
		err = f()
	}
	if back := setFileIDs(uid, gid); back != nil {
		return errors.Join(err, back) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// setFileIDs sets the user and the group of this thread's operations on files. The system does not
// say where it refuses: the second call asks what is set.
func setFileIDs(uid, gid int) error {
	for _, id := range []struct {
		set func(int) (int, error)
		to  int
	}{{unix.SetfsgidRetGid, gid}, {unix.SetfsuidRetUid, uid}} {
		if _, err := id.set(id.to); err != nil {
			return err
		}
		if now, err := id.set(-1); err != nil || now != id.to {
			return errors.Join(unix.EPERM, err)
		}
	}
	return nil
}
