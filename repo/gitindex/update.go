package gitindex

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
)

// Update is Merge with the result in pieces, which one after the other make the file. Where every change is to an entry
// that is there, what stays is not copied: the pieces are then parts of old, which must not change while they are used.
func Update(old []byte, changes []Change, trees Trees) ([][]byte, error) {
	if u := startUpdate(old, changes); u != nil {
		if pieces := u.finish(trees); pieces != nil {
			return pieces, nil
		}
	}
	merged, err := Merge(old, changes, trees)
	return [][]byte{merged}, err
}

// update is changes in the place of entries of the same names, in a file that is otherwise kept.
type update struct {
	file
	old     []byte
	places  []int // of entries, in order: those that are changed
	altered folders
}

// startUpdate finds the entries that the changes are in the place of. It is nil where there is more to do than that, or
// something in old is not as git and Merge write it now: that is for Merge to deal with.
func startUpdate(old []byte, changes []Change) *update {
	settled, err := settle(changes)
	if err != nil || len(old) < headerSize+checksumSize || string(old[:4]) != signature {
		return nil
	}
	u := &update{old: old, altered: folders{}}
	u.version = binary.BigEndian.Uint32(old[4:])
	count := binary.BigEndian.Uint32(old[8:])
	body := old[:len(old)-checksumSize]
	if u.version != 2 && u.version != 3 || uint64(count) > uint64(len(body)/minEntry) {
		return nil
	}
	u.entries = table{b: body, off: make([]int, 0, count+1), put: map[int]record{}}
	at, found := u.scan(int(count), settled)
	if !found || !u.extensions(at) {
		return nil
	}
	return u
}

// scan lists where the entries begin, and puts the changes in the place of those that have their names. It returns where
// the entries end.
func (u *update) scan(count int, changes []outcome) (end int, found bool) {
	b, at := u.entries.b, headerSize
	for i := range count {
		u.entries.off = append(u.entries.off, at)
		if len(b)-at < longFixed {
			return at, false
		}
		flags := binary.BigEndian.Uint16(b[at+flagsAt:])
		size := int(flags & nameMask)
		if size == nameMask {
			return at, false
		}
		fixed := fixedSize(flags)
		next := at + paddedSize(fixed, size)
		if next > len(b) {
			return at, false
		}
		if len(changes) > 0 {
			switch order := compareName(b[at+fixed:at+fixed+size], changes[0].Path); {
			case order > 0:
				return at, false
			case order == 0:
				if !u.take(i, b[at:next], &changes[0]) {
					return at, false
				}
				changes = changes[1:]
			}
		}
		at = next
	}
	u.entries.off = append(u.entries.off, at)
	return at, len(changes) == 0
}

// take puts a change in the place of entry number i.
func (u *update) take(i int, r record, c *outcome) bool {
	if c.Remove || r.stage() != 0 || r.isLong() {
		return false
	}
	if !c.sameContent(r) {
		u.altered.addAbove(c.Path)
	}
	u.entries.put[i] = appendEntry(nil, c.Change)
	u.places = append(u.places, i)
	return true
}

// extensions reads those from at on. It is false where one is not to stay as it is.
func (u *update) extensions(at int) bool {
	for b := u.entries.b; at < len(b); {
		if len(b)-at < 8 || uint64(binary.BigEndian.Uint32(b[at+4:])) > uint64(len(b)-at-8) {
			return false
		}
		name, content := string(b[at:at+4]), b[at+8:][:binary.BigEndian.Uint32(b[at+4:])]
		if name != "TREE" && name != "REUC" || u.takeExtension(name, content) != nil {
			return false
		}
		at += 8 + len(content)
	}
	return true
}

// finish is the file in pieces, nil where old's checksum does not hold or is left out: then Merge looks at all of it.
func (u *update) finish(trees Trees) [][]byte {
	intact := make(chan bool, 1)
	go func() {
		body, sum := u.entries.b, u.old[len(u.entries.b):]
		got := sha1.Sum(body)
		intact <- bytes.Equal(got[:], sum)
	}()
	pieces := u.pieces(rebuildTree(&u.entries, u.tree, u.altered, trees))
	sum := sha1.New()
	for _, p := range pieces {
		sum.Write(p)
	}
	if !<-intact {
		return nil
	}
	return append(pieces, sum.Sum(nil))
}

// pieces is the file without its checksum, with that content of TREE.
func (u *update) pieces(tree []byte) [][]byte {
	var pieces [][]byte
	done := 0
	for _, i := range u.places {
		pieces = append(pieces, u.entries.b[done:u.entries.off[i]], u.entries.put[i])
		done = u.entries.off[i+1]
	}
	pieces = append(pieces, u.entries.b[done:u.entries.off[u.entries.len()]])
	return append(pieces, appendExtension(appendExtension(nil, "TREE", tree), "REUC", u.undo))
}

// compareName orders an entry's name and a path.
func compareName(name []byte, path string) int {
	switch {
	case string(name) < path: // a comparison makes no copy
		return -1
	case string(name) == path:
		return 0
	}
	return 1
}
