package watch

import (
	"slices"
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
