package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/repo/restore"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/disk"
)

// sameStat makes the cache hold the present stat of a file, as if its content had changed without
// it.
func (w *world) sameStat(name string) {
	w.t.Helper()
	w.editState(name, func(s *cache.State) {
		var err error
		s.Stat, err = disk.StatAt(unix.AT_FDCWD, w.path(name), unix.AT_SYMLINK_NOFOLLOW)
		w.check(err)
		s.Doubtful = false
	})
}

// editState changes what the cache holds of a file.
func (w *world) editState(name string, edit func(s *cache.State)) {
	w.t.Helper()
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	c, err := cache.Load(w.t.Context(), r, w.head())
	w.check(err)
	defer c.Close()
	s := c.FindOrAdd(w.path(name))
	edit(s)
	c.MarkChanged(s)
	w.check(c.Save(r.State()))
}

// TestRestoreRecordsWhatTheStatHides replaces files and links, also in the place of a folder, whose
// content changed without their stat: it is in the history first.
func TestRestoreRecordsWhatTheStatHides(t *testing.T) {
	w := newWorld(t)
	w.write("f", "then")
	w.write("d/e", "then")
	w.check(os.Symlink("then", w.path("link")))
	w.run(3)
	at := w.tip()
	w.check(os.RemoveAll(w.path("d")))
	w.check(os.Remove(w.path("link")))
	w.check(os.Symlink("once", w.path("link")))
	w.write("d", "once")
	w.run(3)
	w.write("f", "unrecorded f")
	w.write("d", "unrecorded d")
	w.check(os.Remove(w.path("link")))
	w.check(os.Symlink("unrecorded link", w.path("link")))
	for _, name := range []string{"f", "d", "link"} {
		w.sameStat(name)
	}
	w.run(0)
	w.must(at)
	for name, want := range map[string]string{"f": "then", "d/e": "then"} {
		if b, err := os.ReadFile(w.path(name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, lost := range []string{"unrecorded f", "unrecorded d", "unrecorded link"} {
		if repotest.Git(t, w.dest, "log", "--oneline", "-S"+lost) == "" {
			t.Errorf("%q was replaced without being recorded", lost)
		}
	}
}

// mapped is a file on a file system in memory, where only the first write through a mapping changes
// the times.
type mapped struct{ b []byte }

func (w *world) mapFile(name, data string) *mapped {
	w.write(name, data)
	f, err := os.OpenFile(w.path(name), os.O_RDWR, 0)
	w.check(err)
	defer f.Close()
	b, err := unix.Mmap(int(f.Fd()), 0, len(data), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	w.check(err)
	w.t.Cleanup(func() { unix.Munmap(b) })
	copy(b, data) // the first write sets the times
	return &mapped{b}
}

// newWorldInMemory is a world on a file system in memory.
func newWorldInMemory(t *testing.T) *world { return newWorldIn(t, inMemory(t)) }

func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "timemachine-")
	if err != nil {
		t.Skip("no file system in memory")
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestRestoreRecordsAMappedFile restores over a file that a program writes through a mapping.
func TestRestoreRecordsAMappedFile(t *testing.T) {
	w := newWorldInMemory(t)
	m := w.mapFile("db", "first")
	w.ahead = time.Hour // so that the file's age leaves no doubt
	w.run(1)
	copy(m.b, "later")
	w.run(0)
	w.must(history.Point{})
	if b, _ := os.ReadFile(w.path("db")); string(b) != "first" {
		t.Errorf("%q", b)
	}
	if repotest.Git(t, w.dest, "log", "--oneline", "-Slater") == "" {
		t.Error("the content was replaced without being recorded")
	}
}

// writeAt calls do once, when restore creates a new file in a folder.
type writeAt struct {
	dir string
	do  func()
}

func (*writeAt) After(*durable.Op) {}

func (h *writeAt) Before(op *durable.Op) error {
	if do := h.do; do != nil && op.Kind == durable.Create && filepath.Dir(op.Path) == h.dir && strings.HasPrefix(filepath.Base(op.Path), ".#timemachine-") {
		h.do = nil
		do()
	}
	return nil
}

// TestRestoreLeavesWhatChangesMeanwhile: a file that changes after it was recorded stays, though
// its stat is the same; with OverwriteAlways, too.
func TestRestoreLeavesWhatChangesMeanwhile(t *testing.T) {
	for _, how := range []restore.Overwrite{restore.OverwriteChanged, restore.OverwriteAlways} {
		w := newWorldInMemory(t)
		m := w.mapFile("db", "first")
		w.run(1)
		copy(m.b, "later")
		remove := durable.SetSeam(&writeAt{w.src, func() { copy(m.b, "after") }})
		plan, err := w.restore(history.Point{}, watch.RestoreOptions{Overwrite: how}, w.src)
		remove()
		w.check(err)
		if b, _ := os.ReadFile(w.path("db")); string(b) != "after" || plan.Steps[1].Err == nil {
			t.Errorf("%q, %v", b, plan.Steps[1].Err)
		}
		if names, _ := filepath.Glob(w.path(".#*")); len(names) > 0 {
			t.Errorf("left %q", names)
		}
	}
}

// TestRestoreElsewhereSparesUnrecorded: below another folder, too, content that no version holds
// stays unless all is to be overwritten.
func TestRestoreElsewhereSparesUnrecorded(t *testing.T) {
	w := newWorld(t)
	w.write("a", "first")
	w.write("b", "first")
	w.run(2)
	to := t.TempDir()
	into := func(name string) string { return filepath.Join(to, w.path(name)) }
	w.check(os.MkdirAll(filepath.Dir(into("a")), 0o755))
	w.check(os.WriteFile(into("a"), []byte("precious"), 0o644))
	w.check(os.WriteFile(into("b"), []byte("first"), 0o600))
	for _, dry := range []bool{true, false} {
		plan, err := w.restore(history.Point{}, watch.RestoreOptions{To: to, DryRun: dry}, w.src)
		w.check(err)
		failed := map[string]error{}
		for i := range plan.Steps {
			failed[plan.Steps[i].Source] = plan.Steps[i].Err
		}
		if failed[w.path("a")] == nil || failed[w.path("b")] != nil {
			t.Errorf("dry %v: %v", dry, failed)
		}
	}
	if b, _ := os.ReadFile(into("a")); string(b) != "precious" {
		t.Errorf("a: %q", b)
	}
	if st, err := os.Stat(into("b")); err != nil || st.Mode() != 0o644 {
		t.Errorf("b: %v, %v", st, err)
	}
	_, err := w.restore(history.Point{}, watch.RestoreOptions{To: to, Overwrite: restore.OverwriteAlways}, w.src)
	w.check(err)
	if b, _ := os.ReadFile(into("a")); string(b) != "first" {
		t.Errorf("a: %q", b)
	}
}

// TestRestoreComparesWhatItWrote tells of each attribute that a written file did not keep.
func TestRestoreComparesWhatItWrote(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"mode": func(path string) error { return os.Chmod(path, 0o604) },
		// FAT keeps every other second.
		"":        func(path string) error { return os.Chtimes(path, day0, day0.Truncate(2*time.Second)) },
		"mtime":   func(path string) error { return os.Chtimes(path, time.Now(), time.Now()) },
		"content": func(path string) error { return os.Truncate(path, 2) },
		"owner":   func(path string) error { return os.Lchown(path, 65534, 65534) },
	} {
		if name == "owner" && os.Geteuid() != 0 {
			continue
		}
		w := newWorld(t)
		w.write("a", "content")
		w.check(os.Chtimes(w.path("a"), day0, day0))
		w.run(1)
		w.check(os.Remove(w.path("a")))
		remove := durable.SetSeam(&spoiler{w.src, spoil})
		plan, err := w.restore(history.Point{Commit: w.head()}, watch.RestoreOptions{}, w.path("a"))
		remove()
		w.check(err)
		got := strings.Join(plan.Steps[0].StillDiffers, " ")
		if name == "content" {
			got = strings.TrimSuffix(got, " mtime")
		}
		if got != name {
			t.Errorf("%s: %q, %v", name, got, plan.Steps[0].Err)
		}
	}
}

var day0 = time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC)

// spoiler changes a new file just before it gets its name.
type spoiler struct {
	dir   string
	spoil func(path string) error
}

func (*spoiler) After(*durable.Op) {}

func (s *spoiler) Before(op *durable.Op) error {
	if op.Kind != durable.Rename || filepath.Dir(op.Path) != s.dir {
		return nil
	}
	names, _ := filepath.Glob(filepath.Join(s.dir, ".#timemachine-*"))
	for _, name := range names {
		if err := s.spoil(name); err != nil {
			return err
		}
	}
	return nil
}
