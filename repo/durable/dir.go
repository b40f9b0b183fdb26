// Package durable changes files so that a crash leaves either the old or the new, and so that a
// planted name leads nowhere.
//
// A Dir is an open folder. Its operations take one name, never a path, and are relative to the open
// folder (openat(2) and its family). So a folder that another program renames or swaps cannot
// divert a write. No operation follows a symbolic link. A Walker reaches folders below a Dir one
// component at a time, with the same care.
//
// New files and folders are closed to other users, whatever the umask. Where root works in the
// repository of another user, they are given to that user.
//
// Map reads a file through the address space, and Guard turns a page that cannot be read into an
// error. Retry and Flock wait for locks. The functions on errors say what an errno means.
package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Private permissions: nobody but the owner.
const (
	FilePerm = 0o600
	DirPerm  = 0o700
)

// Owner is the user and group that new files and folders are given to.
type Owner struct{ UID, GID int }

// Dir is an open folder.
type Dir struct {
	fd    int
	up    *Dir   // the folder it was opened from, nil for one that was opened by its path
	path  string // or its name there
	owner *Owner
}

// OpenDir opens the folder at an ordinary path. The path may go through links: the user chose it.
func OpenDir(name string) (*Dir, error) {
	d := &Dir{path: name}
	err := through(Op{Kind: Open, Path: name}, func() (err error) {
		d.fd, err = openat(unix.AT_FDCWD, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return d, nil
}

// Give sets the owner of everything that is created through d, and through the folders opened from
// it later.
func (d *Dir) Give(o *Owner) { d.owner = o }

// Fd is the folder's descriptor, good until Close.
func (d *Dir) Fd() uintptr { return uintptr(d.fd) }

// Close closes the folder.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Path is the path of name, for messages. With an empty name it is the folder's own.
func (d *Dir) Path(name string) string {
	parts := []string{name}
	for ; d != nil; d = d.up {
		parts = append(parts, d.path)
	}
	slices.Reverse(parts)
	return path.Join(parts...)
}

func (d *Dir) fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: d.Path(name), Err: err}
}

// Sub opens the folder name. A link there is an error.
func (d *Dir) Sub(name string) (*Dir, error) {
	sub := &Dir{up: d, path: name, owner: d.owner}
	err := through(Op{Kind: Open, dir: d, name: name}, func() (err error) {
		sub.fd, err = openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		return err
	})
	if err != nil {
		return nil, d.fail("open folder", name, err)
	}
	return sub, nil
}

// MakeSub opens the folder name. Where it is missing, MakeSub makes it, closed to other users.
func (d *Dir) MakeSub(name string) (*Dir, error) {
	sub, err := d.Sub(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return sub, err
	}
	return d.makeNewSub(name)
}

// makeNewSub is MakeSub for a folder that probably does not exist.
func (d *Dir) makeNewSub(name string) (*Dir, error) {
	if err := d.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return d.Sub(name)
}

// Mkdir makes the folder name, closed to other users; an existing name is an error.
func (d *Dir) Mkdir(name string) error {
	return d.fail("mkdir", name, through(Op{Kind: Mkdir, dir: d, name: name}, func() error {
		return d.makeOwned(name, func() error { return unix.Mkdirat(d.fd, name, DirPerm) })
	}))
}

// Create makes a new file, open for reading and writing; an existing name is an error.
func (d *Dir) Create(name string) (*File, error) {
	return d.openCreating(name, unix.O_RDWR|unix.O_EXCL, FilePerm)
}

// CreateAs is Create with other permissions, less the umask.
func (d *Dir) CreateAs(name string, perm fs.FileMode) (*File, error) {
	return d.openCreating(name, unix.O_RDWR|unix.O_EXCL, uint32(perm.Perm()))
}

// Append opens a file to add to it, and makes it where it is missing. A file with further names is
// first replaced by a copy, so that only this name's content changes. A file that belongs neither
// to root nor to the owner of what is made in d is an error.
func (d *Dir) Append(name string) (*File, error) {
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_NONBLOCK
	f, err := d.openOrCreate(name, flags)
	if err != nil {
		return nil, err
	}
	st, err := f.appendable()
	if err == nil && st.Links > 1 {
		f.shut()
		if err = d.separate(name, st); err != nil {
			return nil, err
		}
		if f, err = d.openOrCreate(name, flags); err != nil {
			return nil, err
		}
		if st, err = f.appendable(); err == nil && st.Links > 1 {
			err = errLinked
		}
	}
	if err != nil {
		f.shut()
		return nil, d.fail("append", name, err)
	}
	return f, nil
}

// OpenToChange opens an existing file to change it: its content, or without write only mode, owner
// and the like. A link, or another kind of file, is an error.
func (d *Dir) OpenToChange(name string, write bool) (*File, error) {
	flags := unix.O_RDONLY | unix.O_NONBLOCK
	if write {
		flags = unix.O_RDWR | unix.O_NONBLOCK
	}
	f, err := d.openMode(name, Open, flags, 0)
	if err != nil {
		return nil, err
	}
	return d.checkRegular(f)
}

// OpenLock opens a file to flock(2), and makes it where it is missing. Nothing is written to it.
func (d *Dir) OpenLock(name string) (*File, error) {
	return d.openOrCreate(name, unix.O_RDWR|unix.O_NONBLOCK)
}

// openOrCreate opens an existing regular file, or makes it. Only a file that it has made gets the
// owner of d: another process may have put any file there.
func (d *Dir) openOrCreate(name string, flags int) (*File, error) {
	var f *File
	for range openAttempts {
		var err error
		if f, err = d.openMode(name, Create, flags, 0); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if f, err = d.openCreating(name, flags|unix.O_EXCL, FilePerm); err == nil || !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	if f == nil {
		return nil, d.fail("open", name, unix.EBUSY)
	}
	return d.checkRegular(f)
}

// checkRegular returns f, or closes it where it is not a regular file.
func (d *Dir) checkRegular(f *File) (*File, error) {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errNotRegular
	}
	if err != nil {
		f.shut()
		return nil, d.fail("open", f.base, err)
	}
	return f, nil
}

// openAttempts is how often openOrCreate looks for a file that another process makes and removes.
const openAttempts = 10

var (
	errNotRegular = errors.New("not a regular file")
	errLinked     = errors.New("has more than one name")
)

// ForeignOwnerError says that a file that was to be written to belongs to an unexpected user.
type ForeignOwnerError struct{ UID uint32 }

func (e *ForeignOwnerError) Error() string {
	return fmt.Sprintf("belongs to user %d, and is not written to", e.UID)
}

// appendable looks at a file that is to be written to.
func (f *File) appendable() (Stat, error) {
	st, err := f.Stat()
	if err != nil || st.UID == 0 || int(st.UID) == f.dir.ownerUID() {
		return st, err
	}
	if f.dir.owner == nil { // on some file systems everything belongs to one user, whoever makes it
		if folder, err := f.dir.Lstat(""); err != nil || folder.UID == st.UID {
			return st, err
		}
	}
	return st, &ForeignOwnerError{UID: st.UID}
}

// ownerUID is the user who gets what is made in d.
func (d *Dir) ownerUID() int {
	if d.owner != nil {
		return d.owner.UID
	}
	return os.Geteuid()
}

// separate puts a copy in the place of a file with further names, as a backup by hard links makes
// them. A file of another user is not copied: the copy would belong to the owner of d.
func (d *Dir) separate(name string, was Stat) error {
	if int(was.UID) != d.ownerUID() {
		return d.fail("append", name, errLinked)
	}
	from, err := d.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	temp := Temporary(name)
	if err := d.Remove(temp); err != nil {
		return err
	}
	to, err := d.Create(temp)
	if err != nil {
		return err
	}
	st, err := from.Stat()
	if sys, ok := st.Sys().(*syscall.Stat_t); err == nil && (!ok || uint64(sys.Dev) != was.Dev || sys.Ino != was.Ino) {
		err = errLinked // another process has exchanged it
	}
	if err == nil {
		_, err = io.Copy(to, from)
	}
	if err == nil {
		err = to.Sync()
	}
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = d.Rename(temp, d, name)
	}
	if err != nil {
		return errors.Join(err, d.Remove(temp))
	}
	return nil
}

// openCreating makes a file, and gives it the owner of d. flags have O_EXCL, so that the file is
// new.
func (d *Dir) openCreating(name string, flags int, perm uint32) (*File, error) {
	f, err := d.openMode(name, Create, flags|unix.O_CREAT, perm)
	if err != nil || d.owner == nil {
		return f, err
	}
	if err := unix.Fchown(f.fd, d.owner.UID, d.owner.GID); err != nil {
		f.shut()
		return nil, d.fail("chown", name, err)
	}
	return f, nil
}

func (d *Dir) openMode(name string, kind Kind, flags int, perm uint32) (*File, error) {
	f := &File{dir: d, base: name}
	err := through(Op{Kind: kind, dir: d, name: name, File: f}, func() (err error) {
		f.fd, err = openat(d.fd, name, flags|unix.O_NOFOLLOW, perm)
		return err
	})
	if err != nil {
		return nil, d.fail(string(kind), name, err)
	}
	return f, nil
}

// Open opens a regular file for reading; a link or another kind of file is an error.
func (d *Dir) Open(name string) (*os.File, error) {
	var fd int
	err := through(Op{Kind: Open, dir: d, name: name}, func() (err error) {
		fd, err = openat(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		if err == nil {
			err = errNotRegular
		}
		return nil, d.fail("open", name, err)
	}
	return os.NewFile(uintptr(fd), d.Path(name)), nil
}

// ReadFile reads a whole file of at most max bytes. A longer one is an error, and a large one that
// is mostly a hole (ErrHole).
func (d *Dir) ReadFile(name string, max int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err == nil && st.Size() > max {
		err = d.fail("read", name, fmt.Errorf("over %d bytes", max))
	}
	if err == nil {
		err = CheckHole(f, st)
	}
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, min(st.Size(), max)+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(f, max+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > max {
		return nil, d.fail("read", name, fmt.Errorf("over %d bytes", max))
	}
	return b.Bytes(), nil
}

// Replace gives name the content data. After a crash the file is the old or the new one, never
// less. It is on disk when Replace returns.
func (d *Dir) Replace(name string, data []byte) error {
	if err := d.renameOver(name, bytes.NewReader(data), true); err != nil {
		return err
	}
	return d.Sync()
}

// Put is Replace for a file that is disposable: a power failure may lose it, or leave the old one.
func (d *Dir) Put(name string, data []byte) error { return d.PutFrom(name, bytes.NewReader(data)) }

// PutFrom is Put of what content writes.
func (d *Dir) PutFrom(name string, content io.WriterTo) error {
	return d.renameOver(name, content, false)
}

// Temporary is the name under which Replace and Put prepare a file. A killed process can leave one:
// it hinders nothing, and the next Replace or Put of name removes it.
func Temporary(name string) string { return "." + name + ".new" }

func (d *Dir) renameOver(name string, content io.WriterTo, sync bool) error {
	temp := Temporary(name)
	if err := d.Remove(temp); err != nil {
		return err
	}
	f, err := d.Create(temp)
	if err != nil {
		return err
	}
	_, err = content.WriteTo(f)
	if err == nil && sync {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = d.Rename(temp, d, name)
	}
	if err != nil {
		return errors.Join(err, d.Remove(temp))
	}
	return nil
}

// Do does one operation on a name in the folder, or with an empty name on the folder itself,
// through the seam.
func (d *Dir) Do(kind Kind, name string, do func(fd int) error) error {
	return d.fail(string(kind), name, through(Op{Kind: kind, dir: d, name: name, itself: name == ""}, func() error {
		return ignoringEINTR(func() error { return do(d.fd) })
	}))
}

// Sync puts the folder's entries on disk.
func (d *Dir) Sync() error {
	return d.fail("fsync", "", through(Op{Kind: SyncDir, dir: d}, func() error {
		return ignoringEINTR(func() error { return unix.Fsync(d.fd) })
	}))
}

// Names lists what the folder holds, in no order.
func (d *Dir) Names() ([]string, error) {
	var fd int
	err := through(Op{Kind: List, dir: d}, func() (err error) {
		fd, err = openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		return err
	})
	if err != nil {
		return nil, d.fail("open", "", err)
	}
	f := os.NewFile(uintptr(fd), d.Path(""))
	defer f.Close()
	return f.Readdirnames(-1)
}

func openat(fd int, name string, flags int, perm uint32) (n int, err error) {
	err = ignoringEINTR(func() error { n, err = unix.Openat(fd, name, flags|unix.O_CLOEXEC, perm); return err })
	return n, err
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}
