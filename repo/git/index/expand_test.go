package index

import (
	"encoding/binary"
	"strings"
	"testing"
)

// compact is a version 4 index of entries given as what follows the fixed part, with the lengths
// their flags claim.
func compact(flags []uint16, rests ...string) []byte {
	b := binary.BigEndian.AppendUint32([]byte("DIRC\x00\x00\x00\x04"), uint32(len(rests)))
	for i, rest := range rests {
		e := make([]byte, shortFixed)
		binary.BigEndian.PutUint32(e[modeAt:], typeFile|0644)
		binary.BigEndian.PutUint16(e[flagsAt:], flags[i])
		b = append(append(b, e...), rest...)
	}
	return append(b, make([]byte, checksumSize)...)
}

func TestExpand(t *testing.T) {
	const long = extended
	tests := []struct {
		name  string
		flags []uint16
		rests []string
		want  string // paths, or part of the error
	}{
		{"prefixes", []uint16{3, 4, 1}, []string{"\x00a/b\x00", "\x01cd\x00", "\x04b\x00"}, "a/b a/cd b"},
		{"extended", []uint16{long | 1}, []string{"\x40\x00\x00a\x00"}, "a"},
		{"drops too much", []uint16{1, 1}, []string{"\x00a\x00", "\x02b\x00"}, "byte 77: entry drops more"},
		{"number without end", []uint16{1}, []string{"\xff\xff\xff\xff\xffa\x00"}, "byte 12: entry drops more"},
		{"name without end", []uint16{1}, []string{"\x00abcdefgh"}, "name has no end"},
		{"other length", []uint16{2}, []string{"\x00a\x00"}, "another length"},
		{"out of order", []uint16{1, 1}, []string{"\x00b\x00", "\x01a\x00"}, "entries out of order"},
		{"twice", []uint16{1, 1}, []string{"\x00b\x00", "\x01b\x00"}, "entry twice"},
		{"stages out of order", []uint16{2<<stageShift | 1, 1<<stageShift | 1}, []string{"\x00b\x00", "\x01b\x00"}, "entry twice"},
		{"no name", []uint16{0}, []string{"\x00\x00"}, "entry without a name"},
		{"unknown flags", []uint16{long | 1}, []string{"\x80\x00\x00a\x00"}, "unknown extended flags"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			index, err := Parse(compact(tt.flags, tt.rests...))
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			var got []string
			for _, e := range index.Entries {
				got = append(got, e.Path)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("paths %q, want %q", got, tt.want)
			}
		})
	}
}

// TestExpandBounded: each name takes all of the one before and adds a little, so that names grow as
// a square.
func TestExpandBounded(t *testing.T) {
	flags, rests := make([]uint16, 9000), make([]string, 9000)
	for i := range flags {
		flags[i], rests[i] = uint16(min(i+1, nameMask)), "\x00a\x00"
	}
	_, err := Parse(compact(flags, rests...))
	if err == nil || !strings.Contains(err.Error(), "names grow without bound") {
		t.Errorf("error %v", err)
	}
}

func TestVarint(t *testing.T) {
	tests := []struct {
		in    string
		value uint64
		width int
	}{
		{"\x00", 0, 1}, {"\x7f", 127, 1}, {"\x80\x00", 128, 2}, {"\x81\x00", 256, 2}, {"\xfe\x7f", 16383, 2},
		{"\xff\x00", 16384, 2}, {"\x80\x80\x00", 16512, 3}, {"", 0, 0}, {"\x80", 0, 0}, {"\xff\xff\xff\xff\x01", 0, 0},
	}
	for _, tt := range tests {
		if value, width := varint([]byte(tt.in)); value != tt.value || width != tt.width {
			t.Errorf("varint(%x) = %d, %d; want %d, %d", tt.in, value, width, tt.value, tt.width)
		}
	}
}
