// Package deflate makes and reads the zlib streams in which git keeps objects.
//
// Layout, from RFC 1950 and RFC 1951: two header bytes, deflate blocks, and the big-endian Adler-32
// of the content. A stored block is a byte (1 in the last block, else 0), its length and the
// length's complement (little-endian uint16 each), and that many bytes.
package deflate

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"math"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"timemachine/repo/git/object"
)

const (
	// Bodies below this are deflated without asking whether it pays.
	minSampled = 64 << 10
	sampleSize = 8 << 10
	// Trees below this, of some three entries, and deltas below this hold little but hashes, which
	// do not compress.
	minTree   = 128
	minDelta  = 256
	maxStored = 0xffff // bytes of one stored block
	// Buffers above this are not kept for the next object.
	maxPooled = 4 << 20
)

// In a body of less than smallBody bytes there is little to find for a level above smallLevel: 1%
// to 3% fewer bytes for a third more time.
const (
	smallBody  = 4 << 10
	smallLevel = 1
)

// Options are the options of a Deflater. The zero value is right for all ordinary use.
type Options struct {
	Level     int // of deflate, 1 to 9; 0 is 6
	ChunkSize int // bytes that Copy deflates at a time, at least 64 KiB; 0 is 1 MiB
	Workers   int // goroutines that Copy deflates with; 0 is one a core, at most 8
}

func (o Options) filled() Options {
	if o.Level < 1 || o.Level > 9 {
		o.Level = 6
	}
	if o.ChunkSize == 0 {
		o.ChunkSize = 1 << 20
	}
	o.ChunkSize = max(o.ChunkSize, 64<<10)
	if o.Workers < 1 {
		o.Workers = min(runtime.GOMAXPROCS(0), 8)
	}
	return o
}

// Deflater makes zlib streams. It keeps its encoders, because each takes half a megabyte. Several
// goroutines may call its methods at once.
type Deflater struct {
	options     Options
	pool, small sync.Pool // of *stream
	chunks      sync.Pool // of *chunk
	zeros       func() *chunk
}

// Stream is a zlib stream in a borrowed buffer; Free returns it.
type Stream struct {
	bytes.Buffer
	enc  *zlib.Writer
	from *sync.Pool
}

func New(o Options) *Deflater {
	d := &Deflater{options: o.filled()}
	level := d.options.Level
	d.pool.New = func() any { return newStream(&d.pool, level) }
	d.small.New = func() any { return newStream(&d.small, min(level, smallLevel)) }
	d.chunks.New = func() any { return newChunk(d.options.ChunkSize, level) }
	d.zeros = sync.OnceValue(func() *chunk { return newZeroChunk(d.options.ChunkSize, level) })
	return d
}

func newStream(from *sync.Pool, level int) *Stream {
	s := &Stream{from: from}
	s.enc, _ = zlib.NewWriterLevel(&s.Buffer, level) // filled lets no bad level through
	return s
}

// borrow takes a stream for a body of n bytes from a pool.
func (d *Deflater) borrow(n int) *Stream {
	pool := &d.pool
	if n < smallBody {
		pool = &d.small
	}
	s := pool.Get().(*Stream)
	s.Reset()
	return s
}

// Free returns the stream's buffer. The stream must not be used afterwards.
func (s *Stream) Free() {
	if s.Cap() <= maxPooled {
		s.from.Put(s)
	}
}

// Object deflates a body, or puts it in stored blocks where deflating saves nothing. Free the
// stream.
func (d *Deflater) Object(kind object.Kind, body []byte) *Stream {
	s := d.borrow(len(body))
	if kind == object.Tree && len(body) < minTree || len(body) >= minSampled && incompressible(body) {
		s.store(body)
	} else {
		s.compress(body)
	}
	return s
}

// Delta deflates a delta; it puts a small one in stored blocks. Free the stream.
func (d *Deflater) Delta(delta []byte) *Stream {
	s := d.borrow(len(delta))
	if len(delta) < minDelta {
		s.store(delta)
	} else {
		s.compress(delta)
	}
	return s
}

// compress cannot fail: a bytes.Buffer takes everything.
func (s *Stream) compress(body []byte) {
	s.enc.Reset(&s.Buffer)
	s.enc.Write(body)
	s.enc.Close()
}

func (s *Stream) store(body []byte) {
	s.Write(zlibHeader)
	s.Grow(len(body) + 5*(len(body)/maxStored+1))
	s.Write(appendStored(s.AvailableBuffer(), body, true))
	s.Write(binary.BigEndian.AppendUint32(nil, adler32.Checksum(body)))
}

var (
	zlibHeader = []byte{0x78, 0x9c}
	finalBlock = []byte{0x03, 0x00} // last, fixed codes, nothing in it
)

// appendStored wraps p in stored blocks, which begin at a byte's edge. final marks the last one as
// the last of the stream.
func appendStored(b, p []byte, final bool) []byte {
	for {
		n := min(len(p), maxStored)
		mark := byte(0)
		if final && n == len(p) {
			mark = 1
		}
		b = append(b, mark, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		b = append(b, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return b
		}
	}
}

// incompressible tells from four samples, 32 KiB together, whether deflating would save less than
// 3%: all bytes are about equally frequent, and no strings repeat. Pictures, archives and encrypted
// files are then copied and not searched.
func incompressible(p []byte) bool {
	if len(p) < 4*sampleSize {
		return false
	}
	sample := make([]byte, 0, 4*sampleSize)
	step := (len(p) - sampleSize) / 3
	for i := range 4 {
		sample = append(sample, p[i*step:i*step+sampleSize]...)
	}
	if entropy(sample) < 8*worthShare {
		return false
	}
	var size counter
	if err := flate.StatelessDeflate(&size, sample, true, nil); err != nil {
		return false
	}
	return float64(size) > float64(len(sample))*worthShare
}

// worthShare is the share of its size up to which a deflated sample is worth the work.
const worthShare = 0.97

// entropy is the least number of bits that a byte takes where each is coded by itself.
func entropy(p []byte) (bits float64) {
	var count [256]int
	for _, b := range p {
		count[b]++
	}
	for _, n := range count {
		if n > 0 {
			share := float64(n) / float64(len(p))
			bits -= share * math.Log2(share)
		}
	}
	return bits
}

// counter is a writer that only counts.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
