// Package object holds git's objects as timemachine writes and reads them: names (IDs), trees and
// commits, byte for byte as in git's Documentation/gitformat-pack and git-hash-object(1). It knows
// nothing of packs or folders.
package object

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
)

// IDLen is the number of bytes of an ID.
const IDLen = 20

// ID is a git object's SHA-1 name. The zero ID names no object.
type ID [IDLen]byte

// String is the ID in 40 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short is the ID's first ten digits, for people.
func (id ID) Short() string { return id.String()[:10] }

// IsZero tells whether id names no object.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads 40 hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("object name %q: want %d hexadecimal digits", s, 2*len(id))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("object name %q: want %d hexadecimal digits", s, 2*len(id))
	}
	return id, nil
}

// Kind is an object's type, with git's number in the header of a pack entry.
type Kind uint8

// The kinds of object timemachine stores.
const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4
)

// String is the word git writes before an object's size.
func (k Kind) String() string {
	switch k {
	case Commit:
		return "commit"
	case Tree:
		return "tree"
	case Blob:
		return "blob"
	case Tag:
		return "tag"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Hash names an object with crypto/sha1. It is for trees and commits, which timemachine makes
// itself; HashBlob names the content of files.
func Hash(kind Kind, body []byte) ID {
	h := sha1.New()
	h.Write(header(kind, int64(len(body))))
	h.Write(body)
	return ID(h.Sum(nil))
}

func header(kind Kind, size int64) []byte {
	b := append([]byte(kind.String()), ' ')
	b = strconv.AppendInt(b, size, 10)
	return append(b, 0)
}
