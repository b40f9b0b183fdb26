package deflate

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"

	"timemachine/repo/git/object"
)

// MaxRatio is how many bytes deflate makes of one at most. A larger announced size is a lie, and
// readers take no memory for it.
const MaxRatio = 1032

// ErrDamaged is returned for a zlib stream that is cut short, goes on too long or is not valid.
var ErrDamaged = errors.New("zlib stream damaged")

var readers sync.Pool // of io.ReadCloser

// NewReader borrows a zlib reader; Release returns it to the pool.
func NewReader(r io.Reader) (io.ReadCloser, error) {
	if z, ok := readers.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

// Release returns a reader of NewReader; nil is none.
func Release(z io.ReadCloser) {
	if z != nil {
		readers.Put(z)
	}
}

// Inflate reads a zlib stream of exactly size bytes at the start of z. Errors: ErrDamaged, and
// object.ErrTooBig where size is over max.
func Inflate(z []byte, size, max int64) ([]byte, error) {
	if size > max {
		return nil, object.ErrTooBig
	}
	if size/MaxRatio > int64(len(z)) {
		return nil, ErrDamaged
	}
	r, err := NewReader(bytes.NewReader(z))
	if err != nil {
		return nil, ErrDamaged
	}
	defer Release(r)
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, ErrDamaged
	}
	return out, CheckEnd(r)
}

// InflateTo writes the content of the zlib stream at the start of z to out, which must have exactly
// size bytes. It returns how many bytes of z the stream takes. Error: ErrDamaged, and that of out.
func InflateTo(out io.Writer, z []byte, size int64) (taken int, err error) {
	in := bytes.NewReader(z)
	r, err := NewReader(in)
	if err != nil {
		return 0, ErrDamaged
	}
	defer Release(r)
	_, err = io.Copy(out, NewExact(r, size, func() error { return ErrDamaged }))
	return len(z) - in.Len(), err
}

// Exact reads a zlib stream's content, and checks that it ends after the announced size.
type Exact struct {
	r       io.Reader
	left    int64
	damaged func() error
}

// NewExact reads size bytes of r. Where r ends early, goes on or fails, Read returns the error that
// damaged makes.
func NewExact(r io.Reader, size int64, damaged func() error) *Exact { return &Exact{r, size, damaged} }

func (e *Exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		if CheckEnd(e.r) != nil {
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

// CheckEnd checks that the stream ends here, which also checks its Adler-32.
func CheckEnd(r io.Reader) error {
	var one [1]byte
	if n, err := io.ReadFull(r, one[:]); n > 0 || err != io.EOF {
		return ErrDamaged
	}
	return nil
}

// Peek inflates up to n bytes.
func Peek(z []byte, n int) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(z))
	if err != nil {
		return nil, ErrDamaged
	}
	defer Release(r)
	out := make([]byte, n)
	n, err = io.ReadFull(r, out)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, ErrDamaged
	}
	return out[:n], nil
}
