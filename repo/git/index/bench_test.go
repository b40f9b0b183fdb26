package index

import (
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"timemachine/repo/git/object"
)

// many is n changes in folders of 20, sorted as a bulk run gives them.
func many(n int) []Change {
	changes := make([]Change, n)
	for i := range changes {
		changes[i] = change(fmt.Sprintf("files/home/user/project%03d/src/package%05d/source-file-%06d.go", i/1000, i/20, i))
		binary.BigEndian.PutUint32(changes[i].ID[:], uint32(i))
	}
	return changes
}

func BenchmarkUpdate(b *testing.B) {
	bulk := many(100_000)
	full := mustMerge(b, nil, bulk...)
	full, err := Merge(full, nil, claimed(b, full))
	if err != nil {
		b.Fatal(err)
	}
	executable := many(100_000)
	var few, thousand []Change
	for i := range executable {
		executable[i].Mode = 0100755
		if i%100 == 0 {
			thousand = append(thousand, executable[i])
		}
		if i%40_000 == 0 {
			few = append(few, executable[i])
		}
	}
	unknown := func(string) (tree object.ID, ok bool) { return someID, true }
	for _, bb := range []struct {
		name    string
		old     []byte
		changes []Change
	}{
		{"3 into 100k", full, few},
		{"1k into 100k", full, thousand},
		{"100k into 100k", full, executable},
		{"100k into none", nil, bulk},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				if err := LookAhead(bb.old).Update(io.Discard, bb.changes, unknown); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// claimed knows every tree of an index, as git made them.
func claimed(b *testing.B, index []byte) Trees {
	r := newGitRepo(b)
	r.writeIndex(index)
	all := r.folderTrees(r.git("write-tree", "--missing-ok")[:40])
	return func(dir string) (tree object.ID, ok bool) {
		tree, ok = all[dir]
		return tree, ok
	}
}

func BenchmarkParse(b *testing.B) {
	full := mustMerge(b, nil, many(100_000)...)
	for b.Loop() {
		if _, err := Parse(full); err != nil {
			b.Fatal(err)
		}
	}
}
