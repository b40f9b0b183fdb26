package repo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// folderStory commits versions by hand, a run each.
type folderStory struct {
	*testing.T
	dest string
	now  time.Time
	last map[string]record.Version
}

// run commits records in one run. What is "text" in a Blob's place is the content.
func (s *folderStory) run(recs ...record.Record) {
	s.Helper()
	s.now = s.now.Add(time.Minute)
	r, err := repo.Open(s.dest, repo.Options{Clock: func() time.Time { return s.now }, Zone: time.UTC})
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	w, err := r.TryLock(repo.WriteOptions{})
	if err != nil {
		s.Fatal(err)
	}
	tip, err := w.Start(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	tx, err := w.Begin(context.Background(), tip, s.now.Format("150405"), nil)
	if err != nil {
		s.Fatal(err)
	}
	for _, rec := range recs {
		rec.Previous = s.last[rec.Source].Commit
		if rec.HasContent() {
			body := rec.Source + s.now.String()
			rec.Mtime, rec.Size = s.now.Add(-time.Second), int64(len(body))
			if rec.Blob, err = tx.Blob([]byte(body), s.last[rec.Source].Blob); err != nil {
				s.Fatal(err)
			}
		}
		v, err := tx.Commit(rec, s.now, false)
		if err != nil {
			s.Fatal(err)
		}
		s.last[rec.Source] = *v
	}
	if err := tx.Publish(); err != nil {
		s.Fatal(err)
	}
}

// TestFoldersInHistory: the versions of folders change no tree, but where a file becomes a folder
// or the reverse, and git and verify find nothing wrong with them.
func TestFoldersInHistory(t *testing.T) {
	s := &folderStory{T: t, dest: filepath.Join(repotest.InMemory(t), "dest"), now: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), last: map[string]record.Version{}}
	if err := repo.Init(s.dest, repo.Options{}); err != nil {
		t.Fatal(err)
	}
	folder := func(event record.Event, path string, mode uint32) record.Record {
		return record.Record{Event: event, Source: path, Folder: true, Mode: mode}
	}
	file := func(event record.Event, path string) record.Record {
		return record.Record{Event: event, Source: path, Mode: 0o644}
	}
	s.run(folder(record.Added, "/d", 0o755), folder(record.Added, "/d/empty", 0o1777), folder(record.Added, "/d/HEAD", 0o700), file(record.Added, "/d/f"), file(record.Added, "/d/x"))
	added := s.last["/d"].Commit
	changed := folder(record.Metadata, "/d", 0o700)
	changed.Changed = s.now.Add(30 * time.Second)
	s.run(changed)
	s.run(folder(record.TypeChanged, "/d/x", 0o755), file(record.Added, "/d/x/y"))
	s.run(file(record.Deleted, "/d/x/y"), file(record.TypeChanged, "/d/x"))
	s.run(file(record.Deleted, "/d/f"), file(record.Deleted, "/d/x"), folder(record.Deleted, "/d/HEAD", 0), folder(record.Deleted, "/d", 0))
	back := folder(record.Restored, "/d", 0o755)
	back.RestoredFrom = added
	s.run(back, file(record.Added, "/d/f"))

	want := []string{"Add /d/f", "Restore folder /d from 2026-11-29 10:01", "Delete folder /d", "Delete folder /d/HEAD", "Delete /d/x", "Delete /d/f", "Change type of /d/x", "Delete /d/x/y",
		"Add /d/x/y", "Change type of /d/x", "Change mode of folder /d from 0755 to 0700", "Add /d/x", "Add /d/f", "Add folder /d/HEAD", "Add folder /d/empty", "Add folder /d"}
	if got := repotest.Lines(t, s.dest, "log", "--format=%s", "main"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := repotest.Lines(t, s.dest, "ls-tree", "-r", "--name-only", "main"); strings.Join(got, " ") != ".gitattributes files/d/f" {
		t.Errorf("the tree holds %v", got)
	}
	if got := strings.TrimSpace(repotest.Git(t, s.dest, "log", "--format=%ad %cd", "--date=unix", "--grep=Change mode of folder", "main")); got != fmt.Sprint(changed.Changed.Unix(), " ", changed.Changed.Unix()+30) {
		t.Errorf("author and committer date are %s, the change was at %d", got, changed.Changed.Unix())
	}
	s.mustBeWhole()
}

// TestLongXattrs: the value of an attribute that is too long for a record is in the tree and in the
// work tree, so that git keeps it, and verify finds out where it is not, and repairs that.
func TestLongXattrs(t *testing.T) {
	s := &folderStory{T: t, dest: filepath.Join(repotest.InMemory(t), "dest"), now: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), last: map[string]record.Version{}}
	if err := repo.Init(s.dest, repo.Options{}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("\x00long\n", 1000)
	short := record.Xattr{Name: "user.short", Value: "short"}
	rec := record.Record{Event: record.Added, Source: "/d/f", Mode: 0o644, Xattrs: []record.Xattr{{Name: "user.long", Value: long}, short}}
	s.run(rec)
	rec.Event, rec.Xattrs = record.Modified, []record.Xattr{short}
	s.run(rec)
	s.run(record.Record{Event: record.Added, Source: "/d", Folder: true, Mode: 0o755, Xattrs: []record.Xattr{{Name: "user.long", Value: long + "2"}}})
	s.mustBeWhole()
	names := repotest.Lines(t, s.dest, "ls-tree", "-r", "--name-only", "main", "xattrs")
	if len(names) != 2 || rec.Xattrs[0] != short {
		t.Fatalf("the tree holds %q, the record became %+v", names, rec)
	}
	trailer := repotest.Lines(t, s.dest, "log", "--reverse", "--format=%(trailers:key=Xattr-Blob,valueonly,separator=)", "main")
	for i, value := range map[int]string{0: long, 2: long + "2"} {
		_, id, _ := strings.Cut(trailer[i], "=")
		if got := repotest.Git(t, s.dest, "cat-file", "blob", id); got != value {
			t.Errorf("the value of version %d is %.20q", i, got)
		}
	}
	for what, damage := range map[string]func() error{
		"one lost":    func() error { return os.Remove(filepath.Join(s.dest, names[0])) },
		"one changed": func() error { return os.WriteFile(filepath.Join(s.dest, names[1]), []byte("other"), 0o600) },
		"all lost":    func() error { return os.RemoveAll(filepath.Join(s.dest, "xattrs")) },
		"index lost":  func() error { return os.Remove(filepath.Join(s.dest, ".git/index")) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if found := s.verify(false); found == 0 {
			t.Errorf("%s: verify finds nothing", what)
		}
		if found := s.verify(true); found == 0 && what != "index lost" {
			t.Errorf("%s: verify repairs nothing", what)
		}
		s.mustBeWhole()
	}
	clone := filepath.Join(t.TempDir(), "clone")
	repotest.Git(t, s.dest, "clone", "-q", ".", clone)
	if b, err := os.ReadFile(filepath.Join(clone, names[0])); err != nil || !strings.HasPrefix(string(b), long) {
		t.Errorf("a clone has %.20q, %v", b, err)
	}
}

// mustBeWhole has git and verify look for what is wrong.
func (s *folderStory) mustBeWhole() {
	s.Helper()
	repotest.MustCheck(s, s.dest)
	if found := s.verify(false); found > 0 {
		s.Errorf("verify has %d findings", found)
	}
}

// verify counts what verify finds, or repairs.
func (s *folderStory) verify(repair bool) (found int) {
	s.Helper()
	r, err := repo.Open(s.dest, repo.Options{})
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	check := r.Verify
	if repair {
		w, err := r.TryLock(repo.WriteOptions{})
		if err != nil {
			s.Fatal(err)
		}
		check = w.Repair
	}
	_, err = check(context.Background(), verify.Options{Repair: repair, Report: func(f verify.Finding) {
		s.Logf("%s %s: %s", f.Part, f.Path, f.Msg)
		if f.Repaired == repair {
			found++
		}
	}})
	if err != nil {
		s.Fatal(err)
	}
	return found
}
