package deflate

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/adler32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// window is how far back deflate refers: a chunk needs that much of the chunk before.
const window = 32 << 10

// chunk is one piece of a stream on its way through a worker.
type chunk struct {
	buf   []byte // window bytes for the dictionary, then the content
	dict  int    // bytes of the window that are filled, at its end
	n     int    // bytes of content
	sum   uint32 // Adler-32 of the content
	out   bytes.Buffer
	enc   *flate.Writer
	ready chan struct{}
}

func newChunk(size, level int) *chunk {
	c := &chunk{buf: make([]byte, window+size), ready: make(chan struct{}, 1)}
	c.enc, _ = flate.NewWriter(&c.out, level) // filled lets no bad level through
	return c
}

func (c *chunk) content() []byte { return c.buf[window : window+c.n] }

// follow takes the end of the chunk before as dictionary.
func (c *chunk) follow(before *chunk) {
	c.dict = 0
	if before != nil {
		c.dict = min(window, before.dict+before.n)
		end := window + before.n
		copy(c.buf[window-c.dict:], before.buf[end-c.dict:end])
	}
}

// deflate makes blocks that end at a byte's edge, so that the next chunk's blocks can follow. A
// bytes.Buffer takes everything, so nothing here fails.
func (c *chunk) deflate(d *Deflater) {
	c.out.Reset()
	switch {
	case c.n == d.options.ChunkSize && isZero(c.content()):
		zeros := d.zeros()
		c.sum = zeros.sum
		c.out.Write(zeros.out.Bytes())
	case incompressible(c.content()):
		c.sum = adler32.Checksum(c.content())
		c.out.Grow(c.n + 5*(c.n/maxStored+1))
		c.out.Write(appendStored(c.out.AvailableBuffer(), c.content(), false))
	default:
		c.compress()
	}
	c.ready <- struct{}{}
}

func (c *chunk) compress() {
	c.sum = adler32.Checksum(c.content())
	c.enc.ResetDict(&c.out, c.buf[window-c.dict:window])
	c.enc.Write(c.content())
	c.enc.Flush()
}

// newZeroChunk makes a whole chunk of zeros that is deflated. A sparse file has many, and its
// blocks refer to nothing before them.
func newZeroChunk(size, level int) *chunk {
	c := newChunk(size, level)
	c.n = size
	c.compress()
	return c
}

// isZero tells whether all bytes are zero: the first one, and each equal to the one before.
func isZero(p []byte) bool { return p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1]) }

// Copy deflates all of r to one zlib stream, and passes the stream to put piece by piece. Memory is
// bounded by the chunks. It returns the first error of r, put or ctx.
func (d *Deflater) Copy(ctx context.Context, r io.Reader, put func([]byte) error) error {
	if err := put(zlibHeader); err != nil {
		return err
	}
	sum, err := d.copyBlocks(ctx, r, put)
	if err != nil {
		return err
	}
	return put(binary.BigEndian.AppendUint32(finalBlock[:2:2], sum))
}

// copyBlocks reads r in chunks, deflates them side by side and passes the blocks to put in order.
// It returns the Adler-32 when all of r is through, or the first error of r, put or ctx. Its
// workers have ended by then.
func (d *Deflater) copyBlocks(ctx context.Context, r io.Reader, put func([]byte) error) (uint32, error) {
	work := make(chan *chunk)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer close(work)
	for range d.options.Workers {
		workers.Go(func() {
			for c := range work {
				c.deflate(d)
			}
		})
	}
	line := chunkLine{d: d, put: put, sum: emptySum}
	defer line.drop()
	for {
		c, err := line.read(ctx, r)
		if err != nil {
			return 0, err
		}
		if c == nil {
			break
		}
		work <- c
		if err := line.push(c); err != nil {
			return 0, err
		}
	}
	err := line.flush()
	return line.sum, err
}

// chunkLine holds the chunks in work, oldest first: one more than there are workers, so that no
// worker waits while the oldest is written.
type chunkLine struct {
	d       *Deflater
	put     func([]byte) error
	waiting []*chunk
	spare   *chunk // the last one written
	last    *chunk // the last one read; its bytes are the next one's dictionary
	sum     uint32 // Adler-32 of what is written
}

// read fills the next chunk; it is nil at the stream's end.
func (l *chunkLine) read(ctx context.Context, r io.Reader) (*chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := l.spare
	l.spare = nil
	if c == nil {
		c = l.d.chunks.Get().(*chunk)
	}
	c.follow(l.last)
	var err error
	c.n, err = io.ReadFull(r, c.buf[window:])
	switch {
	case err == io.EOF:
		l.d.chunks.Put(c)
		return nil, nil
	case err != nil && err != io.ErrUnexpectedEOF:
		l.d.chunks.Put(c)
		return nil, err
	}
	l.last = c
	return c, nil
}

func (l *chunkLine) push(c *chunk) error {
	l.waiting = append(l.waiting, c)
	if len(l.waiting) <= l.d.options.Workers {
		return nil
	}
	return l.pop()
}

// pop writes the oldest chunk. That is the last one read only at the stream's end.
func (l *chunkLine) pop() error {
	c := l.waiting[0]
	l.waiting = l.waiting[1:]
	<-c.ready
	l.sum = appendSum(l.sum, c.sum, c.n)
	err := l.put(c.out.Bytes())
	if l.spare != nil {
		l.d.chunks.Put(l.spare)
	}
	l.spare = c
	return err
}

func (l *chunkLine) flush() error {
	for len(l.waiting) > 0 {
		if err := l.pop(); err != nil {
			return err
		}
	}
	return nil
}

// drop returns all chunks to the pool, after an error also those in work.
func (l *chunkLine) drop() {
	for _, c := range l.waiting {
		<-c.ready
		l.d.chunks.Put(c)
	}
	if l.spare != nil {
		l.d.chunks.Put(l.spare)
	}
}

// Adler-32 (RFC 1950) is two sums below sumBase: a is 1 and all bytes, b is every a on the way.
const (
	sumBase  = 65521
	emptySum = 1
)

// appendSum is the Adler-32 of some bytes, whose sum is before, and n more, whose own sum is after.
func appendSum(before, after uint32, n int) uint32 {
	a := before&0xffff + after&0xffff + sumBase - emptySum
	b := before>>16 + after>>16 + uint32(uint64(n)*uint64(before&0xffff+sumBase-emptySum)%sumBase)
	return b%sumBase<<16 | a%sumBase
}
