package index

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"timemachine/repo/durable"
)

// Ahead is an index that goroutines read while its changes are still being made. They compare its
// checksum and find its entries. It may lie in a mapped file: call Wait before that is unmapped.
type Ahead struct {
	old    []byte
	work   sync.WaitGroup
	intact bool // the checksum is there and holds
	file        // with the entries, as they are
	plain  bool // file was understood, and all in it may stay as it is
}

// LookAhead begins to read an index; nil is no index yet.
func LookAhead(old []byte) *Ahead {
	a := &Ahead{old: old}
	if len(old) < headerSize+checksumSize {
		return a
	}
	a.guarded(func() {
		sum := sha1.Sum(old[:len(old)-checksumSize])
		a.intact = bytes.Equal(sum[:], old[len(old)-checksumSize:])
	})
	a.guarded(func() {
		if end, ok := a.list(); ok {
			a.plain = a.extensions(end)
		}
	})
	return a
}

// Flaw is a *DamagedError where an index is so damaged that git cannot read its entries, else nil.
// Like git, it does not read the checksum. Call it within durable.Guard where another program may
// cut the index's file.
func Flaw(b []byte) error {
	a := &Ahead{old: b}
	if len(b) >= headerSize+checksumSize {
		if end, ok := a.list(); ok && a.extensions(end) {
			return nil
		}
	}
	_, err := Parse(b)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return damaged
	}
	return nil
}

func (a *Ahead) guarded(f func()) {
	a.work.Go(func() {
		_ = durable.Guard(func() error { // a fault leaves the index to Merge, which meets it too
			f()
			return nil
		})
	})
}

// Wait returns when nothing reads the index any more.
func (a *Ahead) Wait() { a.work.Wait() }

// list finds the entries and returns where they end. It is false where git and Merge would write
// them in another way.
func (a *Ahead) list() (end int, ok bool) {
	b := a.old[:len(a.old)-checksumSize]
	a.version = binary.BigEndian.Uint32(b[4:])
	count := binary.BigEndian.Uint32(b[8:])
	if string(b[:4]) != signature || a.version != 2 && a.version != 3 || uint64(count) > uint64(len(b)/minEntry) {
		return 0, false
	}
	a.entries = table{b: b, off: make([]int, 0, count+1)}
	at := headerSize
	for range count {
		a.entries.off = append(a.entries.off, at)
		if len(b)-at < longFixed {
			return 0, false
		}
		flags := binary.BigEndian.Uint16(b[at+flagsAt:])
		size := int(flags & nameMask)
		at += paddedSize(fixedSize(flags), size)
		if size == 0 || size == nameMask || at > len(b) {
			return 0, false
		}
	}
	a.entries.off = append(a.entries.off, at)
	return at, true
}

// extensions reads the extensions from at on. It is false where one must not stay as it is.
func (a *Ahead) extensions(at int) bool {
	for b := a.entries.b; at < len(b); {
		if len(b)-at < 8 || uint64(binary.BigEndian.Uint32(b[at+4:])) > uint64(len(b)-at-8) {
			return false
		}
		name, content := string(b[at:at+4]), b[at+8:][:binary.BigEndian.Uint32(b[at+4:])]
		if name != "TREE" && name != "REUC" || a.takeExtension(name, content) != nil {
			return false
		}
		at += 8 + len(content)
	}
	return true
}

// Update writes to w what Merge makes of the index and the changes. Where every change replaces an
// existing entry, it does not read the other entries again. Errors: those of Merge and of w.
func (a *Ahead) Update(w io.Writer, changes []Change, trees Trees) error {
	a.Wait()
	if a.intact && a.plain {
		if u := a.inPlace(changes); u != nil {
			return write(w, u.pieces(rebuildTree(&u.entries, u.tree, u.altered, trees)))
		}
	}
	intact := func(err error) error { return err }
	if !a.intact {
		intact = startChecksum(a.old)
	}
	merged, err := merge(a.old, changes, trees, intact)
	if err != nil {
		return err
	}
	return write(w, merged.pieces())
}

// fileUpdate is changes that replace entries of the same names, in a file that otherwise stays.
type fileUpdate struct {
	file
	places  []int // of entries, in order: those that are changed
	altered folders
}

// inPlace finds the entries that the changes replace. It is nil where the changes do more than
// that.
func (a *Ahead) inPlace(changes []Change) *fileUpdate {
	settled, err := settle(changes)
	if err != nil {
		return nil
	}
	u := &fileUpdate{file: a.file, altered: folders{}}
	u.entries.put = make(map[int]rawEntry, len(settled))
	from := 0
	for i := range settled {
		c := &settled[i]
		lo, hi := u.entries.equal([]byte(c.Path), from)
		if c.Remove || hi-lo != 1 {
			return nil
		}
		r := u.entries.at(lo)
		if r.stage() != 0 || r.isLong() {
			return nil
		}
		if !c.sameContent(r) {
			u.altered.addAbove(c.Path)
		}
		u.places, from = append(u.places, lo), lo
	}
	for i, at := range u.places {
		u.entries.put[at] = appendEntry(nil, settled[i].Change)
	}
	return u
}

// pieces is the file without its checksum, and with that content of TREE.
func (u *fileUpdate) pieces(tree []byte) [][]byte {
	var pieces [][]byte
	done := 0
	for _, i := range u.places {
		pieces = append(pieces, u.entries.b[done:u.entries.off[i]], u.entries.put[i])
		done = u.entries.off[i+1]
	}
	pieces = append(pieces, u.entries.b[done:u.entries.off[u.entries.len()]])
	return append(pieces, appendExtension(appendExtension(nil, "TREE", tree), "REUC", u.undo))
}

// write writes the pieces and then their checksum, which it computes at the same time.
func write(w io.Writer, pieces [][]byte) error {
	sum := sha1.New()
	summed := make(chan error, 1)
	go func() {
		summed <- durable.Guard(func() error {
			for _, p := range pieces {
				sum.Write(p)
			}
			return nil
		})
	}()
	b := bufio.NewWriterSize(w, 64<<10)
	var err error
	for _, p := range pieces {
		if _, err = b.Write(p); err != nil {
			break
		}
	}
	if serr := <-summed; err == nil {
		err = serr
	}
	if err == nil {
		_, err = b.Write(sum.Sum(nil))
	}
	if err == nil {
		err = b.Flush()
	}
	return err
}
