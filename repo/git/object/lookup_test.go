package object

import (
	"errors"
	"slices"
	"testing"
)

func TestFolderLookup(t *testing.T) {
	stored := map[ID][]byte{}
	put := func(entries ...string) ID { // name, then the tree's ID; "" is a file
		var raw []byte
		for i := 0; i < len(entries); i += 2 {
			mode := "40000 "
			id := ID{1}
			if entries[i+1] == "" {
				mode = "100644 "
			} else {
				id, _ = ParseID(entries[i+1])
			}
			raw = append(append(raw, mode+entries[i]+"\x00"...), id[:]...)
		}
		id := Hash(Tree, raw)
		stored[id] = raw
		return id
	}
	deep := put("file", "")
	left := put("deep", deep.String(), "file", "")
	lost := ID{2}
	root := put("left", left.String(), "lost", lost.String(), "right", deep.String())
	reads := 0
	read := func(id ID) ([]byte, error) {
		reads++
		raw, ok := stored[id]
		if !ok {
			return nil, errors.New("not stored")
		}
		return raw, nil
	}
	l := NewFolderLookup(read, root)
	for _, c := range []struct {
		path  string
		want  ID
		reads int
	}{
		{"left/deep", deep, 2}, {"left", left, 0}, {"left/deep", deep, 0}, {"left/file", ID{}, 0}, {"left/none/x", ID{}, 0},
		{"right", deep, 0}, {"", root, 0}, {"lost/x", ID{}, 1}, {"lost", lost, 0}, {"right/file", ID{}, 1},
	} {
		reads = 0
		got, ok := l.Tree(c.path)
		if got != c.want || ok == c.want.IsZero() || reads != c.reads {
			t.Errorf("%q: %s, %v with %d reads; want %s with %d", c.path, got, ok, reads, c.want, c.reads)
		}
	}
}

// TestLookup finds files and folders, and tells what it met on the way.
func TestLookup(t *testing.T) {
	stored := map[ID][]byte{}
	put := func(e TreeEntry) ID {
		raw := appendEntry(nil, e)
		id := Hash(Tree, raw)
		stored[id] = raw
		return id
	}
	file := TreeEntry{"f", ModeFile, ID{7}}
	inner := TreeEntry{"b", ModeTree, put(file)}
	outer := TreeEntry{"a", ModeTree, put(inner)}
	root := TreeEntry{Mode: ModeTree, ID: put(outer)}
	lost := errors.New("not stored")
	read := func(id ID) ([]byte, error) {
		if raw, ok := stored[id]; ok {
			return raw, nil
		}
		return nil, lost
	}
	for _, c := range []struct {
		path string
		want TreeEntry
		ok   bool
		met  []TreeEntry
	}{
		{"a/b/f", file, true, []TreeEntry{root, outer, inner, file}},
		{"a/b", inner, true, []TreeEntry{root, outer, inner}},
		{"a/c", TreeEntry{}, false, []TreeEntry{root, outer}},
		{"a/b/f/g", TreeEntry{}, false, []TreeEntry{root, outer, inner, file}},
	} {
		var met []TreeEntry
		got, ok, err := Descend(read, root.ID, c.path, func(e TreeEntry) { met = append(met, e) })
		if ok != c.ok || ok && got != c.want || err != nil || !slices.Equal(met, c.met) {
			t.Errorf("%s: %v, %v, %v on the way %v", c.path, got, ok, err, met)
		}
	}
	if _, ok, err := Lookup(read, ID{9}, "a"); ok || !errors.Is(err, lost) {
		t.Errorf("a root that cannot be read: %v, %v", ok, err)
	}
}
