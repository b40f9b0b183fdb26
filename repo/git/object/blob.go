package object

import (
	"errors"
	"fmt"

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
