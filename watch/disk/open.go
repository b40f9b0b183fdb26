package disk

import (
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenAt opens a name in the open folder dir. It never blocks, and a descriptor is closed on exec.
func OpenAt(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// OpenToRead opens a name to read it, and leaves its atime as it is where the caller owns the file
// or may act as its owner.
func OpenToRead(dir int, name string, flags int) (int, error) {
	if NoAtime != 0 {
		if fd, err := OpenAt(dir, name, flags|NoAtime); err != unix.EPERM {
			return fd, err
		}
	}
	return OpenAt(dir, name, flags)
}

// OpenFolder opens folder, which is root or lies below it, to go through it. It follows no link
// below root; root itself may be reached through links, as OpenThrough follows them.
func OpenFolder(root, folder string) (int, error) {
	top, err := OpenThrough(root, FolderFlags, nil)
	if err != nil {
		return 0, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	defer unix.Close(top)
	return OpenBelow(top, root, folder)
}

// OpenBelow is OpenFolder for a root that is open as top.
func OpenBelow(top int, root, folder string) (int, error) {
	dir := top
	for part := range strings.SplitSeq(strings.TrimPrefix(folder, root), "/") {
		if part == "" {
			continue
		}
		next, err := OpenAt(dir, part, FolderFlags|unix.O_NOFOLLOW)
		if dir != top {
			unix.Close(dir)
		}
		if err != nil {
			return 0, &fs.PathError{Op: "open", Path: folder, Err: err}
		}
		dir = next
	}
	if dir == top {
		return unix.FcntlInt(uintptr(top), unix.F_DUPFD_CLOEXEC, 0)
	}
	return dir, nil
}

// IsEmpty tells whether an open folder, of which nothing was read yet, holds no name.
func IsEmpty(fd int) bool {
	buf := make([]byte, 4<<10)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil || n <= 0 {
			return err == nil
		}
		if _, names, _ := unix.ParseDirent(buf[:n], 1, nil); names > 0 {
			return false
		}
	}
}
