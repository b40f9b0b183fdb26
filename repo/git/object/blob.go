package object

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/pjbgf/sha1cd"
)

// ErrCollision is returned for bytes that carry a known SHA-1 collision attack. Git refuses such
// content too: another file has the same name.
var ErrCollision = errors.New("content is a SHA-1 collision attack")

// HashBlob names a blob with the collision-detecting SHA-1 that git uses. Its only error is
// ErrCollision.
func HashBlob(body []byte) (ID, error) {
	h := NewBlobHasher(int64(len(body)))
	h.Write(body)
	return h.ID()
}

// BlobHasher is HashBlob for content that arrives in pieces. It is a hash.Hash.
type BlobHasher struct {
	sha1cd.CollisionResistantHash
	size, seen int64
}

// NewBlobHasher begins the name of a blob of exactly size bytes.
func NewBlobHasher(size int64) *BlobHasher {
	b := &BlobHasher{CollisionResistantHash: sha1cd.New().(sha1cd.CollisionResistantHash), size: size}
	b.Reset()
	return b
}

// Write adds content. It never returns an error.
func (b *BlobHasher) Write(p []byte) (int, error) {
	b.seen += int64(len(p))
	return b.CollisionResistantHash.Write(p)
}

// Reset begins again, for a blob of the same size.
func (b *BlobHasher) Reset() {
	b.CollisionResistantHash.Reset()
	b.CollisionResistantHash.Write(header(Blob, b.size))
	b.seen = 0
}

// ID is the blob's name. Errors: ErrCollision for crafted content, and one where the number of
// bytes is not the announced size.
func (b *BlobHasher) ID() (ID, error) {
	if b.seen != b.size {
		return ID{}, fmt.Errorf("blob of %d bytes announced as %d", b.seen, b.size)
	}
	sum, collision := b.CollisionResistantSum(nil)
	if collision {
		return ID{}, ErrCollision
	}
	return ID(sum), nil
}

// NewBlobReader reads a blob of size bytes, and compares them with the blob's name while they pass.
// The read that passes the last byte returns ErrDamaged where the name is another one, and so does
// one that finds the end too early. Close closes src.
func NewBlobReader(src io.ReadCloser, size int64, id ID) io.ReadCloser {
	r := &blobReader{ReadCloser: src, left: size, id: id, sum: sha1.New()}
	r.sum.Write(header(Blob, size))
	return r
}

type blobReader struct {
	io.ReadCloser
	left int64
	id   ID
	sum  hash.Hash // nil once it was compared
	err  error
}

func (r *blobReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.ReadCloser.Read(p)
	r.left -= int64(n)
	if r.sum != nil {
		r.sum.Write(p[:n])
		if r.left <= 0 || err == io.EOF {
			if got := ID(r.sum.Sum(nil)); got != r.id {
				r.err = fmt.Errorf("object %s: %w: content is that of %s", r.id, ErrDamaged, got)
				return n, r.err
			}
			r.sum = nil
		}
	}
	return n, err
}
