package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// Map maps a regular file read-only: nothing is copied, and the system reads only the pages that
// are used. An empty file is nil. Another program can cut the file, or its disk can vanish: look at
// the bytes within Guard, and end the mapping with Unmap. owner is as for OpenRegular.
func Map(name string, owner *uint32) ([]byte, error) {
	f, _, err := OpenRegular(name, owner)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return MapFile(f)
}

// MapFile maps an open regular file read-only. An empty file is nil. The file may then be closed. A
// large file that is mostly a hole is an error, as for ReadFile.
func MapFile(f *os.File) ([]byte, error) {
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return nil, err
	}
	if err := CheckHole(f, st); err != nil {
		return nil, err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %q: %w", f.Name(), err)
	}
	return data, nil
}

// OpenRegular opens a regular file. It does not wait where another user has put a FIFO there. Where
// owner is set, a file of anybody else's is an error: a link may have led to it.
func OpenRegular(name string, owner *uint32) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%q: no regular file", name)
	} else if err == nil && owner != nil && st.Sys().(*syscall.Stat_t).Uid != *owner {
		err = fmt.Errorf("%q does not belong to the owner of the repository", name)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

// ErrHole says that a file is mostly a hole. Nothing that git or timemachine writes is.
var ErrHole = errors.New("is mostly a hole")

// smallest size in bytes of a file that is called a hole, and how many times the size on disk.
const (
	leastHole = 1 << 20
	holeRatio = 4
)

// CheckHole is an error around ErrHole where an open file of that many bytes takes much less on the
// disk and has a hole: to read it would take time and memory for what is not there. A file system
// that compresses has no holes for that.
func CheckHole(f *os.File, st fs.FileInfo) error {
	sys, ok := st.Sys().(*syscall.Stat_t)
	if size := st.Size(); !ok || size < leastHole || int64(sys.Blocks)*512 >= size/holeRatio || !hasHole(f, size) {
		return nil
	}
	return &fs.PathError{Op: "read", Path: f.Name(), Err: ErrHole}
}

// hasHole tells whether a file has a hole. It leaves the file's position at the start.
func hasHole(f *os.File, size int64) bool {
	at, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_HOLE)
	if _, serr := f.Seek(0, io.SeekStart); serr != nil {
		return false
	}
	return err == nil && at < size
}

// Unmap ends a mapping; nil is none.
func Unmap(data []byte) {
	if data != nil {
		_ = unix.Munmap(data) // fails only for what was never mapped
	}
}

// ForgetPages gives back the memory in which the system keeps the bytes from and to of a mapping.
// The system reads them again when they are used.
func ForgetPages(data []byte, from, to int64) {
	page := int64(os.Getpagesize())
	if from, to = from/page*page, to/page*page; from < to {
		_ = unix.Madvise(data[from:to], unix.MADV_DONTNEED) // advice: nothing depends on it
	}
}

// Guard runs f, which looks at mapped files, and returns an error where a page can no longer be
// read. It covers only the goroutine that calls it.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface{ Addr() uintptr })
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("mapped file unreadable (fault at %#x): %w", fault.Addr(), io.ErrUnexpectedEOF)
		}
	}()
	return f()
}
