package durable

import (
	"io"
	"os"
)

// File is an open file that was made or is added to here. Its own methods are those that change it; reading is
// os.File's.
type File struct{ *os.File }

func (f *File) op(kind Kind) Op { return Op{Kind: kind, Path: f.Name(), File: f} }

// Write adds p at the file's position.
func (f *File) Write(p []byte) (int, error) {
	if seam.Load() == nil {
		return f.File.Write(p)
	}
	return f.written(p, -1, f.File.Write)
}

// WriteString is Write of a string.
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// WriteAt puts p at an offset.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if seam.Load() == nil {
		return f.File.WriteAt(p, off)
	}
	return f.written(p, off, func(p []byte) (int, error) { return f.File.WriteAt(p, off) })
}

func (f *File) written(p []byte, off int64, write func([]byte) (int, error)) (n int, err error) {
	s := *seam.Load()
	op := f.op(Write)
	op.Data, op.Off = p, off
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

// ReadFrom lets io.Copy use what the system has for copying files.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	if seam.Load() == nil {
		return f.File.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{f}, r)
}

// Truncate cuts or lengthens the file to size bytes.
func (f *File) Truncate(size int64) error {
	op := f.op(Truncate)
	op.Off = size
	return through(op, func() error { return f.File.Truncate(size) })
}

// Chmod sets the permissions.
func (f *File) Chmod(mode os.FileMode) error {
	return through(f.op(Chmod), func() error { return f.File.Chmod(mode) })
}

// Sync puts the file's content on disk.
func (f *File) Sync() error {
	return through(f.op(Sync), f.File.Sync)
}

// Close closes the file. It is closed too when an error is returned.
func (f *File) Close() error {
	var err error
	refused := through(f.op(Close), func() error {
		err = f.File.Close()
		return err
	})
	if refused != nil && err == nil {
		f.File.Close()
	}
	return refused
}
