package watch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo/repotest"
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

// TestPlaceOfADiskIsRemoved: the folder that a disk was mounted on is deleted, after a run without
// a cache has seen it empty. What is on the disk did not go with it.
func TestPlaceOfADiskIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("disk/a", "a")
	w.run(1)
	w.check(os.Rename(w.path("disk"), w.src+"-away"))
	w.check(os.Mkdir(w.path("disk"), 0o755))
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.run(0)
	w.check(os.Remove(w.path("disk")))
	w.write("later", "l")
	for _, recorded := range []int{1, 0} {
		if p := w.run(recorded); len(p) != 1 || p[0].Path != w.src {
			t.Fatalf("problems %v", p)
		}
	}
	w.check(os.Rename(w.src+"-away", w.path("disk")))
	if p := w.run(0); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
}

// TestLaterFileWithoutACache: what was recorded after a file tells nothing about it, also where a
// run over other files has begun another cache since.
func TestLaterFileWithoutACache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("disk/a", "a")
	w.write("other/file", "o")
	w.run(2)
	w.check(os.Rename(w.path("disk"), w.src+"-away"))
	w.write("disk/later", "l")
	w.only = []string{w.path("disk/later")}
	w.run(1)
	w.only = nil
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	list := w.config
	w.config = "- " + w.path("other") + "\n"
	w.run(0)
	w.config = list
	for range 2 {
		if p := w.run(0); len(p) != 1 || p[0].Path != w.path("disk") {
			t.Fatalf("problems %v", p)
		}
	}
}

// TestStrayWithoutACache: a file that came into the folder while its disk was away tells nothing
// about the disk's files, also once it is recorded. The known files do when they are back.
func TestStrayWithoutACache(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		w := newWorld(t)
		cache := filepath.Join(w.dest, ".git/timemachine/cache")
		w.write("disk/a", "a")
		w.write("disk/d/b", "b")
		w.write("disk/d/c", "c")
		w.write("beside", "b")
		w.run(4)
		w.check(os.Rename(w.path("disk"), w.src+"-away"))
		w.check(os.Mkdir(w.path("disk"), 0o755))
		w.check(os.Remove(cache))
		w.write("disk/stray", "s")
		earlier := time.Now().Add(-time.Minute)
		w.check(os.Chtimes(w.path("disk/stray"), earlier, earlier)) // by which it is recorded first
		w.write("disk/a", "another a")
		for _, recorded := range []int{2, 0, 0} {
			if p := w.run(recorded); len(p) != 1 || p[0].Path != w.path("disk") {
				t.Fatalf("problems %v", p)
			}
			if again && recorded > 0 {
				w.check(os.Remove(cache))
			}
		}
		w.want("Add disk/stray", "Modify disk/a")
		w.check(os.RemoveAll(w.path("disk")))
		w.check(os.Rename(w.src+"-away", w.path("disk")))
		w.check(os.Remove(w.path("disk/d/b")))
		if p := w.run(3); len(p) > 0 {
			t.Fatalf("problems %v", p)
		}
		w.want("Modify disk/a", "Delete disk/d/b", "Delete disk/stray")
	}
}

// TestDeletedAfterAKilledRun: the cache lacks what a killed run has recorded last. That a file is
// deleted since is told by those beside it.
func TestDeletedAfterAKilledRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cache := filepath.Join(w.dest, ".git/timemachine/cache")
	w.write("d/a", "a")
	w.run(1)
	before, err := os.ReadFile(cache)
	w.check(err)
	w.write("d/b", "b")
	w.run(1)
	w.check(os.WriteFile(cache, before, 0o600))
	w.check(os.Remove(w.path("d/b")))
	w.write("d/c", "c")
	if p := w.run(2); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
	w.want("Add d/c", "Delete d/b")
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

// TestFolderInThePlaceOfASuspiciousFile: what is captured is recorded, whatever is suspicious, and
// the file whose place it takes ends.
func TestFolderInThePlaceOfASuspiciousFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("disk/f", "a file")
	w.write("beside", "b")
	w.run(2)
	w.check(os.RemoveAll(w.path("disk")))
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.write("disk/f/in", "in a folder")
	if p := w.run(2); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
	w.want("Change type of disk/f", "Add disk/f/in")
}

// TestRevertedDeletion of the last file in a folder is recorded again.
func TestRevertedDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("d/a", "a")
	w.write("beside", "b")
	w.run(2)
	w.check(os.Remove(w.path("d/a")))
	w.run(1)
	repotest.Git(t, w.dest, "revert", "--no-edit", "HEAD")
	if p := w.run(1); len(p) > 0 {
		t.Fatalf("problems %v", p)
	}
	w.want("Delete d/a")
}
