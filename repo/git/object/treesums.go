package object

import (
	"crypto/sha1"
	"hash"
)

// treeSums hashes a large tree again and again while it is edited. It keeps states of the hash on
// the way, so that what is before the first change is not read again. Most commits give one entry
// of a tree another ID.
type treeSums struct {
	size int         // of the tree that the states are of; its hash begins with that
	on   []hash.Hash // on[i] has taken (i+1)*sumStep bytes of the tree
}

const (
	sumStep = 4 << 10  // bytes between two states, which take 200 bytes each
	sumFrom = 16 << 10 // size in bytes of the smallest tree with states
)

// changed notes a change of the tree at offset pos.
func (s *treeSums) changed(pos int) { s.on = s.on[:min(len(s.on), pos/sumStep)] }

// hash is Hash(Tree, raw).
func (s *treeSums) hash(raw []byte) ID {
	if len(raw) < sumFrom {
		s.on = nil
		return Hash(Tree, raw)
	}
	if s.size != len(raw) {
		s.size, s.on = len(raw), s.on[:0]
	}
	h, n := sha1.New(), len(s.on)
	if n > 0 {
		h = clone(s.on[n-1])
	} else {
		h.Write(header(Tree, int64(len(raw))))
	}
	for at := n * sumStep; at < len(raw); at += sumStep {
		if at > n*sumStep {
			s.on = append(s.on, clone(h))
		}
		h.Write(raw[at:min(at+sumStep, len(raw))])
	}
	return ID(h.Sum(nil))
}

// clone copies a state.
func clone(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone() // which every hash of the standard library can
	if err != nil {
		panic(err)
	}
	return c
}
