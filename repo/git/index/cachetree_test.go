package index

import (
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

func TestParseNodes(t *testing.T) {
	id := strings.Repeat("i", 20)
	tests := []struct {
		name, in string
		want     int // nodes
	}{
		{"root", "\x000 0\n" + id, 1},
		{"not valid", "\x00-1 0\n", 1},
		{"kids", "\x00-1 2\nb\x00-1 0\naa\x001 0\n" + id, 3},
		{"empty", "", 0},
		{"named root", "a\x00-1 0\n", 0},
		{"kids out of order", "\x00-1 2\naa\x00-1 0\nb\x00-1 0\n", 0},
		{"kid twice", "\x00-1 2\na\x00-1 0\na\x00-1 0\n", 0},
		{"kid without name", "\x00-1 1\n\x00-1 0\n", 0},
		{"no kid", "\x00-1 1\n", 0},
		{"kids below none", "\x00-1 -1\n", 0},
		{"many kids", "\x00-1 999999999\n", 0},
		{"short object name", "\x000 0\n" + id[1:], 0},
		{"rest", "\x00-1 0\nx", 0},
		{"no number", "\x00x 0\n", 0},
		{"no end", "\x00-1 0", 0},
		{"too deep", "\x00-1 1\n" + strings.Repeat("a\x00-1 1\n", 1<<20), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes := parseNodes([]byte(tt.in))
			if len(nodes) != tt.want {
				t.Fatalf("%d nodes, want %d", len(nodes), tt.want)
			}
		})
	}
}

// TestRebuildDistrusts: old nodes that cannot be about these entries are dropped, however valid
// they say they are.
func TestRebuildDistrusts(t *testing.T) {
	index := mustMerge(t, nil, change("a/b"), change("a/c"), change("d"))
	f, err := readFile(index)
	if err != nil {
		t.Fatal(err)
	}
	id := string(someID[:])
	for name, old := range map[string]string{
		"none":       "",
		"root short": "\x002 0\n" + id,
		"root long":  "\x004 0\n" + id,
		"root empty": "\x000 0\n" + id,
		"root huge":  "\x009223372036854775807 0\n" + id,
		"kid short":  "\x00-1 1\na\x001 0\n" + id,
		"kid long":   "\x00-1 1\na\x003 0\n" + id,
		"kid empty":  "\x00-1 1\na\x000 0\n" + id,
		"other kid":  "\x00-1 1\nb\x002 0\n" + id,
	} {
		if got, want := string(rebuildTree(&f.entries, []byte(old), folders{}, nil)), "\x00-1 1\na\x00-1 0\n"; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestRebuildDeep: folders too deep for the cache cost it, and the next reader can still parse what
// is left.
func TestRebuildDeep(t *testing.T) {
	deep := strings.Repeat("a/", maxDepth+10)
	trees := func(string) (tree object.ID, ok bool) { return someID, true }
	index, err := Merge(nil, []Change{change(deep + "b"), change(deep + "c"), change("d")}, trees)
	if err != nil {
		t.Fatal(err)
	}
	f, err := readFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(parseNodes(f.tree)); got != maxDepth+1 {
		t.Errorf("%d nodes, want %d", got, maxDepth+1)
	}
}
