package packwrite

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// AddStream writes the first size bytes of r as a blob in one pass and returns its name.
// Options.Deflate bounds the memory. When r fails or ends early (ErrShort), or ctx ends, the pack
// is as it was before the call. The pack is also unchanged, without an error, when it holds the
// blob or Options.Have knows it. Other calls wait until AddStream returns, so r must not use the
// Writer.
func (w *Writer) AddStream(ctx context.Context, size int64, r io.Reader) (object.ID, error) {
	if size < 0 {
		return object.ID{}, fmt.Errorf("blob size %d: %w", size, ErrShort)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.state(); err != nil {
		return object.ID{}, err
	}
	if err := w.buf.Flush(); err != nil {
		w.err = fmt.Errorf("write pack %q: %w", w.f.Name(), err)
		return object.ID{}, w.err
	}
	start := w.size
	id, crc, err := w.stream(ctx, size, r)
	_, dup := w.entries.find(id)
	if err != nil || dup || w.have != nil && w.have(id) {
		return id, errors.Join(err, w.rollback(start))
	}
	w.entries.add(packed{id: id, offset: start, crc: crc})
	return id, nil
}

// rollback cuts the pack back to where an entry began. If that fails the pack is lost, and w.err
// says so.
func (w *Writer) rollback(start int64) error {
	if w.err != nil {
		return nil // the caller has it already
	}
	w.buf.Reset(w.f)
	err := w.f.Truncate(start)
	if err == nil {
		_, err = w.f.Seek(start, io.SeekStart)
	}
	if err != nil {
		w.err = fmt.Errorf("cut back pack %q: %w", w.f.Name(), err)
		return w.err
	}
	w.size = start
	return nil
}

// stream writes an entry, and returns the blob's name and the entry's CRC-32.
func (w *Writer) stream(ctx context.Context, size int64, r io.Reader) (object.ID, uint32, error) {
	var crc uint32
	put := func(p []byte) error {
		crc = crc32.Update(crc, crc32.IEEETable, p)
		w.put(p)
		return w.err
	}
	if err := put(pack.AppendHeader(nil, uint8(object.Blob), size)); err != nil {
		return object.ID{}, 0, err
	}
	name := object.NewBlobHasher(size)
	if err := w.deflate.Copy(ctx, io.TeeReader(&announcedReader{r: r, left: size}, name), put); err != nil {
		return object.ID{}, 0, err
	}
	id, err := name.ID()
	return id, crc, err
}

// announcedReader reads left bytes of r. It returns ErrShort where r ends before.
type announcedReader struct {
	r    io.Reader
	left int64
}

func (e *announcedReader) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF {
		err = nil
		if e.left > 0 {
			err = fmt.Errorf("%d bytes missing: %w", e.left, ErrShort)
		}
	}
	return n, err
}
