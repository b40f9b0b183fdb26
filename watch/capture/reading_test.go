package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/pattern"
	"timemachine/watch/scan"
)

// slowStore is a store that calls meanwhile in the middle of a large content, and once at the end
// of each content.
type slowStore struct {
	meanwhile, after func()
}

func (s *slowStore) Blob(body []byte, _ object.ID) (object.ID, error) {
	s.after()
	return object.HashBlob(body)
}

func (s *slowStore) BlobFrom(size int64, src io.Reader, _ object.ID) (object.ID, error) {
	body := make([]byte, size)
	if _, err := io.ReadFull(src, body[:size/2]); err != nil {
		return object.ID{}, err
	}
	s.meanwhile()
	if _, err := io.ReadFull(src, body[size/2:]); err != nil {
		return object.ID{}, err
	}
	return s.Blob(body, object.ID{})
}

// captureFile captures the file at path.
func captureFile(c *Capturer, path string, before *cache.State) (Content, error) {
	folder := filepath.Dir(path)
	st, err := disk.StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return Content{}, err
	}
	ch := scan.Change{File: &scan.File{Path: path, Stat: st, Entry: &config.Entry{Text: folder, Glob: pattern.Glob{Root: folder}}}, Before: before}
	o := Opener{Own: new(own.Set)}
	defer o.Close()
	return c.Capture(&ch, &o)
}

// TestDoubtCountsFromTheOpening: a source is captured at the moment before it is opened, however
// long it takes to store. Whether a later change could hide behind its stat depends on that moment.
func TestDoubtCountsFromTheOpening(t *testing.T) {
	for _, size := range []int{24, SmallFile + 1} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			age      time.Duration // of the file's last change when it is opened
			doubtful bool
		}{{0, true}, {1900 * time.Millisecond, true}, {3 * time.Second, false}, {-time.Hour, true}, {-48 * time.Hour, false}} {
			st, err := disk.StatAt(unix.AT_FDCWD, path, 0)
			if err != nil {
				t.Fatal(err)
			}
			opened := st.Ctime().Add(test.age)
			now := opened
			wait := func() { now = now.Add(time.Minute) }
			c := &Capturer{Ctx: t.Context(), To: &slowStore{wait, wait}, Clock: func() time.Time { return now }}
			got, err := captureFile(c, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !got.At.Equal(opened) || got.Doubtful != test.doubtful {
				t.Errorf("%d bytes, changed %v before: captured %v after the opening, doubtful %v", size, test.age, got.At.Sub(opened), got.Doubtful)
			}
		}
	}
}

// TestWhatIsTorn changes a file in the middle of its reading: one of bytes, and one that is a hole.
func TestWhatIsTorn(t *testing.T) {
	const size = SmallFile + 1<<20
	for _, hole := range []bool{false, true} {
		testWhatIsTorn(t, size, hole)
	}
}

func testWhatIsTorn(t *testing.T, size int64, hole bool) {
	for _, test := range []struct {
		name   string
		change func(f *os.File) error
		torn   bool
	}{
		{"nothing", func(f *os.File) error { return nil }, false},
		{"growth", func(f *os.File) error { _, err := f.WriteAt([]byte("more"), size); return err }, false},
		{"growth, and bytes that were read", func(f *os.File) error {
			_, err := f.WriteAt([]byte("more"), size)
			_, werr := f.WriteAt([]byte("other"), 100)
			return errors.Join(err, werr)
		}, true},
		{"growth, and bytes that were not read yet", func(f *os.File) error {
			_, err := f.WriteAt([]byte("more"), size)
			_, werr := f.WriteAt([]byte("other"), size-100)
			return errors.Join(err, werr)
		}, hole}, // they are stored as they are at the end, but not in a hole
		{"bytes, within the clock's tick", func(f *os.File) error { _, err := f.WriteAt([]byte("other"), 100); return err }, true},
		{"the end", func(f *os.File) error { return f.Truncate(size - 1) }, true},
	} {
		path := filepath.Join(t.TempDir(), "f")
		body := bytes.Repeat([]byte("x"), int(size))
		if hole {
			body = nil
		}
		if err := errors.Join(os.WriteFile(path, body, 0o600), os.Truncate(path, size)); err != nil {
			t.Fatal(err)
		}
		change := func() {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err == nil {
				err = errors.Join(test.change(f), f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		c := &Capturer{Ctx: t.Context(), To: &slowStore{change, func() {}}, Clock: time.Now}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		st, err := disk.StatFD(int(f.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		file := &sourceFile{fd: int(f.Fd()), path: path, holes: disk.TellsHoles(int(f.Fd()))}
		r := &reading{f: file, stat: st, stamp: disk.StampTime()}
		_, err = c.To.BlobFrom(size, r.reader(t.Context()), object.ID{})
		if torn := errors.Is(err, ErrTorn); torn != test.torn || err != nil && !torn {
			t.Errorf("%s, a hole %v: %v", test.name, hole, err)
		}
		f.Close()
	}
}

// TestShrinkingFileIsStoredAsRead shrinks a large file whenever it is read: by some bytes, or by
// more each time. The last of the torn runs stores what there is of it.
func TestShrinkingFileIsStoredAsRead(t *testing.T) {
	const size = SmallFile + 4<<20
	for name, next := range map[string]func(size int64) int64{
		"once":         func(int64) int64 { return size - 5 },
		"steadily":     func(n int64) int64 { return n - 1<<20 },
		"to a third":   func(n int64) int64 { return n / 3 },
		"to nothing":   func(int64) int64 { return 0 },
		"not any more": func(n int64) int64 { return n },
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
		left := int64(size)
		shrink := func() {
			if left = next(left); os.Truncate(path, left) != nil {
				t.Error("the file cannot be truncated")
			}
		}
		c := &Capturer{Ctx: t.Context(), To: &slowStore{shrink, func() {}}, Clock: time.Now}
		got, err := captureFile(c, path, &cache.State{TornRuns: MaxTornRuns - 1})
		if err != nil || got.Blob.IsZero() || got.Size > size || name == "once" && got.Size != size-5 {
			t.Errorf("%s: %d bytes, torn %v, %v", name, got.Size, got.Torn, err)
		}
	}
}

// TestCoarseClock: on a file system with whole seconds, a file that is overwritten while it is read
// can have the same stat afterwards.
func TestCoarseClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, test := range []struct {
		age    time.Duration
		nsec   uint32
		steady bool
	}{{time.Second, 0, false}, {3 * time.Second, 0, true}, {time.Second, 5, true}, {time.Millisecond, 5, false}} {
		at := time.Now()
		mtime := at.Add(-test.age)
		st, err := disk.StatFD(int(f.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, mtime, time.Unix(mtime.Unix(), int64(test.nsec))); err != nil {
			t.Fatal(err)
		}
		if st, err = disk.StatFD(int(f.Fd())); err != nil {
			t.Fatal(err)
		}
		r := &reading{f: &sourceFile{fd: int(f.Fd()), path: path}, stat: st, stamp: st.Mtime().Add(test.age)}
		r.hash.WriteString("bytes") // that were read before
		if steady, err := r.isSteady(t.Context(), 5); err != nil || steady != test.steady {
			t.Errorf("%v after the mtime %v: %v %v", test.age, st.Mtime(), steady, err)
		}
	}
}
