package index

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// TestUpdateInPlace replaces entries of an index by git without copying the others, and gives what
// Merge gives.
func TestUpdateInPlace(t *testing.T) {
	var all []string
	for i := range 300 {
		all = append(all, fmt.Sprintf("files/d%02d/f%03d", i/10, i))
	}
	for _, n := range []int{0, 1, 7, 300} {
		r := newGitRepo(t)
		tracked(all...)(r)
		old := r.readIndex()
		ours := r.blob("ours")
		var changes []Change
		for i := range n {
			changes = append(changes, Change{Path: all[i*len(all)/n], Mode: 0100644, ID: ours, Stat: Stat{Size: 4, MtimeSec: int64(i)}})
		}
		trees := r.committed(changes)
		if !inPlace(old, changes) {
			t.Fatalf("%d changes are left to Merge", n)
		}
		before := slices.Clone(old)
		var b bytes.Buffer
		if err := LookAhead(old).Update(&b, changes, trees); err != nil {
			t.Fatal(err)
		}
		got := b.Bytes()
		if !bytes.Equal(before, old) {
			t.Error("old is another one now")
		}
		want, err := Merge(old, changes, trees)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d changes: %v, or another result than Merge's", n, err)
		}
		r.writeIndex(got)
		if valid, invalid := r.checkTree(got); valid != 32 || invalid != 0 {
			t.Errorf("%d changes: %d valid folders, %d not", n, valid, invalid)
		}
		r.git("fsck", "--strict")
	}
}

// inPlace tells whether Update does without Merge.
func inPlace(old []byte, changes []Change) bool {
	a := LookAhead(old)
	a.Wait()
	return a.intact && a.plain && a.inPlace(changes) != nil
}

// TestUpdateLeavesToMerge lists what is more than to put entries in the place of others.
func TestUpdateLeavesToMerge(t *testing.T) {
	good := change("a/b")
	sum := func(b []byte) []byte { return b }
	for _, tt := range []struct {
		name    string
		prepare func(r *gitRepo)
		change  Change
		spoil   func(b []byte) []byte
	}{
		{"a new name", tracked("a/c"), good, sum},
		{"a name to be removed", tracked("a/b"), Change{Path: "a/b", Remove: true}, sum},
		{"a folder", tracked("a/b/c"), good, sum},
		{"a flag", flagged("--skip-worktree"), good, sum},
		{"version 4", version("4", "a/b"), good, sum},
		{"no checksum", unsummed, good, sum},
		{"other extensions", cached, good, sum},
		{"damage", tracked("a/b"), good, func(b []byte) []byte { b[len(b)-checksumSize-1] ^= 1; return b }},
		{"cut short", tracked("a/b"), good, func(b []byte) []byte { return b[:len(b)-9] }},
		{"nothing", nil, good, func([]byte) []byte { return nil }},
	} {
		r := newGitRepo(t)
		if tt.prepare != nil {
			tt.prepare(r)
		}
		if inPlace(tt.spoil(r.readIndex()), []Change{tt.change}) {
			t.Errorf("%s: taken for an entry to be replaced", tt.name)
		}
	}
}
