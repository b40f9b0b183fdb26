// Package xattr reads and sets the extended attributes of open files, and of links in open folders.
//
// Access lists are among them on Linux, as system.posix_acl_access and system.posix_acl_default.
package xattr

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Attr is an extended attribute.
type Attr struct {
	Name  string
	Value string // exact bytes
}

// ErrUnsupported says that the file system has no extended attributes.
var ErrUnsupported = errors.New("extended attributes are not supported there")

// tries is how often a list or value is read again that grew meanwhile.
const tries = 5

// Read returns the attributes of an open file or folder whose names keep takes, by name. Those that
// may not be read, or vanish meanwhile, are left out. On a file system without attributes, and for
// a kind of file that has none, the error is ErrUnsupported.
func Read(fd int, keep func(name string) bool) ([]Attr, error) {
	return read(keep, func(b []byte) (int, error) { return unix.Flistxattr(fd, b) },
		func(name string, b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
}

// Set sets an attribute of an open file or folder.
func Set(fd int, a Attr) error {
	return ignoringEINTR(func() error { return unix.Fsetxattr(fd, a.Name, []byte(a.Value), 0) })
}

// Remove removes an attribute of an open file or folder. One that is not there is no error.
func Remove(fd int, name string) error {
	return removed(ignoringEINTR(func() error { return unix.Fremovexattr(fd, name) }))
}

// ReadLink is Read for a symbolic link in an open folder.
func ReadLink(dir int, name string, keep func(name string) bool) ([]Attr, error) {
	path, ok := pathIn(dir, name)
	if !ok {
		return nil, ErrUnsupported
	}
	return read(keep, func(b []byte) (int, error) { return unix.Llistxattr(path, b) },
		func(name string, b []byte) (int, error) { return unix.Lgetxattr(path, name, b) })
}

// SetLink is Set for a symbolic link in an open folder.
func SetLink(dir int, name string, a Attr) error {
	path, ok := pathIn(dir, name)
	if !ok {
		return ErrUnsupported
	}
	return ignoringEINTR(func() error { return unix.Lsetxattr(path, a.Name, []byte(a.Value), 0) })
}

// RemoveLink is Remove for a symbolic link in an open folder.
func RemoveLink(dir int, name, attr string) error {
	path, ok := pathIn(dir, name)
	if !ok {
		return ErrUnsupported
	}
	return removed(ignoringEINTR(func() error { return unix.Lremovexattr(path, attr) }))
}

// removed is the error of a removal, where there was something to remove.
func removed(err error) error {
	if errors.Is(err, errNone) {
		return nil
	}
	return err
}

// buffers holds memory for lists and values. Most files have no attributes, and a run asks each.
var buffers = sync.Pool{New: func() any { return new([512]byte) }}

// read lists attributes and reads those that keep takes.
func read(keep func(string) bool, list func([]byte) (int, error), get func(string, []byte) (int, error)) ([]Attr, error) {
	buf := buffers.Get().(*[512]byte)
	defer buffers.Put(buf)
	names, err := grown(buf[:], list)
	switch {
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
		return nil, ErrUnsupported
	case err != nil || len(names) == 0:
		return nil, err
	}
	var all []Attr
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if !keep(name) {
			continue
		}
		value, err := grown(buf[:], func(b []byte) (int, error) { return get(name, b) })
		switch {
		case err == nil:
			all = append(all, Attr{Name: name, Value: string(value)})
		case !isPassedOver(err):
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// isPassedOver tells whether an attribute is left out for an error: it is gone, or may not be read.
func isPassedOver(err error) bool {
	return errors.Is(err, errNone) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOTSUP)
}

// grown calls get with a buffer that is large enough. buf is the first one.
func grown(buf []byte, get func([]byte) (int, error)) ([]byte, error) {
	for try := 0; ; try++ {
		n, err := get(buf)
		switch {
		case err == nil:
			return buf[:n], nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.ERANGE) || try == tries:
			return nil, err
		}
		if n, err = get(nil); err != nil {
			return nil, err
		}
		buf = make([]byte, n+64)
	}
}

func ignoringEINTR(do func() error) error {
	for {
		if err := do(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
