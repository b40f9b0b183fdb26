package pack

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Deflate makes at most 1032 bytes of one: a size beyond that is a lie, and no memory is taken for it.
const maxRatio = 1032

var errInflate = errors.New("zlib stream damaged")

var inflaters sync.Pool // of io.ReadCloser

// newInflater borrows a zlib reader; giveBack returns it to the pool.
func newInflater(r io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

func giveBack(z io.ReadCloser) {
	if z != nil {
		inflaters.Put(z)
	}
}

// inflate reads a zlib stream of exactly size bytes from the front of z.
func inflate(z []byte, size, max int64) ([]byte, error) {
	if size > max {
		return nil, ErrTooBig
	}
	if size/maxRatio > int64(len(z)) {
		return nil, errInflate
	}
	r, err := newInflater(bytes.NewReader(z))
	if err != nil {
		return nil, errInflate
	}
	defer giveBack(r)
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, errInflate
	}
	return out, atEnd(r)
}

// exact gives a zlib reader's content and makes sure that it ends where it should.
type exact struct {
	r       io.Reader
	left    int64
	damaged func() error
}

// newExact reads size bytes of r. Where r ends early, goes on or fails, Read returns what damaged makes.
func newExact(r io.Reader, size int64, damaged func() error) *exact { return &exact{r, size, damaged} }

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		if atEnd(e.r) != nil {
			return 0, e.damaged()
		}
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == nil || err == io.EOF && e.left == 0 {
		return n, nil
	}
	return n, e.damaged()
}

// atEnd makes sure that the stream ends here, which is also when its checksum is looked at.
func atEnd(r io.Reader) error {
	var one [1]byte
	if n, err := io.ReadFull(r, one[:]); n > 0 || err != io.EOF {
		return errInflate
	}
	return nil
}

// peek inflates up to n bytes.
func peek(z []byte, n int) ([]byte, error) {
	r, err := newInflater(bytes.NewReader(z))
	if err != nil {
		return nil, errInflate
	}
	defer giveBack(r)
	out := make([]byte, n)
	n, err = io.ReadFull(r, out)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, errInflate
	}
	return out[:n], nil
}
