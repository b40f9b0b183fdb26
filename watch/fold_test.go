package watch_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
	"timemachine/watch/cache"
)

// folding gives a destination the settings of a file system that folds the case of names. The file
// system need not do so; TestExFAT has one that does.
func (w *world) folding() { repotest.Git(w.t, w.dest, "config", "core.ignorecase", "true") }

// tracked lists the paths below files/ and the source folder in HEAD's tree.
func (w *world) tracked() []string {
	var all []string
	for _, path := range repotest.Lines(w.t, w.dest, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "HEAD", "--", "files") {
		all = append(all, strings.TrimPrefix(path, "files"+w.src+"/"))
	}
	return all
}

// read returns the newest version of a source, by its name.
func (w *world) read(name string) string {
	w.t.Helper()
	h, err := history.Open(w.dest, history.Options{Heads: cache.NewestVersions})
	w.check(err)
	defer h.Close()
	e, err := h.At(context.Background(), w.path(name), history.Point{})
	w.check(err)
	src, _, err := h.Content(&e.Version)
	w.check(err)
	defer src.Close()
	b, err := io.ReadAll(src)
	w.check(err)
	return string(b)
}

// sound checks that verify finds nothing and a run has nothing to do.
func (w *world) sound() {
	w.t.Helper()
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		w.t.Errorf("verify: %+v", found)
	}
	if s, p, err := w.try(); err != nil || len(p) > 0 || fileVersions(s) != 0 {
		w.t.Errorf("a run with nothing to do: %+v %v %v", s, p, err)
	}
}

// TestNamesThatFold checks names that collide. Each has a path of its own in files/ and copies/,
// which its record has, and is found by its own name.
func TestNamesThatFold(t *testing.T) {
	w := newWorld(t)
	w.folding()
	names := []string{"A", "a", "Dir/x", "dir/x", "dir/y", "\u00dc", "\u00fc", "u\u0308", "plain", "f/g", "F"}
	written := time.Now().Add(-time.Hour)
	for i, name := range names {
		w.write(name, "content of "+name)
		at := written.Add(time.Duration(i) * time.Second) // the first gets the plain name
		w.check(os.Chtimes(w.path(name), at, at))
	}
	if p := w.run(len(names)); len(p) > 0 {
		t.Fatalf("it says: %v", p)
	}
	want := []string{"A", "%61", "Dir/x", "dir/%78", "dir/y", "plain", "%46"}
	got := w.tracked()
	for _, path := range want {
		if !slices.Contains(got, path) {
			t.Errorf("the tree holds %q, not %q", got, path)
		}
	}
	seen := map[string]string{}
	for _, path := range got {
		if other := seen[strings.ToLower(path)]; other != "" {
			t.Errorf("%q and %q are one where names are folded", path, other)
		}
		seen[strings.ToLower(path)] = path
		if _, err := os.Lstat(w.file(path)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range names {
		if got := w.read(name); got != "content of "+name {
			t.Errorf("%s is recorded as %q", name, got)
		}
	}
	w.sound()
	for i, name := range names {
		w.write(name, strings.Repeat("again ", i+1))
	}
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache"))) // the records have it all
	if p := w.run(len(names)); len(p) > 0 {
		t.Fatalf("it says: %v", p)
	}
	if now := w.tracked(); !slices.Equal(now, got) {
		t.Errorf("places were %q, are %q", got, now)
	}
	w.sound()

	for _, name := range []string{"A", "dir/x"} {
		w.check(os.Remove(w.path(name)))
	}
	w.run(2)
	w.sound()
	for _, name := range []string{"a", "Dir/x"} {
		if got := w.read(name); !strings.HasPrefix(got, "again") {
			t.Errorf("%s is %q beside what was deleted", name, got)
		}
	}
	w.check(os.RemoveAll(filepath.Join(w.dest, "copies"))) // made again under the same names
	w.check(os.Mkdir(filepath.Join(w.dest, "copies"), 0o700))
	w.check(w.rebuildOnce())
	w.sound()
}

// TestRenamedInCaseOnly checks that a source whose name changes in case keeps one path, and each
// version its copy.
func TestRenamedInCaseOnly(t *testing.T) {
	w := newWorld(t)
	w.folding()
	w.write("README", "text")
	w.run(1)
	w.check(os.Rename(w.path("README"), w.path("readme")))
	if p := w.run(2); len(p) > 0 {
		t.Fatalf("it says: %v", p)
	}
	w.want("Delete README", "Add readme")
	if got := w.tracked(); !slices.Equal(got, []string{"readme"}) {
		t.Errorf("the tree holds %q", got)
	}
	if got := w.trailer("Renamed-From"); got != w.path("README") {
		t.Errorf("Renamed-From: %q", got)
	}
	w.sound()
}

// TestCopyOfTheNameBefore checks copies on a file system that folds names. A copy of the deleted
// name B has the path that the first copy of b would have. The test writes it there.
func TestCopyOfTheNameBefore(t *testing.T) {
	w := newWorld(t)
	w.folding()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w.write("b", "content of b")
	w.check(os.Chtimes(w.path("b"), at, at))
	w.check(os.MkdirAll(filepath.Join(w.dest, "copies", w.src), 0o700))
	before := filepath.Join(w.dest, "copies", w.src, "2026-03-01T12-00-00.000000Z-b")
	w.check(os.WriteFile(before, []byte("content of B"), 0o600))
	w.run(1)
	if got := filepath.Base(w.trailer("Copy")); got != "2026-03-01T12-00-00.000000Z~1-b" {
		t.Errorf("its copy is %s", got)
	}
	w.check(os.Chmod(w.path("b"), 0o640))
	w.run(1)
	if got := filepath.Base(w.trailer("Copy")); got != "2026-03-01T12-00-00.000000Z~2-b" {
		t.Errorf("the next copy is %s", got)
	}
	w.check(os.Remove(before)) // where names are folded, a copy of B has this path
	w.sound()
}

// TestTakenOverWhereNamesFold has a history with names that collide, from a file system that does
// not fold names. The first name has the file and the others are reported. Deleting one leaves the
// file of another alone.
func TestTakenOverWhereNamesFold(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"A", "a", "B", "b", "c"} {
		w.write(name, "content of "+name)
	}
	w.run(5)
	w.folding()
	for _, name := range []string{"a", "b"} { // as where the paths collide
		w.check(os.Remove(w.file(name)))
	}
	w.write("a", "new content of a")
	_, p, err := w.try()
	w.check(err)
	if len(p) != 1 || !p[0].Warning || p[0].Path != w.path("a") || !strings.Contains(p[0].Msg, "no place of its own") {
		t.Errorf("it says: %v", p)
	}
	if got := w.read("a"); got != "new content of a" {
		t.Errorf("a is %q", got)
	}
	if index, head := repotest.Git(t, w.dest, "write-tree"), repotest.Git(t, w.dest, "rev-parse", "HEAD^{tree}"); index != head {
		t.Error("the index is not HEAD's tree")
	}
	w.sound()

	w.check(os.Remove(w.path("a")))
	w.check(os.Rename(w.file("A"), w.file("a"))) // the name that is deleted
	if _, p, err = w.try(); err != nil || len(p) > 0 {
		t.Errorf("%v, %v", p, err)
	}
	if got, err := os.ReadFile(w.file("a")); err != nil || string(got) != "content of A" {
		t.Errorf("after a was deleted A's place holds %q: %v", got, err)
	}
	w.check(os.Rename(w.file("a"), w.file("A")))
	w.sound()

	w.check(os.Remove(w.path("B")))
	_, p, err = w.try()
	w.check(err)
	if len(p) != 1 || !strings.Contains(p[0].Msg, "a place of its own now") || p[0].Remedy.Kind != refusal.RepairFiles {
		t.Errorf("it says: %v", p)
	}
	found, _ := w.verify(verify.Options{Repair: true})
	if len(found) != 1 || !found[0].Repaired {
		t.Errorf("repairing: %+v", found)
	}
	if got, err := os.ReadFile(w.file("b")); err != nil || string(got) != "content of b" {
		t.Errorf("b's place holds %q: %v", got, err)
	}
	w.sound()
}

// TestWithoutLinks checks a file system without symbolic links, where a file holds a link's target.
func TestWithoutLinks(t *testing.T) {
	w := newWorld(t)
	repotest.Git(t, w.dest, "config", "core.symlinks", "false")
	w.check(os.Symlink("to nowhere", w.path("link")))
	if _, p, err := w.try(); err != nil || len(p) > 0 {
		t.Fatalf("%v %v", p, err)
	}
	st, err := os.Lstat(w.file("link"))
	w.check(err)
	if got, err := os.ReadFile(w.file("link")); !st.Mode().IsRegular() || string(got) != "to nowhere" {
		t.Errorf("the link is %v, %q: %v", st.Mode(), got, err)
	}
	w.sound()
}
