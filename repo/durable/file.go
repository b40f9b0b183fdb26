package durable

import (
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// File is an open file that this package made or adds to. It is only a descriptor: an os.File asks
// the system three times whether it can be polled, which a regular file never can.
type File struct {
	fd   int // -1 once closed
	dir  *Dir
	base string // its name there
}

// Fd is the descriptor, good until Close.
func (f *File) Fd() uintptr { return uintptr(f.fd) }

// Name is the file's path in messages.
func (f *File) Name() string { return f.dir.Path(f.base) }

func (f *File) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.Name(), Err: err}
}

func (f *File) operation(kind Kind) Op { return Op{Kind: kind, dir: f.dir, name: f.base, File: f} }

// Read reads at the file's position.
func (f *File) Read(p []byte) (n int, err error) {
	err = ignoringEINTR(func() error { n, err = unix.Read(f.fd, p); return err })
	return f.readResult(n, len(p), err)
}

// ReadAt fills p from an offset on.
func (f *File) ReadAt(p []byte, off int64) (done int, err error) {
	for done < len(p) && err == nil {
		var n int
		err = ignoringEINTR(func() error { n, err = unix.Pread(f.fd, p[done:], off+int64(done)); return err })
		n, err = f.readResult(n, len(p)-done, err)
		done += n
	}
	return done, err
}

func (f *File) readResult(n, wanted int, err error) (int, error) {
	switch {
	case err != nil:
		return 0, f.fail("read", err)
	case n == 0 && wanted > 0:
		return 0, io.EOF
	}
	return n, nil
}

// Seek moves the file's position as lseek(2) does.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	n, err := unix.Seek(f.fd, offset, whence)
	return n, f.fail("seek", err)
}

// Stat is the result of fstat(2).
func (f *File) Stat() (Stat, error) {
	var st unix.Stat_t
	err := through(f.operation(Lstat), func() error { return unix.Fstat(f.fd, &st) })
	return fromSys(&st), f.fail("stat", err)
}

// Write writes p at the file's position.
func (f *File) Write(p []byte) (int, error) {
	return f.write(p, -1, func(p []byte, _ int) (int, error) { return unix.Write(f.fd, p) })
}

// WriteString is Write of a string.
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// WriteAt writes p at an offset.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	return f.write(p, off, func(p []byte, done int) (int, error) { return unix.Pwrite(f.fd, p, off+int64(done)) })
}

// write writes p by single writes, past the seam. off is -1 for the file's position.
func (f *File) write(p []byte, off int64, once func(p []byte, done int) (int, error)) (int, error) {
	all := func(p []byte) (int, error) { return f.writeAll(p, once) }
	if installed.Load() == nil {
		return all(p)
	}
	return f.written(p, off, all)
}

// writeAll writes until all of p is written: a disk that becomes full takes a part before it
// returns an error.
func (f *File) writeAll(p []byte, write func(p []byte, done int) (int, error)) (done int, err error) {
	for done < len(p) {
		n, err := write(p[done:], done)
		if err == unix.EINTR {
			continue
		}
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, f.fail("write", err)
		}
		done += n
	}
	return done, nil
}

func (f *File) written(p []byte, off int64, write func([]byte) (int, error)) (n int, err error) {
	s := *installed.Load()
	op := f.operation(Write)
	op.Data, op.Off = p, off
	op.spell()
	refused := s.Before(&op)
	if refused == nil || len(op.Data) < len(p) {
		n, err = write(op.Data)
	}
	if err == nil && n > 0 {
		s.After(&op)
	}
	if refused != nil {
		err = &os.PathError{Op: "write", Path: f.Name(), Err: refused}
	}
	return n, err
}

// Do does one operation on the descriptor, through the seam.
func (f *File) Do(kind Kind, do func(fd int) error) error {
	return f.fail(string(kind), through(f.operation(kind), func() error {
		return ignoringEINTR(func() error { return do(f.fd) })
	}))
}

// Truncate cuts or lengthens the file to size bytes.
func (f *File) Truncate(size int64) error {
	op := f.operation(Truncate)
	op.Off = size
	return f.fail("truncate", through(op, func() error {
		return ignoringEINTR(func() error { return unix.Ftruncate(f.fd, size) })
	}))
}

// Chmod sets the permissions.
func (f *File) Chmod(mode fs.FileMode) error {
	return f.Do(Chmod, func(fd int) error { return unix.Fchmod(fd, modeBits(mode)) })
}

// modeBits is a mode in the bits of chmod(2).
func modeBits(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for flag, bit := range map[fs.FileMode]uint32{fs.ModeSetuid: unix.S_ISUID, fs.ModeSetgid: unix.S_ISGID, fs.ModeSticky: unix.S_ISVTX} {
		if m&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

// SetMtime sets the modification time to the nanosecond.
func (f *File) SetMtime(t time.Time) error {
	return f.fail("futimens", through(f.operation(SetMtime), func() error { return f.utimens(timespec(t)) }))
}

// Sync puts the file's content on disk.
func (f *File) Sync() error { return f.Do(Sync, unix.Fsync) }

// Close closes the file, also when it returns an error.
func (f *File) Close() error {
	if f.fd < 0 {
		return f.fail("close", fs.ErrClosed)
	}
	err := through(f.operation(Close), f.shut)
	if f.fd >= 0 { // it was refused
		_ = f.shut()
	}
	return f.fail("close", err)
}

func (f *File) shut() error {
	fd := f.fd
	f.fd = -1
	return unix.Close(fd)
}
