package disk

import (
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// ForeignLinkError says that a path was not followed: it leads through a link of a user other than
// root to what belongs to another user.
type ForeignLinkError struct {
	UID   uint32 // the link's owner
	Owner uint32 // the owner of what it leads to
}

func (e *ForeignLinkError) Error() string {
	return fmt.Sprintf("a link of uid %d leads there, and what it leads to belongs to uid %d: not followed", e.UID, e.Owner)
}

// maxLinks is how many links one path may lead through, as in Linux.
const maxLinks = 40

// OpenThrough opens the file or folder at an absolute path, which may lead through links. For root,
// a link that another user owns must lead to what belongs to that user, else the error is a
// *ForeignLinkError. Where root follows a link, check gets the folder that the path ends in, and
// its error is returned; check may be nil.
func OpenThrough(name string, flags int, check func(folder int) error) (int, error) {
	if os.Geteuid() != 0 {
		return OpenAt(unix.AT_FDCWD, name, flags)
	}
	if fd, err := openPlain(name, flags); err == nil || err == unix.ENOENT {
		return fd, err
	}
	p := place{flags: flags, fd: -1}
	if err := (&follower{check: check}).walk(unix.AT_FDCWD, name, &p); err != nil {
		p.close()
		return -1, err
	}
	return p.fd, nil
}

// ReadThrough is OpenThrough to read, and leaves the atime as OpenToRead does.
func ReadThrough(name string, flags int, check func(folder int) error) (int, error) {
	if NoAtime != 0 {
		if fd, err := OpenThrough(name, flags|NoAtime, check); err != unix.EPERM {
			return fd, err
		}
	}
	return OpenThrough(name, flags, check)
}

// StatFolder returns the stat of a folder that can be read, and whether it is empty. It follows
// links by the rule of OpenThrough.
func StatFolder(path string) (st Stat, empty bool, err error) {
	fd, err := ReadThrough(path, unix.O_RDONLY|unix.O_DIRECTORY, nil)
	if err != nil {
		return Stat{}, false, err
	}
	defer unix.Close(fd)
	st, err = StatFD(fd)
	return st, err == nil && IsEmpty(fd), err
}

// Looker takes the stat of files through links, by the rule of OpenThrough. It remembers to which
// folders no link leads. The zero value is ready. Not for concurrent use.
type Looker struct{ plain map[string]bool }

// Stat takes the stat of the file at an absolute path, of a link itself unless follow is set.
func (l *Looker) Stat(name string, follow bool) (Stat, error) {
	switch {
	case !follow:
		return StatAt(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW)
	case os.Geteuid() != 0:
		return StatAt(unix.AT_FDCWD, name, 0)
	case l.isPlain(path.Dir(name)):
		if st, err := StatAt(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW); err != nil || !st.IsLink() {
			return st, err
		}
	}
	p := place{onlyStat: true, fd: -1}
	err := (&follower{}).walk(unix.AT_FDCWD, name, &p)
	return p.stat, err
}

func (l *Looker) isPlain(folder string) bool {
	plain, known := l.plain[folder]
	if !known {
		fd, err := openPlain(folder, FolderFlags)
		if plain = err == nil; plain {
			unix.Close(fd)
		}
		if l.plain == nil {
			l.plain = map[string]bool{}
		}
		l.plain[folder] = plain
	}
	return plain
}

// place is what a follower comes to: an open file, or a stat.
type place struct {
	onlyStat bool
	flags    int // of open(2)
	fd       int // -1: not open
	stat     Stat
}

// reach opens a name, or takes its stat. At a link it fails with ELOOP or ENOTDIR.
func (p *place) reach(dir int, name string) (err error) {
	if !p.onlyStat {
		p.fd, err = OpenAt(dir, name, p.flags|unix.O_NOFOLLOW)
		return err
	}
	if p.stat, err = StatAt(dir, name, unix.AT_SYMLINK_NOFOLLOW); err == nil && p.stat.IsLink() {
		err = unix.ELOOP
	}
	return err
}

// owner returns the user that owns the place.
func (p *place) owner() (uint32, error) {
	if p.onlyStat {
		return p.stat.UID, nil
	}
	st, err := StatFD(p.fd)
	return st.UID, err
}

func (p *place) close() {
	if p.fd >= 0 {
		unix.Close(p.fd)
	}
	p.fd = -1
}

// follower goes along a path name by name, and through links only as root should.
type follower struct {
	links int
	check func(folder int) error
}

// walk goes along a path that begins in dir, or at the top, and lets p reach its end.
func (f *follower) walk(dir int, name string, p *place) error {
	at := place{flags: FolderFlags, fd: -1}
	defer func() { at.close() }()
	names := strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
	if strings.HasPrefix(name, "/") {
		if err := at.reach(unix.AT_FDCWD, "/"); err != nil {
			return err
		}
		dir = at.fd
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	last := len(names) - 1
	for _, part := range names[:last] {
		next := place{flags: FolderFlags, fd: -1}
		if err := f.step(dir, part, &next); err != nil {
			next.close()
			return err
		}
		at.close()
		at, dir = next, next.fd
	}
	if f.links > 0 && f.check != nil {
		if err := f.check(dir); err != nil {
			return err
		}
	}
	return f.step(dir, names[last], p)
}

// step lets p reach a name in dir, or what a link there leads to.
func (f *follower) step(dir int, name string, p *place) error {
	err := p.reach(dir, name)
	if err != unix.ELOOP && err != unix.ENOTDIR {
		return err
	}
	target, link, lerr := readLink(dir, name)
	if lerr != nil {
		return err
	}
	if f.links++; f.links > maxLinks {
		return unix.ELOOP
	}
	if err := f.walk(dir, target, p); err != nil || link == 0 {
		return err
	}
	owner, err := p.owner()
	if err == nil && owner != link {
		err = &ForeignLinkError{UID: link, Owner: owner}
	}
	return err
}
