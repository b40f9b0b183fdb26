package history_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

var ctx = context.Background()

// day0 is ten in the morning.
var day0 = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// at is so many minutes after day0.
func at(minutes float64) time.Time { return day0.Add(time.Duration(minutes * float64(time.Minute))) }

// story writes a history version by version.
type story struct {
	t    *testing.T
	dest string
	runs int
	last map[string]record.Version
}

func newStory(t *testing.T) *story {
	s := &story{t: t, dest: filepath.Join(repotest.InMemory(t), "dest"), last: map[string]record.Version{}}
	s.check(repo.Init(s.dest, repo.Options{}))
	return s
}

func (s *story) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// step is one version: content at an mtime; a deletion or folder without content.
type step struct {
	folder          bool
	mode            uint32 // 0: 0644 or 0755
	restored        object.ID
	xattrs          []record.Xattr
	source, content string
	mtime           time.Time
	event           record.Event
	from            string // Renamed-From
	changed         time.Time
}

// run commits the steps as one run captured at a moment.
func (s *story) run(captured time.Time, steps ...step) []record.Version {
	s.t.Helper()
	r, err := repo.Open(s.dest, repo.Options{Clock: func() time.Time { return captured }})
	s.check(err)
	defer r.Close()
	w, err := r.TryLock(repo.WriteOptions{})
	s.check(err)
	tip, err := w.Start(ctx)
	s.check(err)
	s.runs++
	tx, err := w.Begin(ctx, tip, fmt.Sprintf("scan-%d", s.runs), nil)
	s.check(err)
	var all []record.Version
	for _, st := range steps {
		all = append(all, s.commit(tx, captured, st))
	}
	s.check(tx.Publish())
	return all
}

func (s *story) commit(tx *repo.Tx, captured time.Time, st step) record.Version {
	s.t.Helper()
	before := s.last[st.source]
	rec := record.Record{Event: st.event, Source: st.source, Mtime: st.mtime, Mode: 0o644, Size: int64(len(st.content)), Previous: before.Commit, RenamedFrom: st.from, Changed: st.changed}
	if rec.Event == "" {
		rec.Event = record.Modified
		if before.Commit.IsZero() || before.Event == record.Deleted {
			rec.Event = record.Added
		}
	}
	if rec.Folder = st.folder; rec.Folder {
		rec.Mode = 0o755
	}
	if st.mode != 0 {
		rec.Mode = st.mode
	}
	rec.Xattrs, rec.RestoredFrom = st.xattrs, st.restored
	if rec.HasContent() {
		id, err := tx.Blob([]byte(st.content), before.Blob)
		s.check(err)
		rec.Blob = id
	}
	v, err := tx.Commit(rec, captured, false)
	s.check(err)
	s.last[st.source] = *v
	return *v
}

func (s *story) gone(source string) step {
	return step{source: source, event: record.Deleted, folder: s.last[source].Folder}
}

func folder(source string) step { return step{source: source, folder: true} }

// heads is a hint that is right.
func (s *story) heads(_ *durable.Dir, path string) history.Heads {
	id, err := object.ParseID(strings.TrimSpace(repotest.Git(s.t, s.dest, "rev-parse", "HEAD")))
	s.check(err)
	h := history.Heads{Tip: id, Sources: map[string]history.Head{}}
	blobs := map[string]object.ID{}
	for source, v := range s.last {
		if v.Event == record.Deleted {
			blobs[source] = s.blobBefore(v)
		} else {
			blobs[source] = v.Blob
		}
		if path == "/" || source == path || strings.HasPrefix(source, path+"/") {
			h.Sources[source] = history.Head{Commit: v.Commit, Blob: blobs[source], Deleted: v.Event == record.Deleted}
		}
	}
	return h
}

func (s *story) blobBefore(v record.Version) object.ID {
	text := strings.TrimSpace(repotest.Git(s.t, s.dest, "log", "-1", "--format=%(trailers:key=Blob,valueonly)", v.Previous.String()))
	id, _ := object.ParseID(text)
	return id
}

// each opens the history with a hint, without, and from a bare clone, and runs f on each.
func (s *story) each(f func(t *testing.T, h *history.History)) {
	bare := filepath.Join(repotest.InMemory(s.t), "bare.git")
	repotest.Git(s.t, s.dest, "clone", "-q", "--bare", s.dest, bare)
	for name, o := range map[string]struct {
		dest string
		o    history.Options
	}{"hint": {s.dest, history.Options{Heads: s.heads}}, "walk": {s.dest, history.Options{}}, "bare": {bare, history.Options{}}} {
		s.t.Run(name, func(t *testing.T) {
			h, err := history.Open(o.dest, o.o)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			f(t, h)
		})
	}
}

func read(t *testing.T, h *history.History, e *history.Entry) string {
	t.Helper()
	src, size, err := h.Content(&e.Version)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	b, err := io.ReadAll(src)
	if err != nil || int64(len(b)) != size {
		t.Fatalf("%d bytes of %d: %v", len(b), size, err)
	}
	return string(b)
}

func sources(all []history.Entry) []string {
	var names []string
	for _, e := range all {
		names = append(names, e.Source)
	}
	return names
}

// rewritten is a clone whose history git filter-branch rewrote, with a commit by hand at its end
// and nothing left of the old commits.
func (s *story) rewritten(filter ...string) string {
	s.t.Helper()
	clone := filepath.Join(repotest.InMemory(s.t), "clone")
	repotest.Git(s.t, s.dest, "clone", "-q", s.dest, clone)
	s.t.Setenv("FILTER_BRANCH_SQUELCH_WARNING", "1")
	repotest.Git(s.t, clone, append(append([]string{"filter-branch", "-f"}, filter...), "HEAD")...)
	repotest.Git(s.t, clone, "commit", "-q", "--allow-empty", "-m", "by hand")
	repotest.Git(s.t, clone, "reflog", "expire", "--expire=now", "--all")
	repotest.Git(s.t, clone, "update-ref", "-d", "refs/original/refs/heads/main")
	repotest.Git(s.t, clone, "remote", "remove", "origin")
	repotest.Git(s.t, clone, "-c", "gc.pruneExpire=now", "gc", "-q", "--prune=now")
	return clone
}

// TestRewrittenHistory gives every commit another name, so that no Previous leads anywhere, and
// adds a commit by hand.
func TestRewrittenHistory(t *testing.T) {
	s := newStory(t)
	for i := range 5 {
		s.run(at(float64(i)), step{source: "/d/f", content: strings.Repeat("x", i+1), mtime: at(float64(i))}, step{source: "/d/g", content: strings.Repeat("y", i+1), mtime: at(float64(i))})
	}
	clone := s.rewritten("--env-filter", "GIT_COMMITTER_NAME=other")
	h, err := history.Open(clone, history.Options{})
	s.check(err)
	defer h.Close()
	for path, want := range map[string]int{"/d/f": 5, "/d/g": 5, "/d": 10} {
		got := strings.Fields(list(t, h, history.LogOptions{Path: path}))
		if len(got) != want {
			t.Errorf("%s: %d versions, want %d: %s", path, len(got), want, got)
		}
	}
	if e, err := h.At(ctx, "/d/g", history.Point{Time: at(2)}); err != nil || read(t, h, &e) != "yyy" {
		t.Errorf("at 2: %v, %v", e, err)
	}
}

// TestRedactedHistory: where a rewrite took content away, the version has what the rewrite put
// there.
func TestRedactedHistory(t *testing.T) {
	s := newStory(t)
	for i, word := range []string{"one", "secret", "three"} {
		s.run(at(float64(i)), step{source: "/d/f", content: word + "\n", mtime: at(float64(i))})
	}
	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, repotest.InMemory(t), "init", "-q", "-b", "main", clone)
	stream := repotest.Git(t, s.dest, "fast-export", "main")
	imports := exec.Command("git", "-C", clone, "fast-import", "--quiet")
	imports.Stdin = strings.NewReader(strings.ReplaceAll(stream, "secret\n", "------\n"))
	if out, err := imports.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h, err := history.Open(clone, history.Options{})
	s.check(err)
	defer h.Close()
	for back, want := range []string{"three\n", "------\n", "one\n"} {
		e, err := h.At(ctx, "/d/f", history.Point{Back: back})
		if err != nil {
			t.Fatal(err)
		}
		if _, redacted := h.Redacted(&e.Version); redacted != (back == 1) || read(t, h, &e) != want {
			t.Errorf("@%d: redacted %t, %q", back, redacted, read(t, h, &e))
		}
	}
}

func TestShallowClone(t *testing.T) {
	s := newStory(t)
	for i := range 5 {
		s.run(at(float64(i)), step{source: "/f", content: strings.Repeat("x", i+1), mtime: at(float64(i))})
	}
	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, s.dest, "clone", "-q", "--depth", "2", "file://"+s.dest, clone)
	h, err := history.Open(clone, history.Options{})
	s.check(err)
	defer h.Close()
	if got := list(t, h, history.LogOptions{Path: "/f"}); got != "/f:modified /f:modified" {
		t.Error(got)
	}
}

// TestOpenHistoryWritesNothing makes the destination and a clone unchangeable in effect, and
// compares every name in them.
func TestOpenHistoryWritesNothing(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/f", content: "x", mtime: at(0)})
	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, s.dest, "clone", "-q", s.dest, clone)
	for _, dest := range []string{s.dest, clone} {
		before := FoldedNames(t, dest)
		h, err := history.Open(dest, history.Options{})
		s.check(err)
		list(t, h, history.LogOptions{})
		s.check(h.Close())
		if after := FoldedNames(t, dest); !slices.Equal(before, after) {
			t.Errorf("%s: %q became %q", dest, before, after)
		}
	}
}

func FoldedNames(t *testing.T, dir string) []string {
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all = append(all, fmt.Sprint(path, info.Mode(), info.ModTime().UnixNano(), info.Size()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOpenHistoryRefuses(t *testing.T) {
	dir := repotest.InMemory(t)
	empty, fresh := filepath.Join(dir, "empty"), filepath.Join(dir, "fresh")
	if err := errors.Join(os.Mkdir(empty, 0o700), repo.Init(fresh, repo.Options{})); err != nil {
		t.Fatal(err)
	}
	foreign, unborn := filepath.Join(dir, "foreign"), filepath.Join(dir, "unborn")
	for _, made := range []string{foreign, unborn} {
		repotest.Git(t, dir, "init", "-q", "-b", "main", made)
	}
	for _, message := range []string{"one", "two\n\nSource: a website"} {
		repotest.Git(t, foreign, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", message)
	}
	bare := filepath.Join(dir, "bare.git")
	repotest.Git(t, dir, "clone", "-q", "--bare", foreign, bare)
	for dest, want := range map[string]refusal.Kind{foreign: refusal.Foreign, unborn: refusal.Foreign, bare: refusal.Foreign, filepath.Join(dir, "none"): refusal.NoDestination, empty: refusal.NoRepository, fresh: refusal.NoVersions} {
		_, err := history.Open(dest, history.Options{})
		var e *refusal.Error
		if !errors.As(err, &e) || e.Kind != want || e.Remedy.Kind == 0 {
			t.Errorf("%s: %v", dest, err)
		}
	}
}
