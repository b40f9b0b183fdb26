package durable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWalkerAfterAFailure: a call that failed half way leaves no folder in the root's place.
func TestWalkerAfterAFailure(t *testing.T) {
	top := t.TempDir()
	if err := os.MkdirAll(filepath.Join(top, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := OpenDir(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := NewWalker(root)
	defer w.Close()
	for _, path := range []string{"a/b", "a/none/c", "", "a", "none", "", "a/b", "a/b"} {
		d, err := w.Dir(path)
		if err != nil {
			continue
		}
		want, err := root.Lstat("")
		if path != "" {
			st, serr := os.Stat(filepath.Join(top, path))
			if serr != nil {
				t.Fatal(serr)
			}
			if got := d.Path(""); !os.SameFile(st, mustStat(t, got)) {
				t.Errorf("%q led to %s", path, got)
			}
			continue
		}
		if got, gerr := d.Lstat(""); err != nil || gerr != nil || !got.Same(want) {
			t.Errorf("the root led to %s, %v, %v", d.Path(""), err, gerr)
		}
	}
}

func mustStat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestWalkerInDeepFolders: a path of a thousand folders, walked down and up again, takes a small
// part of the descriptors that a process may have.
func TestWalkerInDeepFolders(t *testing.T) {
	root, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := NewWalker(root)
	defer w.Close()
	const depth = 1000
	path := func(n int) string { return strings.TrimSuffix(strings.Repeat("d/", n), "/") }
	var inodes [depth]Stat
	for n := 1; n < depth; n++ {
		d, err := w.MakeNew(path(n))
		if err != nil {
			t.Fatal(err)
		}
		if inodes[n], err = d.Lstat(""); err != nil {
			t.Fatal(err)
		}
	}
	for n := depth - 1; n > 0; n-- {
		d, err := w.Dir(path(n))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Lstat(""); err != nil || !got.Same(inodes[n]) {
			t.Fatalf("depth %d led elsewhere: %v", n, err)
		}
		if n%100 != 50 {
			continue
		}
		open, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		if len(open) > 250 {
			t.Fatalf("depth %d: %d files are open", n, len(open))
		}
	}
}
