package index

import (
	"crypto/sha1"
	"errors"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

var someID = object.Hash(object.Blob, []byte("some"))

func change(path string) Change { return Change{Path: path, Mode: 0100644, ID: someID} }

func mustMerge(t testing.TB, old []byte, changes ...Change) []byte {
	t.Helper()
	b, err := Merge(old, changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// resum puts the right checksum on an index that was tampered with.
func resum(b []byte) []byte {
	body := b[:len(b)-checksumSize]
	sum := sha1.Sum(body)
	return append(slices.Clip(body), sum[:]...)
}

func TestParseDamaged(t *testing.T) {
	good := mustMerge(t, nil, change("a"), change(strings.Repeat("c", 100)))
	const second = headerSize + 64 // offset of the other entry
	set := func(at int, with string) func(b []byte) []byte {
		return func(b []byte) []byte { copy(b[at:], with); return resum(b) }
	}
	extension := func(ext string) func(b []byte) []byte {
		return func(b []byte) []byte {
			b = append(b[:len(b)-checksumSize], ext...)
			return resum(append(b, make([]byte, checksumSize)...))
		}
	}
	tests := []struct {
		name   string
		tamper func(b []byte) []byte
		want   string // part of the error
	}{
		{"empty", func([]byte) []byte { return nil }, "byte 0: cut short"},
		{"cut", func(b []byte) []byte { return b[:headerSize+checksumSize-1] }, "cut short"},
		{"bit", func(b []byte) []byte { b[40] ^= 1; return b }, "checksum does not match"},
		{"cut and zero", func(b []byte) []byte { b = b[:180]; clear(b[160:]); return b }, "byte 76: entry's name has no end"},
		{"signature", set(0, "DIRE"), "byte 0: no signature"},
		{"version", set(4, "\x00\x00\x00\x05"), "unknown index version 5"},
		{"count", set(8, "\xff\xff\xff\xff"), "more entries than there is room for"},
		{"count by one", set(8, "\x00\x00\x00\x03"), "byte 244: entry cut short"},
		{"name length", set(headerSize+flagsAt, "\x00\x00"), "byte 12: entry's name has another length"},
		{"name length by one", set(headerSize+flagsAt, "\x00\x02"), "byte 12: entry's name has another length"},
		{"NUL in name", set(headerSize+62, "\x00"), "byte 12: entry's name has another length"},
		{"no name", set(headerSize+flagsAt, "\x00\x00\x00"), "entry without a name"},
		{"extended in version 2", set(second+flagsAt, "\x40\x62"), "byte 76: extended flags in version 2"},
		{"order", set(second+shortFixed, "A"), "byte 76: entries out of order"},
		{"type", set(second+modeAt, "\x00\x00\x10\x00"), "byte 76: unknown type of file"},
		{"folder", set(second+modeAt, "\x00\x00\x40\x00"), ErrSparse.Error()},
		{"unknown optional", extension("XXXX\x00\x00\x00\x01z"), ""},
		{"unknown needed", extension("xxxx\x00\x00\x00\x01z"), `unknown index extension "xxxx"`},
		{"split", extension("link\x00\x00\x00\x00"), ErrSplit.Error()},
		{"sparse", extension("sdir\x00\x00\x00\x00"), ErrSparse.Error()},
		{"extension's size", extension("XXXX\x00\x00\x00\x02z"), "extension cut short"},
		{"rest", extension("XXX"), "extension cut short"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.tamper(slices.Clone(good))
			_, err := Parse(b)
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			var damage *DamagedError
			if strings.Contains(tt.want, "byte") && !errors.As(err, &damage) {
				t.Errorf("error is a %T", err)
			}
			if _, merged := Merge(b, nil, nil); len(b) > 0 && (merged == nil || merged.Error() != err.Error()) {
				t.Errorf("Merge: %v, Parse: %v", merged, err)
			}
		})
	}
}

func TestParseEntries(t *testing.T) {
	r := newGitRepo(t)
	tracked("a/b", "a/c", "a/d")(r)
	r.git("update-index", "--skip-worktree", "a/b")
	r.git("update-index", "--assume-unchanged", "a/c")
	r.git("update-index", "--index-version", "4")
	id := r.blob("theirs")
	r.feed("120000 "+id.String()+" 3\tl\x00", "index", "update-index", "-z", "--index-info")
	want := []Entry{
		{Path: "a/b", Mode: 0100644, ID: id, SkipWorktree: true},
		{Path: "a/c", Mode: 0100644, ID: id, AssumeValid: true},
		{Path: "a/d", Mode: 0100644, ID: id},
		{Path: "l", Mode: 0120000, ID: id, Stage: 3},
	}
	index, err := Parse(r.readIndex())
	if err != nil {
		t.Fatal(err)
	}
	if index.Version != 4 || !slices.Equal(index.Entries, want) {
		t.Errorf("version %d, entries %+v\nwant %+v", index.Version, index.Entries, want)
	}
}
