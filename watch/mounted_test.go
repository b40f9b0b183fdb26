package watch_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEmptyFolderWithoutACache: without a cache nothing tells which device known files were on. An
// empty folder above them may be one whose disk is not mounted.
func TestEmptyFolderWithoutACache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("disk/a", "a")
	w.write("disk/d/b", "b")
	w.write("beside", "b")
	w.run(3)
	w.check(os.Rename(w.path("disk"), w.src+"-away"))
	w.check(os.Mkdir(w.path("disk"), 0o755))
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	for range 2 {
		if p := w.run(0); len(p) != 1 || p[0].Path != w.path("disk") {
			t.Fatalf("problems %v", p)
		}
	}
	w.accept = []string{w.path("disk/a")}
	w.run(1)
	w.want("Delete disk/a")
	w.accept = nil
	w.check(os.Remove(w.path("disk")))
	w.check(os.Rename(w.src+"-away", w.path("disk")))
	w.run(1)
	w.want("Add disk/a")
}

// TestListedLinkIntoProc is recorded with its content, and no more than once.
func TestListedLinkIntoProc(t *testing.T) {
	t.Parallel()
	const target = "/proc/sys/fs/inotify/max_user_watches"
	want, err := os.ReadFile(target)
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	w := newWorld(t)
	w.check(os.Symlink(target, w.path("link")))
	w.list(w.path("link"))
	w.run(1)
	if got := w.committed("link"); got != string(want) {
		t.Errorf("recorded as %q, it is %q", got, want)
	}
	w.run(0)
}
