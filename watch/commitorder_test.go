package watch

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/watch/cache"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// TestCommitOrder: by mtime; large files come later, floods of other users last and the smaller one
// first, and what frees a path before all.
func TestCommitOrder(t *testing.T) {
	const self, few, many, most = 7, 8, 9, 10
	base := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	change := func(path string, uid uint32, at int, size int64) scan.Change {
		mtime := base.Add(time.Duration(at) * time.Second)
		return scan.Change{File: &scan.File{Path: path, Stat: disk.Stat{Mode: unix.S_IFREG | 0o644, UID: uid, Size: size,
			MtimeSec: mtime.Unix()}}}
	}
	deletion := func(path string, uid uint32) scan.Change {
		return scan.Change{Deleted: true, File: &scan.File{Path: path}, Before: &cache.State{UID: uid}}
	}
	changes := []scan.Change{
		deletion("/w/gone", self), deletion("/w/freed", most), change("/w/freed/file", few, 9, 1),
		change("/w/large", self, 1, 1<<30), change("/w/new", self, 5, 1), change("/w/old", few, 2, 1),
		change("/w/sparse", many, 1, 1<<40), change("/w/small", many, 2, 1),
	}
	want := []string{"/w/freed", "/w/old", "/w/new", "/w/freed/file", "/w/gone", "/w/large", "/w/small", "/w/sparse"}
	ordinary := len(want) - 2
	for range floodChanges + 1 {
		changes = append(changes, change("/w/most", most, 0, 0))
		want = append(want, "/w/most")
	}
	changes = append(changes, deletion("/w/most gone", most))
	want = append(want, "/w/most gone")
	got := sortForCommit(changes, func(p string) string { return p }, self)
	var paths []string
	for _, c := range changes {
		paths = append(paths, c.File.Path)
	}
	if got != ordinary || !slices.Equal(paths, want) {
		t.Errorf("%d come before the floods, want %d; the order begins %q, want %q", got, ordinary, paths[:10], want[:10])
	}
}

// TestCommitOrderOfAnyChanges compares with the order spelled out: a stable sort that works out
// rank and turn for each comparison.
func TestCommitOrderOfAnyChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(some ...string) string { return some[random.IntN(len(some))] }
	for range 300 {
		changes := make([]scan.Change, random.IntN(60))
		for i := range changes {
			path := "/w/" + pick("a", "b", "A") + pick("", "/x", "/y") + pick("", "/x", "/y")
			mode := []uint32{unix.S_IFREG, unix.S_IFLNK, unix.S_IFDIR}[random.IntN(3)]
			c := scan.Change{File: &scan.File{Path: path, Stat: disk.Stat{Mode: mode, Ino: uint64(i), UID: uint32(random.IntN(4)),
				Size: []int64{1, largeSource + 1, floodBytes}[random.IntN(3)], MtimeSec: int64(random.IntN(3)) - 1, MtimeNsec: uint32(random.IntN(3))}}}
			if c.Deleted = random.IntN(4) == 0; c.Deleted || random.IntN(4) == 0 {
				c.Before = &cache.State{UID: c.File.Stat.UID, Folder: random.IntN(2) == 0, Deleted: random.IntN(2) == 0}
			}
			changes[i] = c
		}
		if random.IntN(4) == 0 {
			changes = slices.DeleteFunc(changes, func(c scan.Change) bool { return c.Deleted })
		}
		want := slices.Clone(changes)
		wantOrdinary := sortPlainly(want, 1)
		got := sortForCommit(changes, strings.ToLower, 1)
		if got != wantOrdinary || !slices.Equal(changes, want) {
			t.Fatalf("%d come before the floods, want %d; the order is %v, want %v", got, wantOrdinary, changes, want)
		}
	}
}

func sortPlainly(changes []scan.Change, self uint32) (ordinary int) {
	taken, above := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if path := strings.ToLower(c.File.Path); !c.Deleted {
			taken[path] = taken[path] || !c.File.Stat.IsDir()
			for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
				above[p] = true
			}
		}
	}
	rank := func(c *scan.Change) int {
		path := strings.ToLower(c.File.Path)
		below := anyAbove(taken, path)
		switch {
		case c.Deleted && c.Before.Folder && below:
			return freeingFolderRank
		case c.Deleted && c.Before.Folder:
			return deletedFolderRank
		case c.Deleted && (taken[path] || above[path] || below):
			return freeingFileRank
		case c.Deleted:
			return deletedFileRank
		case !c.File.Stat.IsDir():
			return fileRank
		case c.Before != nil && !c.Before.Deleted && !c.Before.Folder:
			return becomesFolderRank
		}
		return folderRank
	}
	turns := turnsOf(changes, self)
	turn := func(c *scan.Change) int {
		if rank(c) <= becomesFolderRank {
			return 0
		}
		return turns.of(c)
	}
	slices.SortStableFunc(changes, func(a, b scan.Change) int {
		byPath := strings.Compare(a.File.Path, b.File.Path)
		switch rank(&a) {
		case freeingFolderRank, deletedFolderRank:
			byPath = -byPath
		case fileRank:
			byPath = cmp.Or(a.File.Stat.Mtime().Compare(b.File.Stat.Mtime()), byPath)
		}
		return cmp.Or(turn(&a)-turn(&b), rank(&a)-rank(&b), byPath)
	})
	return len(slices.DeleteFunc(slices.Clone(changes), func(c scan.Change) bool { return turn(&c) >= firstFloodTurn }))
}

// BenchmarkCommitOrder sorts the changes of a first run.
func BenchmarkCommitOrder(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]scan.Change, 100_000)
	for i := range all {
		all[i].File = &scan.File{Path: fmt.Sprintf("/mnt/w/src/d%04d/f%05d.conf", i/100, i), Stat: disk.Stat{Mode: unix.S_IFREG, MtimeSec: int64(random.IntN(1000)), MtimeNsec: random.Uint32N(1e9)}}
	}
	b.ReportAllocs()
	for b.Loop() {
		sortForCommit(slices.Clone(all), func(p string) string { return p }, 1)
	}
}
