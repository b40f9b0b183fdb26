package watch

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// source is a source opened so that no link below its entry's root was followed on the way: its folder, and its name
// there.
type source struct {
	dir  int
	name string
	path string
	// listed: the entry names this very path, and a link there is followed
	listed bool
}

// openSource opens the folder a source lies in. The entry's root itself may be reached through links: the user named it.
func openSource(s *seen) (*source, error) {
	if s.listed {
		return &source{dir: unix.AT_FDCWD, name: s.path, path: s.path, listed: true}, nil
	}
	cut := strings.LastIndexByte(s.path, '/')
	dir, err := openBelow(s.entry.Root, s.path[:max(cut, 1)])
	if err != nil {
		return nil, ofSource(err)
	}
	return &source{dir: dir, name: s.path[cut+1:], path: s.path}, nil
}

// openBelow opens a folder to go through it, which is root or lies below it. No link is followed on the way from root on;
// root itself may be reached through links.
func openBelow(root, folder string) (int, error) {
	dir, err := openFD(unix.AT_FDCWD, root, folderFlags)
	if err != nil {
		return 0, pathError("open", root, err)
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(folder, root), "/") {
		if part == "" {
			continue
		}
		next, err := openFD(dir, part, folderFlags|unix.O_NOFOLLOW)
		unix.Close(dir)
		if err != nil {
			return 0, pathError("open", folder, err)
		}
		dir = next
	}
	return dir, nil
}

func (s *source) close() {
	if s.dir != unix.AT_FDCWD {
		unix.Close(s.dir)
	}
}

// open opens the source's content; what is no regular file any more is an error. Opening never blocks and has no effect
// on a device or FIFO that took the file's place.
func (s *source) open() (*os.File, key, error) {
	flags := unix.O_RDONLY
	if !s.listed {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := openFD(s.dir, s.name, flags)
	if err != nil {
		return nil, key{}, ofSource(pathError("open", s.path, err))
	}
	k, err := statFD(fd)
	if err == nil && !k.isRegular() {
		err = errSpecial
	}
	if err != nil {
		unix.Close(fd)
		return nil, key{}, ofSource(pathError("open", s.path, err))
	}
	return os.NewFile(uintptr(fd), s.path), k, nil
}

// readlink reads the source as a link.
func (s *source) readlink() (string, key, error) {
	before, err := statAt(s.dir, s.name, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return "", key{}, ofSource(pathError("lstat", s.path, err))
	}
	b := make([]byte, unix.PathMax+1)
	n, err := unix.Readlinkat(s.dir, s.name, b)
	if err != nil {
		return "", key{}, ofSource(pathError("readlink", s.path, err))
	}
	return string(b[:n]), before, nil
}

// sourceError is an error of a source's own, as against one of the destination's, which would befall all others too.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// ofSource marks an error as the source's own; nil stays nil.
func ofSource(err error) error {
	if err == nil {
		return nil
	}
	return sourceError{err}
}
