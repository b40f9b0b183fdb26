package history_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// folders is a history of folders: changed, renamed, emptied, deleted, and in a file's place.
func folders(t *testing.T) *story {
	s := newStory(t)
	s.run(at(0), folder("/d"), folder("/d/empty"), folder("/d/sub"), step{source: "/d/f", content: "f", mtime: at(-60)}, step{source: "/d/sub/g", content: "g", mtime: at(-50)})
	s.run(at(10), step{source: "/d", folder: true, mode: 0o700, event: record.Metadata, changed: at(5)}, step{source: "/d/f", content: "ff", mtime: at(9)})
	s.run(at(20), step{source: "/d/new", folder: true, from: "/d/sub"}, step{source: "/d/new/g", content: "g", mtime: at(-50), from: "/d/sub/g"}, s.gone("/d/sub/g"), s.gone("/d/sub"))
	s.run(at(30), step{source: "/d/f", folder: true, event: record.TypeChanged}, step{source: "/d/f/x", content: "x", mtime: at(25)})
	s.run(at(40), s.gone("/d/f/x"), s.gone("/d/new/g"), s.gone("/d/new"), s.gone("/d/f"), s.gone("/d/empty"), s.gone("/d"))
	return s
}

// TestFoldersAtMoments: versions of folders are among those of files.
func TestFoldersAtMoments(t *testing.T) {
	s := folders(t)
	s.each(func(t *testing.T, h *history.History) {
		for minute, want := range map[float64]string{-1: "/d/f /d/sub/g", 0: "/d /d/empty /d/f /d/sub /d/sub/g", 20: "/d /d/empty /d/f /d/new /d/new/g",
			25: "/d /d/empty /d/f/x /d/new /d/new/g", 30: "/d /d/empty /d/f /d/f/x /d/new /d/new/g", 40: ""} {
			all, err := h.Below(ctx, "/d", history.Point{Time: at(minute)})
			if got := strings.Join(sources(all), " "); err != nil || got != want {
				t.Errorf("minute %v: %s, %v; want %s", minute, got, err, want)
			}
		}
		for back, want := range []string{"", "/d /d/empty /d/f /d/f/x /d/new /d/new/g", "/d /d/empty /d/f /d/new /d/new/g", "/d /d/empty /d/f /d/sub /d/sub/g", "/d /d/empty /d/f /d/sub /d/sub/g"} {
			all, err := h.Below(ctx, "/d", history.Point{Back: back})
			if got := strings.Join(sources(all), " "); err != nil || got != want {
				t.Errorf("%d runs back: %s, %v; want %s", back, got, err, want)
			}
		}
		var early *history.BeforeError
		if _, err := h.Below(ctx, "/d", history.Point{Back: 5}); !errors.As(err, &early) || early.Error() != "/d has changed in 5 runs: @4 is the first" {
			t.Errorf("too far back: %v", err)
		}
		if all, err := h.Below(ctx, "/d/new/g", history.Point{Back: 1}); err != nil || len(all) != 1 || all[0].Commit != s.commitOf("/d/new/g", record.Added) {
			t.Errorf("a file one version back: %+v, %v", all, err)
		}
		for minute, want := range map[float64]string{0: "0755", 4: "0755", 5: "0700", 39: "0700"} {
			e, err := h.At(ctx, "/d", history.Point{Time: at(minute)})
			if got := fmt.Sprintf("%04o", e.Mode); err != nil || !e.Folder || got != want {
				t.Errorf("minute %v: mode %s, %v; want %s", minute, got, err, want)
			}
		}
		if all, err := h.Sources(ctx, "/d"); err != nil || strings.Join(all, " ") != "/d /d/empty /d/f /d/f/x /d/new /d/new/g /d/sub /d/sub/g" {
			t.Errorf("sources: %s, %v", all, err)
		}
	})
}

// commitOf is the commit of a source's version with an event.
func (s *story) commitOf(source string, event record.Event) (id object.ID) {
	s.t.Helper()
	h, err := history.Open(s.dest, history.Options{})
	s.check(err)
	defer h.Close()
	for e, err := range h.Log(ctx, history.LogOptions{Path: source}) {
		s.check(err)
		if e.Source == source && e.Event == event {
			id = e.Commit
		}
	}
	return id
}

// TestLogOfFolders: a folder's own versions are among those of the files in it, and a rename is
// followed.
func TestLogOfFolders(t *testing.T) {
	s := folders(t)
	s.each(func(t *testing.T, h *history.History) {
		for _, c := range []struct {
			o    history.LogOptions
			want string
		}{
			{history.LogOptions{Path: "/d/empty"}, "/d/empty:deleted /d/empty:added"},
			{history.LogOptions{Path: "/d/new"}, "/d/new:deleted /d/new/g:deleted /d/new/g:added</d/sub/g /d/new:added</d/sub"},
			{history.LogOptions{Path: "/d/new", Follow: true}, "/d/new:deleted /d/new/g:deleted /d/new/g:added</d/sub/g /d/new:added</d/sub /d/sub:added /d/sub/g:added"},
			{history.LogOptions{Path: "/d/sub"}, "/d/sub:deleted /d/sub/g:deleted /d/sub:added /d/sub/g:added"},
			{history.LogOptions{Path: "/d/f"}, "/d/f:deleted /d/f/x:deleted /d/f:type-changed /d/f/x:added /d/f:modified /d/f:added"},
			{history.LogOptions{Path: "/d", Events: []record.Event{record.Metadata}}, "/d:metadata"},
			{history.LogOptions{Path: "/d", Gone: true, Follow: true}, "/d:deleted /d/empty:deleted /d/f:deleted /d/new:deleted /d/new/g:deleted /d/f/x:deleted /d/sub:deleted /d/sub/g:deleted"},
			{history.LogOptions{Path: "/d", Gone: true, Since: at(30), Limit: 2}, "/d:deleted /d/empty:deleted"},
		} {
			if got := list(t, h, c.o); got != c.want {
				t.Errorf("%+v:\n got %s\nwant %s", c.o, got, c.want)
			}
		}
	})
}

// TestFolderOf: where no version of a folder was in force, one next to the point counts.
func TestFolderOf(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/f", content: "f", mtime: at(-60)})
	s.run(at(10), folder("/d"))
	s.run(at(20), step{source: "/d", folder: true, mode: 0o700, event: record.Metadata, changed: at(15)})
	s.run(at(30), s.gone("/d/f"), s.gone("/d"))
	s.run(at(40), step{source: "/d", content: "now a file", mtime: at(35)})
	s.run(at(50), step{source: "/d", folder: true, mode: 0o711, event: record.TypeChanged})
	s.run(at(60), s.gone("/d"))
	file, deleted := s.commitOf("/d/f", record.Added), s.commitOf("/d/f", record.Deleted)
	changed, again := s.commitOf("/d", record.Metadata), s.commitOf("/d", record.TypeChanged)
	s.each(func(t *testing.T, h *history.History) {
		for _, c := range []struct {
			p    history.Point
			want uint32
		}{
			{history.Point{Time: at(-5)}, 0o755}, {history.Point{Time: at(14)}, 0o755}, {history.Point{Time: at(15)}, 0o700}, {history.Point{Time: at(29)}, 0o700},
			{history.Point{Time: at(36)}, 0o711}, {history.Point{Time: at(55)}, 0o711}, {history.Point{Time: at(60)}, 0o711}, {history.Point{}, 0o711},
			{history.Point{Commit: file}, 0o755}, {history.Point{Commit: changed}, 0o700}, {history.Point{Commit: deleted}, 0o700}, {history.Point{Commit: again}, 0o711},
		} {
			if e, ok, err := h.FolderOf(ctx, "/d", c.p); err != nil || !ok || e.Mode != c.want {
				t.Errorf("%+v: mode %04o, %v, %v; want %04o", c.p, e.Mode, ok, err, c.want)
			}
		}
		if e, ok, err := h.FolderOf(ctx, "/d/f", history.Point{}); ok || err != nil {
			t.Errorf("of a file: %+v, %v", e, err)
		}
	})
}

// TestBeforeDeletion: the commit of a deletion stands for what was there just before.
func TestBeforeDeletion(t *testing.T) {
	s := folders(t)
	whole, file := s.commitOf("/d", record.Deleted), s.commitOf("/d/new/g", record.Deleted)
	added := s.commitOf("/d/new/g", record.Added)
	s.each(func(t *testing.T, h *history.History) {
		const all = "/d /d/empty /d/f /d/f/x /d/new /d/new/g"
		for _, c := range []struct {
			path   string
			commit object.ID
			want   string
		}{
			{"/d", whole, all}, {"/d", file, all}, {"/", file, all}, {"/d/new", file, "/d/new /d/new/g"}, {"/d/new/g", file, "/d/new/g"},
			{"/d/f", file, ""}, {"/d", added, ""}, {"/d", object.ID{}, ""}, {"/d/new/g", whole, ""},
		} {
			p, ok, err := h.BeforeDeletion(ctx, c.path, history.Point{Commit: c.commit})
			if err != nil || ok != (c.want != "") || !ok && p.Commit != c.commit {
				t.Errorf("%s, %s: %+v, %v, %v", c.path, c.commit, p, ok, err)
			}
			if !ok {
				continue
			}
			list, err := h.Below(ctx, c.path, p)
			if got := strings.Join(sources(list), " "); err != nil || got != c.want {
				t.Errorf("%s, %s: %s, %v; want %s", c.path, c.commit, got, err, c.want)
			}
		}
	})
}

// TestForgedFolders: records of folders that say what no run writes do no harm.
func TestForgedFolders(t *testing.T) {
	s := folders(t)
	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, s.dest, "clone", "-q", s.dest, clone)
	blob := s.commitOf("/d", record.Added).String() // of a commit
	tail := "Captured: 2026-11-20T11:00:00.000000000Z\nScan: forged\n"
	state := "Mode: 0755\nType: folder\nOwner: root:root (0:0)\n"
	for _, message := range []string{
		"Event: added\nSource: /d\n" + state + "Size: 7\nBlob: " + blob + "\nCopy: copies/x\nMtime: 2026-11-20T11:00:00.000000000Z\n" + tail,
		"Event: modified\nSource: /d/f\n" + state + "Renamed-From: /d/f\n" + tail,
		"Event: added\nSource: /d/new\n" + state + "Renamed-From: /\n" + tail,
		"Event: restored\nSource: /d/sub\n" + state + "Restored-From: " + blob + "\nPrevious: " + blob + "\nRenamed-From: /d/new\n" + tail,
		"Event: added\nSource: /d/new\n" + state + "Renamed-From: /d/sub\nXattr-Blob: user.x=" + blob + "\n" + tail,
		"Event: deleted\nSource: /d/empty\nType: folder\nMode: 0755\nBlob: " + blob + "\n" + tail,
		"Event: type-changed\nSource: /d/empty\nType: folder\n" + tail,
		"Event: added\nSource: /\n" + state + tail,
	} {
		repotest.Git(t, clone, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "forged\n\n"+message)
	}
	h := openHistory(t, clone)
	for _, path := range []string{"/", "/d", "/d/f", "/d/new", "/d/sub", "/d/empty"} {
		n := 0
		for e, err := range h.Log(ctx, history.LogOptions{Path: path, Follow: true}) {
			if err != nil {
				t.Errorf("log of %s: %v", path, err)
			}
			if _, _, err := h.Content(&e.Version); e.Folder && err == nil {
				t.Errorf("%s has content: %+v", e.Source, e.Record)
			}
			if _, redacted := h.Redacted(&e.Version); e.Folder && redacted {
				t.Errorf("%s is redacted: %+v", e.Source, e.Record)
			}
			n++
		}
		if n == 0 || n > 40 {
			t.Errorf("log of %s: %d versions", path, n)
		}
		for _, p := range []history.Point{{}, {Time: at(45)}, {Back: 1}, {Back: 2}, {Commit: h.Tip()}} {
			if _, err := h.Below(ctx, path, p); err != nil {
				t.Errorf("below %s at %+v: %v", path, p, err)
			}
			if _, _, err := h.FolderOf(ctx, path, history.Point{Time: p.Time, Commit: p.Commit}); err != nil {
				t.Errorf("folder of %s at %+v: %v", path, p, err)
			}
			if _, _, err := h.BeforeDeletion(ctx, path, p); err != nil {
				t.Errorf("before the deletion of %s at %+v: %v", path, p, err)
			}
		}
	}
}

// TestFoldersOfRewrittenHistory: without the commits that the records name, and without the oldest
// ones, the queries answer all the same.
func TestFoldersOfRewrittenHistory(t *testing.T) {
	s := folders(t)
	h := openHistory(t, s.rewritten("--env-filter", "GIT_COMMITTER_NAME=other"))
	if got, want := list(t, h, history.LogOptions{Path: "/d/new", Follow: true}),
		"/d/new:deleted /d/new/g:deleted /d/new/g:added</d/sub/g /d/new:added</d/sub /d/sub:added /d/sub/g:added"; got != want {
		t.Errorf("rewritten:\n got %s\nwant %s", got, want)
	}
	if e, ok, err := h.FolderOf(ctx, "/d", history.Point{Time: at(7)}); err != nil || !ok || e.Mode != 0o700 {
		t.Errorf("rewritten: %+v, %v, %v", e, ok, err)
	}
	clone := filepath.Join(repotest.InMemory(t), "shallow")
	repotest.Git(t, s.dest, "clone", "-q", "--depth=5", "file://"+s.dest, clone)
	h = openHistory(t, clone)
	if got, want := list(t, h, history.LogOptions{Path: "/d/new", Follow: true}), "/d/new:deleted /d/new/g:deleted"; got != want {
		t.Errorf("shallow:\n got %s\nwant %s", got, want)
	}
	if e, ok, err := h.FolderOf(ctx, "/d", history.Point{Time: at(7)}); err != nil || ok {
		t.Errorf("shallow: %+v, %v, %v", e, ok, err)
	}
	if p, ok, err := h.BeforeDeletion(ctx, "/d", history.Point{Commit: h.Tip()}); err != nil || ok {
		t.Errorf("shallow: %+v, %v, %v", p, ok, err)
	}
}
