package durable

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links one path may go through, as in Linux.
const maxLinks = 40

// OpenTrusted opens the folder at an absolute path, folder by folder; ".." is the folder above one,
// and not above the link to it. It follows a symbolic link only where root or this process's user
// owns it, because another user may have planted it. With make, missing folders are made, closed to
// other users. Without make, a missing folder is fs.ErrNotExist.
func OpenTrusted(name string, make bool) (*Dir, error) {
	dir, err := top()
	if err != nil {
		return nil, err
	}
	defer func() { dir.Close() }()
	rest := strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		next, target, err := dir.step(part, make)
		if err == nil && target == "" {
			dir.Close()
			dir = next
			continue
		}
		if err == nil {
			if links++; links > maxLinks {
				err = &fs.PathError{Op: "open", Path: name, Err: unix.ELOOP}
			} else {
				dir, rest, err = dir.lead(target, rest)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	// The folders on the way need not be readable, so that this one is opened again to be read.
	fd, err := openat(dir.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open folder", Path: path.Clean(name), Err: err}
	}
	return &Dir{fd: fd, path: path.Clean(name), owner: dir.owner}, nil
}

// top is the root folder, opened to go on from.
func top() (*Dir, error) {
	fd, err := openat(unix.AT_FDCWD, "/", passFlags, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/", Err: err}
	}
	return &Dir{fd: fd, path: "/"}, nil
}

// pass opens the folder name on the way to another one; it need not be readable. A link is an
// error.
func (d *Dir) pass(name string) (*Dir, error) {
	fd, err := openat(d.fd, name, passFlags|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, d.fail("open folder", name, err)
	}
	return &Dir{fd: fd, path: d.Path(name)}, nil
}

// OthersLinkError says that another user owns a link, who may have planted it.
type OthersLinkError struct{ UID uint32 }

func (e *OthersLinkError) Error() string {
	return fmt.Sprintf("is a link of user %d's, and not followed", e.UID)
}

// step opens the folder part, or reads it where it is a link to follow.
func (d *Dir) step(part string, make bool) (next *Dir, target string, err error) {
	if part == ".." {
		next, err = d.pass(part)
		return next, "", err
	}
	st, err := d.Lstat(part)
	if errors.Is(err, fs.ErrNotExist) && make {
		next, err = d.MakeSubLike(part)
		return next, "", err
	}
	if err != nil {
		return nil, "", err
	}
	if !st.IsLink() {
		next, err = d.pass(part)
		return next, "", err
	}
	if st.UID != 0 && int(st.UID) != os.Geteuid() {
		return nil, "", &fs.PathError{Op: "open", Path: d.Path(part), Err: &OthersLinkError{UID: st.UID}}
	}
	target, err = d.Readlink(part)
	return nil, target, err
}

// lead is where a link in d leads: the folder to go on from, and the components that follow.
func (d *Dir) lead(target string, rest []string) (*Dir, []string, error) {
	rest = append(strings.Split(target, "/"), rest...)
	if !strings.HasPrefix(target, "/") {
		return d, rest, nil
	}
	root, err := top()
	if err != nil {
		return d, nil, err
	}
	d.Close()
	return root, rest, nil
}

// MakeSubLike is MakeSub, but a folder that root makes gets the owner of d: its user could not
// enter it otherwise.
func (d *Dir) MakeSubLike(name string) (*Dir, error) {
	if os.Geteuid() != 0 {
		return d.MakeSub(name)
	}
	return d.MakeSubFor(name, func(sub *Dir) error {
		above, err := d.Lstat("")
		if err == nil {
			err = sub.Do(Chown, "", func(fd int) error { return unix.Fchown(fd, int(above.UID), int(above.GID)) })
		}
		return err
	})
}

// MakeSubFor opens the folder name. Where it is missing, it is made, closed to other users, and own
// gives it to its owner before another user can exchange it.
func (d *Dir) MakeSubFor(name string, own func(sub *Dir) error) (*Dir, error) {
	sub, err := d.Sub(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return sub, err
	}
	err = d.makeAside(name, func(place *Dir) error {
		if sub, err = place.makeNewSub(name); err != nil {
			return err
		}
		return own(sub)
	})
	if err == nil {
		sub.up, sub.path = d, name
		return sub, nil
	}
	if sub != nil {
		sub.Close()
	}
	if IsObstructed(err) { // something else has the name by now
		return d.Sub(name)
	}
	return nil, err
}

// SymlinkFor makes a symbolic link in place of one that has no name yet: own gives it to its owner
// there, in a folder in which no other user can exchange it.
func (d *Dir) SymlinkFor(target, name string, own func(place *Dir) error) error {
	return d.makeAside(name, func(place *Dir) error {
		if err := place.Symlink(target, name); err != nil {
			return err
		}
		return own(place)
	})
}

// makeAside lets fill make name in a folder in which no other user can rename, and then moves it to
// d. For root that is a new folder in d, where others could rename in d itself: they could put a
// file of root's there before root gives away what it has made.
func (d *Dir) makeAside(name string, fill func(place *Dir) error) error {
	if os.Geteuid() != 0 || d.onlyRootRenames() {
		return fill(d)
	}
	place, temp, err := d.makeClosed()
	if err != nil {
		return err
	}
	defer place.Close()
	if err = fill(place); err == nil {
		err = place.Rename(name, d, name)
	}
	if err != nil {
		return errors.Join(err, place.RemoveAll(name), d.RemoveDir(temp))
	}
	return d.RemoveDir(temp)
}

// makeClosed makes a new folder in d that no other user can enter. It may be another folder of
// root's by now, which does for all that is made in it.
func (d *Dir) makeClosed() (place *Dir, name string, err error) {
	for range openAttempts {
		name = ScratchName()
		if err = d.Mkdir(name); err != nil {
			return nil, "", err
		}
		if place, err = d.Sub(name); err == nil && place.onlyRootRenames() {
			return place, name, nil
		} else if err == nil {
			err = errors.Join(d.fail("mkdir", name, unix.EBUSY), place.Close())
		}
	}
	return nil, "", err
}

// onlyRootRenames tells whether root owns the folder and no other user may write to it.
func (d *Dir) onlyRootRenames() bool {
	st, err := d.Lstat("")
	return err == nil && st.UID == 0 && st.Mode&0o022 == 0
}

// scratchPrefix begins the names of what is not whole yet in a folder that is not timemachine's.
// Like the files of editors, such files are recorded only where an entry names them.
const scratchPrefix = ".#timemachine-"

// ScratchName is a new name for what is not whole yet in a folder that is not timemachine's. It
// begins with the number of this process.
func ScratchName() string {
	b := binary.BigEndian.AppendUint32(nil, uint32(os.Getpid()))
	b = append(b, make([]byte, 8)...)
	rand.Read(b[4:])
	return scratchPrefix + hex.EncodeToString(b)
}

// RemoveScratch removes the scratch files and links of killed processes.
func (d *Dir) RemoveScratch() error {
	names, err := d.Names()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		b := scratchNumber(name)
		if len(b) >= 4 && unix.Kill(int(binary.BigEndian.Uint32(b)), 0) == unix.ESRCH {
			errs = append(errs, d.Remove(name))
		}
	}
	return errors.Join(errs...)
}

// IsScratchName tells whether a name is one that ScratchName gives.
func IsScratchName(name string) bool { return len(scratchNumber(name)) > 0 }

// scratchNumber is the number in a scratch name; nil in others.
func scratchNumber(name string) []byte {
	digits, ok := strings.CutPrefix(name, scratchPrefix)
	if b, err := hex.DecodeString(digits); ok && err == nil {
		return b
	}
	return nil
}

// Chown gives the file to a user and a group; -1 leaves one as it is.
func (f *File) Chown(uid, gid int) error {
	return f.Do(Chown, func(fd int) error { return unix.Fchown(fd, uid, gid) })
}

// ChownLink gives a symbolic link to a user and a group; -1 leaves one as it is. For root, d is a
// folder in which no other user can rename.
func (d *Dir) ChownLink(name string, uid, gid int) error {
	return d.fail("chown", name, through(Op{Kind: Chown, dir: d, name: name}, func() error {
		return unix.Fchownat(d.fd, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
	}))
}
