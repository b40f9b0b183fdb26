// Package mapped reads files through the address space: nothing is copied, and only what is looked at is read. What is
// mapped may go away (the file is cut, its disk is gone), so it is looked at within Guard.
package mapped

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Open maps a regular file read-only. An empty one is nil.
func Open(name string) ([]byte, error) {
	f, _, err := OpenRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return File(f)
}

// File maps an open regular file read-only. An empty one is nil. The file may be closed.
func File(f *os.File) ([]byte, error) {
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return nil, err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %q: %w", f.Name(), err)
	}
	return data, nil
}

// OpenRegular opens a regular file. Whoever may write in the folder can put a FIFO there: opening that must not wait.
func OpenRegular(name string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%q: no regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

// Close ends a mapping; nil is none.
func Close(data []byte) {
	if data != nil {
		_ = unix.Munmap(data) // fails only for what was never mapped
	}
}

// Forget lets go of the memory in which the system keeps bytes from to of a mapping; they are read again when they are
// looked at.
func Forget(data []byte, from, to int64) {
	page := int64(os.Getpagesize())
	if from, to = from/page*page, to/page*page; from < to {
		_ = unix.Madvise(data[from:to], unix.MADV_DONTNEED) // advice: nothing depends on it
	}
}

// Guard runs f, which looks at mapped files, and gives a page that cannot be read any more back as an error. It covers
// the goroutine it is called in alone.
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
