// Package packwrite writes git's packs and their idx, and merges packs into one.
//
// Invariants of a pack that a Writer writes: it is self-contained and holds no object twice. The
// base of a delta stands earlier in the same pack (OFS_DELTA only). A chain of deltas that a Writer
// begins has at most 45 deltas; one that Merge joins has at most 63. The header has the number of
// objects only once Finish has returned.
//
// Package pack describes the layouts, after git's Documentation/gitformat-pack.
package packwrite

import (
	"bufio"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// Options are the options of a Writer. The zero value is right for all ordinary use.
type Options struct {
	Deflate deflate.Options

	// Have tells whether the repository holds an object. AddStream asks at the end of a stream.
	// Have must not use the Writer.
	Have func(object.ID) bool
}

// File is what a Writer needs of an open file.
type File interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
	io.Seeker
	Truncate(size int64) error
	Name() string
	Sync() error
}

// Writer writes one pack. Several goroutines may call its methods at once. An error while it writes
// the file is final: every later call returns it.
type Writer struct {
	have    func(object.ID) bool // Options.Have
	deflate *deflate.Deflater

	later   []latecomer // to be added by another goroutine
	queue   chan []latecomer
	delayed sync.WaitGroup

	mu      sync.Mutex
	f       File
	buf     *bufio.Writer
	size    int64 // of the pack so far, buffered bytes included
	entries contents
	sum     object.ID
	done    bool
	err     error
}

// packed is an object in the pack. It has 40 bytes, since a pack has hundreds of thousands.
type packed struct {
	id     object.ID
	crc    uint32
	offset int64
	base   uint32 // 1 + position of the entry it is a delta of; 0: whole
	depth  uint8  // of its chain of deltas
	step   step
}

// Errors of a Writer that callers tell apart with errors.Is.
var (
	// ErrShort is returned by AddStream when the reader ended before the announced size.
	ErrShort = errors.New("content shorter than announced")
	// ErrNoBase is returned by AddDelta for a base that is not in the pack.
	ErrNoBase = errors.New("delta base not in pack")
)

var errFinished = errors.New("pack already finished")

var errDeep = fmt.Errorf("delta chain over %d", maxDepth)

// NewWriter begins a pack in f, which must be empty and open for reading and writing. The caller
// closes f, and names or removes it.
func NewWriter(f File, o Options) (*Writer, error) {
	w := &Writer{have: o.Have, f: f, deflate: deflate.New(o.Deflate)}
	w.buf = bufio.NewWriterSize(f, 256<<10)
	w.put([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00"))
	return w, w.err
}

// put appends bytes, and keeps an error in w.err. The caller holds the lock.
func (w *Writer) put(p []byte) {
	if w.err != nil {
		return
	}
	n, err := w.buf.Write(p)
	w.size += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write pack %q: %w", w.f.Name(), err)
	}
}

// state is the error for which the Writer takes no more entries.
func (w *Writer) state() error {
	if w.err == nil && w.done {
		return errFinished
	}
	return w.err
}

// Add writes an object whole. An object that the pack holds already changes nothing. Add deflates
// the body in the caller's goroutine and does not hash it: id must be its name.
func (w *Writer) Add(kind object.Kind, id object.ID, body []byte) error {
	if w.Has(id) {
		return nil
	}
	z := w.deflate.Object(kind, body)
	defer z.Free()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(pack.AppendHeader(nil, uint8(kind), int64(len(body))), z.Bytes(), packed{id: id})
}

// latecomer is an object that AddLater has taken.
type latecomer struct {
	kind object.Kind
	id   object.ID
	body []byte
}

// lateBatch is how many objects AddLater hands over at a time.
const lateBatch = 64

// AddLater is Add in another goroutine, for an object that no delta will need. The pack holds the
// object when Finish returns, and Finish returns the error. The body must not change. Make these
// calls one after the other, and Finish or Abandon after them.
func (w *Writer) AddLater(kind object.Kind, id object.ID, body []byte) {
	if w.queue == nil {
		// The goroutine has its own variable: Abandon may clear w.queue before it begins.
		queue := make(chan []latecomer, 16)
		w.queue = queue
		w.delayed.Go(func() {
			for batch := range queue {
				for _, o := range batch {
					_ = w.Add(o.kind, o.id, o.body) // the error is final, and Finish returns it
				}
			}
		})
	}
	if w.later = append(w.later, latecomer{kind, id, body}); len(w.later) == lateBatch {
		w.queue <- w.later
		w.later = make([]latecomer, 0, lateBatch)
	}
}

// Abandon waits for the objects that AddLater has taken.
func (w *Writer) Abandon() {
	if w.queue == nil {
		return
	}
	if len(w.later) > 0 {
		w.queue <- w.later
	}
	close(w.queue)
	w.queue, w.later = nil, nil
	w.delayed.Wait()
}

// AddDelta writes the object id as a delta of base. The error is ErrNoBase where base is not in
// this pack. An object that the pack holds already changes nothing.
func (w *Writer) AddDelta(id, base object.ID, delta []byte) error {
	return w.addDeltaAt(id, base, delta, stepOne)
}

func (w *Writer) addDeltaAt(id, base object.ID, delta []byte, by step) error {
	z := w.deflate.Delta(delta)
	defer z.Free()
	copy(z.Bytes(), by.zlibHeader())
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.entries.find(base)
	if !ok {
		return fmt.Errorf("object %s on %s: %w", id, base, ErrNoBase)
	}
	return w.appendDelta(id, i, int64(len(delta)), z.Bytes(), by)
}

// appendDelta writes a delta of the entry at position base. The caller holds the lock.
func (w *Writer) appendDelta(id object.ID, base uint32, size int64, z []byte, by step) error {
	from := w.entries.at(base)
	if from.depth >= maxDepth {
		return fmt.Errorf("object %s: %w", id, errDeep)
	}
	header := pack.AppendHeader(nil, pack.OfsDelta, size)
	header = pack.AppendDistance(header, w.size-from.offset)
	return w.append(header, z, packed{id: id, base: base + 1, depth: from.depth + 1, step: by})
}

// append writes an entry and lists it as e. The caller holds the lock.
func (w *Writer) append(header, z []byte, e packed) error {
	if err := w.state(); err != nil {
		return err
	}
	if _, dup := w.entries.find(e.id); dup {
		return nil
	}
	e.offset = w.size
	w.put(header)
	w.put(z)
	if w.err == nil {
		e.crc = crc32.Update(crc32.ChecksumIEEE(header), crc32.IEEETable, z)
		w.entries.add(e)
	}
	return w.err
}

// Has tells whether the object is in this pack.
func (w *Writer) Has(id object.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.entries.find(id)
	return ok
}

// Count is the number of objects in the pack.
func (w *Writer) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.entries.count()
}

// Size is the pack's length in bytes so far. It includes the trailer after Finish.
func (w *Writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// Finish writes the number of objects and the trailer, and syncs the file. It returns the trailer,
// by which git names the pack. Nothing can be added afterwards.
func (w *Writer) Finish() (object.ID, error) {
	w.Abandon()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.state(); err != nil {
		return object.ID{}, err
	}
	if err := w.seal(); err != nil {
		w.err = fmt.Errorf("finish pack %q: %w", w.f.Name(), err)
		return object.ID{}, w.err
	}
	w.done = true
	return w.sum, nil
}

func (w *Writer) seal() error {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	count := binary.BigEndian.AppendUint32(nil, uint32(w.entries.count()))
	if _, err := w.f.WriteAt(count, 8); err != nil {
		return err
	}
	h := sha1.New()
	n, err := io.CopyBuffer(h, io.NewSectionReader(w.f, 0, w.size), make([]byte, 256<<10))
	if err != nil {
		return err
	}
	if n != w.size {
		return io.ErrUnexpectedEOF
	}
	w.sum = object.ID(h.Sum(nil))
	if _, err := w.f.WriteAt(w.sum[:], w.size); err != nil {
		return err
	}
	w.size += int64(object.IDLen)
	return w.f.Sync()
}
