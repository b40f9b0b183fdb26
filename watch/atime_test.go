package watch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// atime returns when a file or folder was last read.
func (w *world) atime(path string) time.Time {
	w.t.Helper()
	var st unix.Stat_t
	w.check(unix.Stat(path, &st))
	return time.Unix(st.Atim.Unix())
}

// TestReadingMovesNoAtime: a run reads files and folders as if it had not, where the system allows
// that.
func TestReadingMovesNoAtime(t *testing.T) {
	w := newWorldOnDisk(t)
	old := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	probe := filepath.Join(t.TempDir(), "probe")
	w.check(os.WriteFile(probe, []byte("x"), 0o600))
	w.check(os.Chtimes(probe, old, time.Now()))
	_, err := os.ReadFile(probe)
	w.check(err)
	if w.atime(probe).Equal(old) {
		t.Skip("NOT TESTED: this file system keeps no atime")
	}
	w.write("small", "1")
	w.write("d/large", string(make([]byte, 9<<20)))
	places := []string{w.src, w.path("d"), w.path("small"), w.path("d/large")}
	for range 2 {
		for _, path := range places {
			w.check(os.Chtimes(path, old, time.Now()))
		}
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		for _, path := range places {
			if at := w.atime(path); !at.Equal(old) {
				t.Errorf("the atime of %s is %v", path, at)
			}
		}
		w.write("small", "22")
	}
}
