package object

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Mode is a tree entry's mode, with git's numbers.
type Mode uint32

// The modes timemachine writes. Readers meet others (0100664 in old histories) and keep them.
const (
	ModeFile      Mode = 0o100644
	ModeExec      Mode = 0o100755
	ModeLink      Mode = 0o120000
	ModeTree      Mode = 0o040000
	ModeSubmodule Mode = 0o160000
)

// IsTree tells whether the entry is a folder. Git's order of names depends on it.
func (m Mode) IsTree() bool { return m&0o170000 == ModeTree }

// String is the mode as it stands in a tree: octal without a leading zero.
func (m Mode) String() string { return strconv.FormatUint(uint64(m), 8) }

// TreeEntry is one line of a tree. Name holds any bytes but NUL and '/'.
type TreeEntry struct {
	Name string
	Mode Mode
	ID   ID
}

// EmptyTree is the name of the tree without entries.
var EmptyTree = Hash(Tree, nil)

var errTree = errors.New("malformed tree")

// ParseTree lists a tree's entries in their stored order, which it does not check. A cut entry, a
// mode that is not octal, an empty name and a name with a slash are errors.
func ParseTree(raw []byte) ([]TreeEntry, error) {
	var entries []TreeEntry
	for at := 0; at < len(raw); {
		e, err := cutEntry(raw, at)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e.entry())
		at = e.end
	}
	return entries, nil
}

// FindEntry finds a name in a tree; false when it is missing. It does not read past the entry.
func FindEntry(raw []byte, name string) (TreeEntry, bool, error) {
	e, ok, err := findEntry(raw, name, 0)
	if !ok || err != nil {
		return TreeEntry{}, false, err
	}
	return e.entry(), true, nil
}

// findEntry is FindEntry from the entry at offset from on.
func findEntry(raw []byte, name string, from int) (rawEntry, bool, error) {
	for at := from; at < len(raw); {
		e, err := cutEntry(raw, at)
		if err != nil {
			return rawEntry{}, false, err
		}
		if string(e.name) == name {
			return e, true, nil
		}
		at = e.end
	}
	return rawEntry{}, false, nil
}

// Without is a tree without the entry of that name. It is raw itself where there is none.
func Without(raw []byte, name string) ([]byte, error) {
	for at := 0; at < len(raw); {
		e, err := cutEntry(raw, at)
		if err != nil {
			return nil, err
		}
		if string(e.name) == name {
			return append(append(make([]byte, 0, len(raw)), raw[:at]...), raw[e.end:]...), nil
		}
		at = e.end
	}
	return raw, nil
}

// rawEntry is an entry within its tree: "mode SP name NUL id".
type rawEntry struct {
	mode    Mode
	name    []byte
	start   int
	id, end int // offsets of the 20 bytes of the ID, and of what follows
	raw     []byte
}

func (e rawEntry) entry() TreeEntry {
	return TreeEntry{Name: string(e.name), Mode: e.mode, ID: ID(e.raw[e.id:e.end])}
}

// cutEntry reads the entry that starts at offset at.
func cutEntry(raw []byte, at int) (rawEntry, error) {
	mode, i := Mode(0), at
	for ; i < len(raw) && raw[i] != ' '; i++ {
		if raw[i] < '0' || raw[i] > '7' || i-at >= 7 {
			return rawEntry{}, fmt.Errorf("%w: bad mode at byte %d", errTree, at)
		}
		mode = mode<<3 | Mode(raw[i]-'0')
	}
	if i == at || i >= len(raw) {
		return rawEntry{}, fmt.Errorf("%w: cut mode at byte %d", errTree, at)
	}
	n := bytes.IndexByte(raw[i+1:], 0)
	name, id := i+1, i+1+n+1
	if n < 1 || len(raw)-id < len(ID{}) {
		return rawEntry{}, fmt.Errorf("%w: cut entry at byte %d", errTree, at)
	}
	if bytes.IndexByte(raw[name:name+n], '/') >= 0 {
		return rawEntry{}, fmt.Errorf("%w: slash in %q", errTree, raw[name:name+n])
	}
	return rawEntry{mode: mode, name: raw[name : name+n], start: at, id: id, end: id + len(ID{}), raw: raw}, nil
}

// appendEntry appends one entry to dst.
func appendEntry(dst []byte, e TreeEntry) []byte {
	dst = strconv.AppendUint(dst, uint64(e.Mode), 8)
	dst = append(append(append(dst, ' '), e.Name...), 0)
	return append(dst, e.ID[:]...)
}

// CompareNames orders two entries of one tree as git does: byte by byte, and a folder as if its
// name ended in a slash.
func CompareNames[S ~string | ~[]byte](a []byte, aTree bool, b S, bTree bool) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return int(next(a, n, aTree)) - int(next(b, n, bTree))
}

// next is the byte that decides between two names whose first n bytes are equal.
func next[S ~string | ~[]byte](name S, n int, tree bool) byte {
	if len(name) > n {
		return name[n]
	}
	if tree {
		return '/'
	}
	return 0
}
