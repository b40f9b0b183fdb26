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

// asOwner changes something in d, with root's rights where this is root: threads have none of their
// own here.
func (d *Dir) asOwner(change func() error) error { return change() }

// makeOwned makes name in d with create, and gives it to the owner of d. It does so by an open
// descriptor, and only where that is what this process can have made: a link, or an empty folder,
// of this process's user.
func (d *Dir) makeOwned(name string, create func() error) error {
	if err := create(); err != nil || d.owner == nil {
		return err
	}
	fd, err := openat(d.fd, name, unix.O_RDONLY|unix.O_SYMLINK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	kind := st.Mode & unix.S_IFMT
	if int(st.Uid) != os.Geteuid() || st.Nlink > 2 || kind != unix.S_IFLNK && kind != unix.S_IFDIR {
		return unix.EEXIST
	}
	return unix.Fchown(fd, d.owner.UID, d.owner.GID)
}
