package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// mapFile maps a file read-only. An empty one is nil.
func mapFile(name string) ([]byte, error) {
	f, st, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st.Size() == 0 {
		return nil, nil
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %q: %w", name, err)
	}
	return data, nil
}

// openRegular opens a regular file. Whoever may write in the folder can put a FIFO there: opening that must not wait.
func openRegular(name string) (*os.File, fs.FileInfo, error) {
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

func unmap(data []byte) {
	if data != nil {
		_ = unix.Munmap(data) // fails only for what was never mapped
	}
}

// Trim lets go of the memory in which the system keeps what was read of the packs; it is read again when it is needed.
func (s *Store) Trim() {
	set, err := s.acquire()
	if err != nil {
		return
	}
	defer s.release(set)
	for _, p := range set.packs {
		p.mu.Lock()
		if p.data != nil {
			_ = unix.Madvise(p.data, unix.MADV_DONTNEED) // advice: nothing depends on it
		}
		p.mu.Unlock()
	}
}

// guard runs f, which reads mapped files. A page that cannot be read any more (the file was cut, the disk is gone) is a
// fault; it comes back as an error.
func guard(f func() error) (err error) {
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
