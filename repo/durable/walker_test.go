package durable

import (
	"os"
	"path/filepath"
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
