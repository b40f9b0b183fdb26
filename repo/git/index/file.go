package index

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"

	"timemachine/repo/durable"
)

const (
	signature    = "DIRC"
	headerSize   = 12
	checksumSize = sha1.Size
	minEntry     = longFixed // no entry of any version takes less
)

// file is the parts of an index.
type file struct {
	version uint32
	entries table
	tree    []byte // content of TREE; nil where there is none
	undo    []byte // content of REUC, how conflicts were resolved; nil where there is none
}

// readFile reads and checks an index.
func readFile(b []byte) (*file, error) {
	intact := startChecksum(b)
	f, err := readBody(b)
	return f, intact(err)
}

// startChecksum checks b's checksum while the caller works on b: for a large index both take as
// long. The returned function waits for the result. A wrong checksum takes precedence over err,
// which it may have caused.
func startChecksum(b []byte) func(err error) error {
	holds := make(chan bool, 1)
	go func() {
		whole := false
		// b may be a mapped file. The caller meets the fault as well.
		_ = durable.Guard(func() error {
			whole = len(b) < headerSize+checksumSize || checksumHolds(b)
			return nil
		})
		holds <- whole
	}()
	return func(err error) error {
		if !<-holds {
			return damaged(len(b)-checksumSize, "checksum does not match")
		}
		return err
	}
}

func checksumHolds(b []byte) bool {
	body, sum := b[:len(b)-checksumSize], [checksumSize]byte(b[len(b)-checksumSize:])
	return sum == [checksumSize]byte{} || sum == sha1.Sum(body)
}

// readBody reads an index without its checksum. It reads extensions before it checks entries: an
// extension that gives entries another meaning explains them better than "damaged".
func readBody(b []byte) (*file, error) {
	if len(b) < headerSize+checksumSize {
		return nil, damaged(len(b), "cut short")
	}
	b = b[:len(b)-checksumSize]
	if string(b[:4]) != signature {
		return nil, damaged(0, "no signature")
	}
	f := &file{version: binary.BigEndian.Uint32(b[4:])}
	count := binary.BigEndian.Uint32(b[8:])
	if f.version < 2 || f.version > 4 {
		return nil, fmt.Errorf("%w %d", ErrVersion, f.version)
	}
	if uint64(count) > uint64(len(b)/minEntry) {
		return nil, damaged(8, "more entries than there is room for")
	}
	next, err := f.readEntries(b, int(count))
	if err != nil {
		return nil, err
	}
	if err := f.readExtensions(b, next); err != nil {
		return nil, err
	}
	return f, f.entries.check()
}

func (f *file) readEntries(b []byte, count int) (next int, err error) {
	if f.version == 4 {
		f.entries, next, err = expandTable(b, count)
		return next, err
	}
	f.entries, err = readTable(b, f.version, count)
	return f.entries.off[f.entries.len()], err
}

// readExtensions keeps the extensions that stay true after a merge. The others that may be ignored
// are caches of the old state, or offsets in the old file.
func (f *file) readExtensions(b []byte, at int) error {
	for at < len(b) {
		if len(b)-at < 8 {
			return damaged(at, "extension cut short")
		}
		name := b[at : at+4]
		size := binary.BigEndian.Uint32(b[at+4:])
		if uint64(size) > uint64(len(b)-at-8) {
			return damaged(at+4, "extension cut short")
		}
		content := b[at+8 : at+8+int(size)]
		if err := f.takeExtension(string(name), content); err != nil {
			return err
		}
		at += 8 + int(size)
	}
	return nil
}

func (f *file) takeExtension(name string, content []byte) error {
	switch name {
	case "TREE":
		f.tree = content
	case "REUC":
		f.undo = content
	case "link":
		return ErrSplit
	case "sdir":
		return ErrSparse
	default:
		if name[0] < 'A' || name[0] > 'Z' {
			return fmt.Errorf("%w %q", ErrExtension, name)
		}
	}
	return nil
}

// pieces completes an index that has its entries and an empty header, and returns it without its
// checksum.
func (f *file) pieces() [][]byte {
	b := f.entries.b
	copy(b, signature)
	binary.BigEndian.PutUint32(b[4:], f.version)
	binary.BigEndian.PutUint32(b[8:], uint32(f.entries.len()))
	return [][]byte{b, appendExtension(appendExtension(nil, "TREE", f.tree), "REUC", f.undo)}
}

func appendExtension(b []byte, name string, content []byte) []byte {
	if content == nil {
		return b
	}
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	return append(b, content...)
}

// needsLong tells whether an entry has extended flags, which version 2 cannot hold.
func (t *table) needsLong() bool {
	for i := range t.len() {
		if t.at(i).isLong() {
			return true
		}
	}
	return false
}

// hasPrefix tells whether entry i exists and lies below a folder; prefix is the folder's name with
// a slash.
func (t *table) hasPrefix(i int, prefix []byte) bool {
	return i < t.len() && bytes.HasPrefix(t.at(i).name(), prefix)
}
