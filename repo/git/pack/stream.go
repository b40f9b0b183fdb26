package pack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
)

// Stream reads an object of any size in bounded memory, and tells its size. Close the reader. An
// object that is stored as a delta is made in memory, up to StoreOptions.MaxBytes (ErrTooBig). The
// reader returns io.EOF only after that many bytes with the right zlib checksum, else ErrDamaged.
// Errors: ErrNotFound, ErrDamaged.
func (s *Store) Stream(id object.ID) (r io.ReadCloser, size int64, err error) {
	var mapped *packStream
	err = s.find(id, finder{
		packed: func(p *packFile, offset int64) (err error) {
			mapped, size, err = s.streamPacked(p, offset)
			r = mapped
			return err
		},
		loose: func(name string) error {
			l, err := loose.Open(name, s.owner)
			if err != nil {
				return err
			}
			r, size, mapped = &looseStream{l.Content(l.Damaged), l}, l.Size, nil
			return nil
		},
	}, func(set *packSet) {
		if mapped == nil {
			s.release(set)
			return
		}
		mapped.done = func() { s.release(set) }
	})
	if err != nil {
		return nil, 0, err
	}
	return r, size, nil
}

func (s *Store) streamPacked(p *packFile, offset int64) (*packStream, int64, error) {
	e, err := p.entry(offset)
	if err != nil {
		return nil, 0, err
	}
	if e.isDelta() {
		_, body, err := p.read(offset, s.max)
		size := int64(len(body))
		return &packStream{Exact: deflate.NewExact(bytes.NewReader(body), size, nil)}, size, err
	}
	pack, err := p.bytes()
	if err != nil {
		return nil, 0, err
	}
	z, err := deflate.NewReader(bufio.NewReaderSize(&passer{pack: pack, at: offset + int64(e.Len), behind: offset}, 32<<10))
	if err != nil {
		return nil, 0, p.failed(offset, deflate.ErrDamaged)
	}
	damaged := func() error { return p.failed(offset, deflate.ErrDamaged) }
	return &packStream{Exact: deflate.NewExact(z, e.Size, damaged), z: z}, e.Size, nil
}

// passer reads a mapped pack from an offset on. It gives back the memory for the pages that it has
// passed: the system would keep all of a large file.
type passer struct {
	pack   []byte
	at     int64
	behind int64 // up to here nothing is kept
}

// keptBehind is how much a passer lets pile up.
const keptBehind = 4 << 20

func (r *passer) Read(p []byte) (int, error) {
	n := copy(p, r.pack[r.at:len(r.pack)-object.IDLen])
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	if r.at += int64(n); r.at-r.behind > keptBehind {
		durable.ForgetPages(r.pack, r.behind, r.at)
		r.behind = r.at
	}
	return n, nil
}

// packStream reads from a mapped pack, and keeps the pack mapped until Close.
type packStream struct {
	*deflate.Exact
	z    io.ReadCloser // nil for a delta's result
	done func()
}

var errStreamClosed = errors.New("object stream closed")

func (s *packStream) Read(p []byte) (n int, err error) {
	if s.done == nil {
		return 0, errStreamClosed
	}
	fault := durable.Guard(func() error {
		n, err = s.Exact.Read(p)
		return nil
	})
	if fault != nil {
		return 0, fmt.Errorf("%w: %w", object.ErrDamaged, fault)
	}
	return n, err
}

// Close releases the pack. A second Close does nothing.
func (s *packStream) Close() error {
	if s.done == nil {
		return nil
	}
	deflate.Release(s.z)
	s.done()
	s.done = nil
	return nil
}

type looseStream struct {
	*deflate.Exact
	l *loose.Object // nil once closed
}

func (s *looseStream) Read(p []byte) (int, error) {
	if s.l == nil {
		return 0, errStreamClosed
	}
	return s.Exact.Read(p)
}

// Close closes the file. A second Close does nothing.
func (s *looseStream) Close() error {
	if s.l == nil {
		return nil
	}
	l := s.l
	s.l = nil
	return l.Close()
}
