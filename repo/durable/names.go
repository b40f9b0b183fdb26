package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// NameError says that a value is no name of a file: it is empty, "." or "..", or holds a slash or a
// NUL. An operation that got such a value has done nothing.
type NameError struct{ Name string }

func (e *NameError) Error() string { return fmt.Sprintf("%q is no name of a file", e.Name) }

// CheckName is a *NameError where name is not a single component of a path.
func CheckName(name string) error {
	if name == "" || name == "." || name == ".." || strings.IndexByte(name, '/') >= 0 || strings.IndexByte(name, 0) >= 0 {
		return &NameError{Name: name}
	}
	return nil
}

// checkNames checks the names that an operation is to use in its folders. An empty name stands for
// the folder itself, which only Dir.Do and the kinds that look at it or put it on disk may name.
func (op *Op) checkNames() error {
	if op.File != nil && op.Kind != Create && op.Kind != Open { // it was checked when it was opened
		return nil
	}
	if op.toDir != nil {
		if err := CheckName(op.toName); err != nil {
			return err
		}
	}
	if op.dir == nil || op.name == "" && op.ofFolder() {
		return nil
	}
	return CheckName(op.name)
}

// ofFolder tells whether the operation can be one of the folder itself.
func (op *Op) ofFolder() bool {
	if op.itself {
		return true
	}
	switch op.Kind {
	case SyncDir, SyncAll, Statfs, List, Lstat:
		return true
	}
	return false
}

// Rename moves old in d to name in to, and replaces what has that name.
func (d *Dir) Rename(old string, to *Dir, name string) error {
	return d.fail("rename", old, through(Op{Kind: Rename, dir: d, name: old, toDir: to, toName: name}, func() error {
		return d.asOwner(func() error { return unix.Renameat(d.fd, old, to.fd, name) })
	}))
}

// Link gives the file old in d the further name in to. An existing name is an error.
func (d *Dir) Link(old string, to *Dir, name string) error {
	return to.fail("link", name, through(Op{Kind: Link, dir: d, name: old, toDir: to, toName: name}, func() error {
		return unix.Linkat(d.fd, old, to.fd, name, 0)
	}))
}

// Symlink makes a symbolic link; an existing name is an error.
func (d *Dir) Symlink(target, name string) error {
	return d.fail("symlink", name, through(Op{Kind: Symlink, dir: d, name: name, To: target}, func() error {
		return d.makeOwned(name, func() error { return unix.Symlinkat(target, d.fd, name) })
	}))
}

// Readlink reads a symbolic link's target.
func (d *Dir) Readlink(name string) (string, error) {
	b := make([]byte, 4097)
	n, err := 0, CheckName(name)
	if err == nil {
		n, err = unix.Readlinkat(d.fd, name, b)
	}
	if err != nil {
		return "", d.fail("readlink", name, err)
	}
	return string(b[:n]), nil
}

// Remove removes a file or link; a missing one is no error.
func (d *Dir) Remove(name string) error {
	err := through(Op{Kind: Remove, dir: d, name: name}, func() error {
		return d.asOwner(func() error { return unix.Unlinkat(d.fd, name, 0) })
	})
	if err == unix.ENOENT {
		return nil
	}
	return d.fail("remove", name, err)
}

// RemoveDir removes an empty folder.
func (d *Dir) RemoveDir(name string) error {
	return d.fail("rmdir", name, through(Op{Kind: Rmdir, dir: d, name: name}, func() error {
		return d.asOwner(func() error { return unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR) })
	}))
}

// RemoveAll removes name and, where it is a folder, all below it. A missing one is no error; links
// are not followed.
func (d *Dir) RemoveAll(name string) error {
	err := d.Remove(name)
	if err == nil {
		return nil
	}
	sub, serr := d.Sub(name)
	if serr != nil {
		return err
	}
	defer sub.Close()
	names, err := sub.Names()
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range names {
		errs = append(errs, sub.RemoveAll(n))
	}
	return errors.Join(append(errs, d.RemoveDir(name))...)
}

// Stat is the result of lstat(2) or fstat(2).
type Stat struct {
	Dev, Ino     uint64
	Mode         uint32 // with the S_IFMT bits
	UID, GID     uint32
	Size         int64
	Mtime, Ctime unix.Timespec
	Blocks       int64  // of 512 bytes, on the disk
	Links        uint64 // names
}

// IsDir tells whether the name is a folder.
func (s *Stat) IsDir() bool { return s.Mode&unix.S_IFMT == unix.S_IFDIR }

// IsRegular tells whether the name is a regular file.
func (s *Stat) IsRegular() bool { return s.Mode&unix.S_IFMT == unix.S_IFREG }

// IsLink tells whether the name is a symbolic link.
func (s *Stat) IsLink() bool { return s.Mode&unix.S_IFMT == unix.S_IFLNK }

// Same tells whether both are one file.
func (s *Stat) Same(o Stat) bool { return s.Dev == o.Dev && s.Ino == o.Ino }

// Modified is when the content was changed last: the mtime.
func (s *Stat) Modified() time.Time { return time.Unix(s.Mtime.Sec, s.Mtime.Nsec) }

// Changed is when anything was changed last: the ctime.
func (s *Stat) Changed() time.Time { return time.Unix(s.Ctime.Sec, s.Ctime.Nsec) }

// Lstat is the result of lstat(2) for a name. With an empty name it is the folder itself.
func (d *Dir) Lstat(name string) (Stat, error) {
	var st unix.Stat_t
	err := through(Op{Kind: Lstat, dir: d, name: name}, func() error {
		if name == "" {
			return unix.Fstat(d.fd, &st)
		}
		return unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		return Stat{}, d.fail("lstat", name, err)
	}
	return fromSys(&st), nil
}

// Exists tells whether the name exists, of whatever kind.
func (d *Dir) Exists(name string) (bool, error) {
	_, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// SetMtime sets a name's modification time to the nanosecond, not following a link.
func (d *Dir) SetMtime(name string, t time.Time) error {
	ts := timespec(t)
	return d.fail("utimensat", name, through(Op{Kind: SetMtime, dir: d, name: name}, func() error {
		return unix.UtimesNanoAt(d.fd, name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
	}))
}

func timespec(t time.Time) unix.Timespec {
	return unix.Timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
}

// Space is what a file system says of its space.
type Space struct {
	Free, Size         int64 // bytes: free for this user, and in all
	FreeInodes, Inodes int64 // files that can still be made, and in all; 0 in all: no limit
}

// DiskSpace is the space of d's file system.
func (d *Dir) DiskSpace() (Space, error) {
	var s Space
	err := through(Op{Kind: Statfs, dir: d, Space: &s}, func() error {
		var st unix.Statfs_t
		err := ignoringEINTR(func() error { return unix.Fstatfs(d.fd, &st) })
		s = Space{Free: int64(st.Bavail) * int64(st.Bsize), Size: int64(st.Blocks) * int64(st.Bsize),
			FreeInodes: int64(st.Ffree), Inodes: int64(st.Files)}
		return err
	})
	return s, d.fail("statfs", "", err)
}

// FreeSpace is how many bytes this process can still write to d's file system. For root it includes
// what is reserved for root. ok is false where the file system does not say.
func (d *Dir) FreeSpace() (bytes int64, ok bool) {
	var st unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Fstatfs(d.fd, &st) }); err != nil || st.Blocks == 0 {
		return 0, false
	}
	blocks := int64(st.Bavail)
	if unix.Geteuid() == 0 {
		blocks = int64(st.Bfree)
	}
	return blocks * int64(st.Bsize), true
}

// Restrict closes the folder name to everybody but its owner.
func (d *Dir) Restrict(name string) error {
	sub, err := d.Sub(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	st, err := sub.Lstat("")
	if err != nil || st.Mode&0o777 == DirPerm {
		return err
	}
	return d.fail("chmod", name, through(Op{Kind: Chmod, dir: d, name: name}, func() error {
		return d.asOwner(func() error { return unix.Fchmod(sub.fd, DirPerm) })
	}))
}
