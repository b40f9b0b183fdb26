package durable

import (
	"bytes"
	"errors"
	"io"
)

// SparseBlock is how many zero bytes in a row CopySparse leaves as a hole.
const SparseBlock = 64 << 10

var zeroBlock [SparseBlock]byte

// CopySparse copies src to dst and leaves holes where a whole block is zero. buf has SparseBlock
// bytes; nil makes one.
func CopySparse(dst *File, src io.Reader, buf []byte) error {
	if buf == nil {
		buf = make([]byte, SparseBlock)
	}
	var size, hole int64
	for {
		n, err := io.ReadFull(src, buf)
		size += int64(n)
		switch {
		case n == len(buf) && bytes.Equal(buf, zeroBlock[:]):
			hole += int64(n)
		case n > 0:
			if hole > 0 {
				if _, err := dst.Seek(hole, io.SeekCurrent); err != nil {
					return err
				}
				hole = 0
			}
			if _, err := dst.Write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if hole > 0 {
		return dst.Truncate(size)
	}
	return nil
}

// SyncEach is up to how many written files are synced one by one. For more, the whole file system
// is synced once.
const SyncEach = 32
