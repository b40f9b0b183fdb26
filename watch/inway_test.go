package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/layout"
)

// TestFolderInACopysPlace: a folder of somebody's that has a copy's name stays, with what it holds. The copy that cannot
// have its place is named with the reason, and nothing of it is left where it was made ready.
func TestFolderInACopysPlace(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("b", "1")
	w.run(2)
	for _, name := range []string{"a", "b"} {
		w.write(name, "2")
	}
	when := time.Unix(1_700_000_000, 5000)
	w.check(os.Chtimes(w.path("a"), when, when))
	name, err := layout.Usual.CopyPath(w.path("a"), when, 0)
	w.check(err)
	place := filepath.Join(w.dest, name)
	w.check(os.MkdirAll(filepath.Join(place, "somebody's"), 0o700))

	s, p, err := w.try()
	w.check(err)
	if s.Versions != 2 || len(p) != 1 || p[0].Path != w.path("a") || !strings.Contains(p[0].Msg, "has no copy beside the history: directory not empty") {
		t.Errorf("%d versions, it says %v", s.Versions, p)
	}
	if staged, err := os.ReadDir(filepath.Join(w.dest, ".git/timemachine/stage")); err != nil || len(staged) > 0 {
		t.Errorf("left in the stage: %v %v", staged, err)
	}
	if _, err := os.Stat(filepath.Join(place, "somebody's")); err != nil {
		t.Error(err)
	}
	w.check(os.RemoveAll(place))
	w.run(0)
	if b, err := os.ReadFile(place); err != nil || string(b) != "2" {
		t.Errorf("the copy is %q, %v", b, err)
	}
	if found, _ := w.verify(repo.VerifyOptions{}); len(found) > 0 {
		t.Errorf("verify: %+v", found)
	}
}

// TestSomebodysOwnFile: a file of somebody's own in files/ that has the place of a new source is kept under another name.
func TestSomebodysOwnFile(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	for _, name := range []string{"b", "b.aside"} {
		w.check(os.WriteFile(w.file(name), []byte("my own "+name), 0o600))
	}
	w.check(os.Symlink("elsewhere", w.file("c")))
	w.write("b", "2")
	w.write("c", "3")
	_, p, err := w.try()
	w.check(err)
	if len(p) != 2 || !p[0].Warning || !strings.Contains(p[0].Msg, "somebody's own") {
		t.Errorf("it says: %v", p)
	}
	for name, want := range map[string]string{"b": "2", "c": "3", "b.aside": "my own b.aside", "b.aside2": "my own b"} {
		if got, err := os.ReadFile(w.file(name)); err != nil || string(got) != want {
			t.Errorf("files/ has %s as %q: %v", name, got, err)
		}
	}
	if to, err := os.Readlink(w.file("c.aside")); err != nil || to != "elsewhere" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	w.sound()
}
