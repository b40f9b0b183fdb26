package index

import (
	"bytes"
	"crypto/sha1"
	"slices"
	"testing"

	"timemachine/repo/git/object"
)

// seeds are indexes by real git: all versions, flags, a conflict, extensions.
func seeds(f *testing.F) [][]byte {
	r := newGitRepo(f)
	tracked("a", "b/c", "b/cd/e", "f/g")(r)
	all := [][]byte{r.readIndex()}
	r.git("update-index", "--skip-worktree", "b/c")
	all = append(all, r.readIndex())
	r.git("update-index", "--index-version", "4")
	r.feed("100644 "+r.blob("x").String()+" 2\tz\x00", "index", "update-index", "-z", "--index-info")
	all = append(all, r.readIndex())
	r.git("update-index", "--split-index")
	all = append(all, r.readIndex())
	for i, b := range all { // without a checksum a mutation is not refused at once
		clear(b[len(b)-checksumSize:])
		all[i] = b
	}
	return all
}

func unsigned(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) >= checksumSize {
		clear(b[len(b)-checksumSize:])
	}
	return b
}

// signed is b with the checksum that belongs to it.
func signed(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) >= checksumSize {
		sum := sha1.Sum(b[:len(b)-checksumSize])
		copy(b[len(b)-checksumSize:], sum[:])
	}
	return b
}

// FuzzParse: what parses says the same after a merge of nothing.
func FuzzParse(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = unsigned(b)
		index, err := Parse(b)
		merged, mergeErr := Merge(b, nil, nil)
		if len(b) > 0 && (err == nil) != (mergeErr == nil) {
			t.Fatalf("Parse: %v, Merge: %v", err, mergeErr)
		}
		if err != nil {
			return
		}
		again, err := Parse(merged)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(index.Entries, again.Entries) {
			t.Errorf("entries %+v\nwere %+v", again.Entries, index.Entries)
		}
		if twice, err := Merge(merged, nil, nil); err != nil || !bytes.Equal(twice, merged) {
			t.Errorf("a second merge of nothing changes the index: %v\n%q\n%q", err, twice, merged)
		}
	})
}

// FuzzMerge: what Merge accepts Parse accepts, our paths are in it, and nothing is beside or below
// them.
func FuzzMerge(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, "b/c", "b", false)
		f.Add(b, "a/b", "z", true)
		f.Add(b, "b/cd", "f/h/i", true)
	}
	f.Fuzz(func(t *testing.T, old []byte, one, two string, remove bool) {
		trees := func(dir string) (tree object.ID, ok bool) { return someID, dir != one }
		changes := []Change{change(one), {Path: two, Mode: 0120000, ID: someID, Remove: remove}}
		b, err := Merge(unsigned(old), changes, trees)
		if err != nil {
			return
		}
		index, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		var updated bytes.Buffer
		if err := LookAhead(signed(old)).Update(&updated, changes, trees); err != nil {
			t.Fatalf("Update refuses what Merge takes: %v", err)
		}
		if got, err := Parse(updated.Bytes()); err != nil || !slices.Equal(got.Entries, index.Entries) {
			t.Errorf("Update gives %+v, %v\nMerge %+v", got, err, index)
		}
		found := map[string]int{}
		for _, e := range index.Entries {
			found[e.Path]++
		}
		if one != two && found[one] != 1 || !remove && found[two] != 1 || remove && found[two] != 0 {
			t.Errorf("%q %d times, %q %d times, removed: %v", one, found[one], two, found[two], remove)
		}
		if f, err := readFile(b); err != nil || parseNodes(f.tree) == nil {
			t.Errorf("cache tree does not parse: %v", err)
		}
	})
}
