package watch

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/watch/scan"
)

// source is a source opened so that no link below its entry's root was followed on the way: its
// folder, and its name there.
type source struct {
	dir  int // the opener's
	name string
	path string
	// listed: the entry names this very path, and a link there is followed
	listed bool
}

// opener opens the folders that sources lie in, and keeps the last one open: neighbours cost one
// opening. The zero value has none open. Not for concurrent use.
type opener struct {
	root, folder string
	dir          int // good where folder is not empty
}

// open opens the folder a source lies in, which stays open until the next call. The entry's root
// itself may be reached through links: the user named it.
func (o *opener) open(s *scan.File) (source, error) {
	if s.Listed {
		return source{dir: unix.AT_FDCWD, name: s.Path, path: s.Path, listed: true}, nil
	}
	cut := strings.LastIndexByte(s.Path, '/')
	if !o.has(s) {
		o.close()
		folder := s.Path[:max(cut, 1)]
		dir, err := scan.OpenFolder(s.Entry.Root, folder)
		if err != nil {
			return source{}, asSourceError(err)
		}
		*o = opener{root: s.Entry.Root, folder: folder, dir: dir}
	}
	return source{dir: o.dir, name: s.Path[cut+1:], path: s.Path}, nil
}

// has tells whether the folder that a source lies in is open already.
func (o *opener) has(s *scan.File) bool {
	return !s.Listed && o.folder == s.Path[:max(strings.LastIndexByte(s.Path, '/'), 1)] && o.root == s.Entry.Root
}

func (o *opener) close() {
	if o.folder != "" {
		unix.Close(o.dir)
	}
	o.folder = ""
}

// open opens the source's content; what is no regular file any more is an error. Opening never
// blocks and has no effect on a device or FIFO that took the file's place.
func (s *source) open() (*sourceFile, scan.Stat, error) {
	flags := unix.O_RDONLY
	if !s.listed {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := scan.OpenAt(s.dir, s.name, flags)
	if err != nil {
		return nil, scan.Stat{}, asSourceError(pathError("open", s.path, err))
	}
	k, err := scan.StatFD(fd)
	if err == nil && !k.IsRegular() {
		err = errSpecial
	}
	if err != nil {
		unix.Close(fd)
		return nil, scan.Stat{}, asSourceError(pathError("open", s.path, err))
	}
	return &sourceFile{fd: fd, path: s.path}, k, nil
}

// sourceFile is a source's open content: a descriptor and no more, since an os.File asks the system
// three times whether it can be waited for.
type sourceFile struct {
	fd   int
	path string
}

// Read reads at the file's position.
func (f *sourceFile) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(f.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, pathError("read", f.path, err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (f *sourceFile) rewind() error {
	if _, err := unix.Seek(f.fd, 0, io.SeekStart); err != nil {
		return pathError("seek", f.path, err)
	}
	return nil
}

// duplicate is the same open file under a descriptor of its own.
func (f *sourceFile) duplicate() (*sourceFile, error) {
	fd, err := unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, pathError("dup", f.path, err)
	}
	return &sourceFile{fd: fd, path: f.path}, nil
}

func (f *sourceFile) close() { unix.Close(f.fd) }

// readlink reads the source as a link.
func (s *source) readlink() (string, scan.Stat, error) {
	before, err := scan.StatAt(s.dir, s.name, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return "", scan.Stat{}, asSourceError(pathError("lstat", s.path, err))
	}
	b := make([]byte, unix.PathMax+1)
	n, err := unix.Readlinkat(s.dir, s.name, b)
	if err != nil {
		return "", scan.Stat{}, asSourceError(pathError("readlink", s.path, err))
	}
	return string(b[:n]), before, nil
}

var errSpecial = errors.New("special file")

// sourceError is an error of a source's own, as against one of the destination's, which would
// befall all others too.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// asSourceError marks an error as the source's own; nil stays nil.
func asSourceError(err error) error {
	if err == nil {
		return nil
	}
	return sourceError{err}
}

func pathError(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// isSourceError tells an error that is the source's own from one of the destination, which ends the
// run.
func isSourceError(err error) bool {
	var own sourceError
	return errors.As(err, &own) || errors.Is(err, object.ErrCollision)
}
