package index

import (
	"bytes"
	"encoding/binary"

	"timemachine/repo/git/object"
)

// Where the fields of an entry lie, and the bits of its flags.
const (
	modeAt     = 24
	idAt       = 40
	flagsAt    = 60
	shortFixed = 62 // bytes before the name
	longFixed  = 64 // the same with extended flags

	assumeValid = 0x8000
	extended    = 0x4000
	stageShift  = 12
	nameMask    = 0x0fff

	skipWorktree = 0x4000
	intentToAdd  = 0x2000

	typeMask = 0170000
	typeTree = 0040000
	typeFile = 0100000
	typeLink = 0120000
	typeGit  = 0160000

	// maxName bounds names, and with them the depth of folders. Linux opens paths of up to 4096
	// bytes.
	maxName = 1 << 16
)

// Stat is what git remembers of a work-tree file. Git keeps and compares the low 32 bits of each
// field. So sizes over 4 GiB, and times before 1970 or after 2106, are passed as they are.
type Stat struct {
	CtimeSec  int64
	CtimeNsec uint32
	MtimeSec  int64
	MtimeNsec uint32
	Dev, Ino  uint64
	UID, GID  uint32
	Size      int64 // in bytes
}

// rawEntry is one entry in the layout of versions 2 and 3, with its padding. measure has checked
// its bounds.
type rawEntry []byte

func (r rawEntry) flags() uint16   { return binary.BigEndian.Uint16(r[flagsAt:]) }
func (r rawEntry) mode() uint32    { return binary.BigEndian.Uint32(r[modeAt:]) }
func (r rawEntry) stage() int      { return int(r.flags() >> stageShift & 3) }
func (r rawEntry) id() object.ID   { return object.ID(r[idAt : idAt+20]) }
func (r rawEntry) isLong() bool    { return r.flags()&extended != 0 }
func (r rawEntry) awaitsAdd() bool { return r.more()&intentToAdd != 0 }

// more is the extended flags, 0 where there are none.
func (r rawEntry) more() uint16 {
	if !r.isLong() {
		return 0
	}
	return binary.BigEndian.Uint16(r[shortFixed:])
}

// name stays within the entry also where a mapped file has changed since it was measured.
func (r rawEntry) name() []byte {
	flags := r.flags()
	rest := r[min(fixedSize(flags), len(r)):]
	n := int(flags & nameMask)
	if n == nameMask {
		n = max(bytes.IndexByte(rest, 0), 0)
	}
	return rest[:min(n, len(rest))]
}

func (r rawEntry) stat() Stat {
	field := func(i int) uint32 { return binary.BigEndian.Uint32(r[4*i:]) }
	return Stat{
		CtimeSec: int64(field(0)), CtimeNsec: field(1),
		MtimeSec: int64(field(2)), MtimeNsec: field(3),
		Dev: uint64(field(4)), Ino: uint64(field(5)),
		UID: field(7), GID: field(8), Size: int64(field(9)),
	}
}

func fixedSize(flags uint16) int {
	if flags&extended != 0 {
		return longFixed
	}
	return shortFixed
}

// paddedSize is the size of an entry: at least one NUL after the name, and a multiple of 8.
func paddedSize(fixed, name int) int { return (fixed + name + 8) &^ 7 }

// appendEntry appends c as an entry of stage 0 without flags.
func appendEntry(b []byte, c *Change) []byte {
	be, s := binary.BigEndian, &c.Stat
	for _, field := range [...]uint32{
		uint32(s.CtimeSec), s.CtimeNsec, uint32(s.MtimeSec), s.MtimeNsec,
		uint32(s.Dev), uint32(s.Ino), c.Mode, s.UID, s.GID, uint32(s.Size),
	} {
		b = be.AppendUint32(b, field)
	}
	b = append(b, c.ID[:]...)
	b = be.AppendUint16(b, uint16(min(len(c.Path), nameMask)))
	b = append(b, c.Path...)
	return appendPadding(b, shortFixed, len(c.Path))
}

func appendPadding(b []byte, fixed, name int) []byte {
	var zeros [8]byte
	return append(b, zeros[:paddedSize(fixed, name)-fixed-name]...)
}
