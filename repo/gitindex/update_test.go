package gitindex

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"timemachine/repo/object"
)

// TestUpdateInPlace replaces entries of an index by git without copying the others, and gives what Merge gives.
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
		u := startUpdate(old, changes)
		if u == nil {
			t.Fatalf("%d changes are left to Merge", n)
		}
		before := slices.Clone(old)
		got := bytes.Join(u.finish(trees), nil)
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
		unknown := func(string) (before, after object.ID, ok bool) { return }
		if u := startUpdate(tt.spoil(r.readIndex()), []Change{tt.change}); u != nil && u.finish(unknown) != nil {
			t.Errorf("%s: taken for an entry to be replaced", tt.name)
		}
	}
}
