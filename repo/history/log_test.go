package history_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/history"
	"timemachine/repo/record"
)

// list is what Log gives, one word a version: the source and its event.
func list(t *testing.T, h *history.History, o history.LogOptions) string {
	t.Helper()
	var words []string
	for e, err := range h.Log(ctx, o) {
		if err != nil {
			t.Fatal(err)
		}
		word := e.Source + ":" + string(e.Event)
		if e.RenamedFrom != "" {
			word += "<" + e.RenamedFrom
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestLog(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/a", content: "1", mtime: at(0)}, step{source: "/d/b", content: "2", mtime: at(0)}, step{source: "/x", content: "3", mtime: at(0)})
	s.run(at(10), step{source: "/d/a", content: "11", mtime: at(9)}, step{source: "/d/b", content: "2", mtime: at(9), event: record.Touched})
	s.run(at(20), s.gone("/d/a"))
	s.each(func(t *testing.T, h *history.History) {
		for _, c := range []struct {
			o    history.LogOptions
			want string
		}{
			{history.LogOptions{}, "/d/a:deleted /d/b:touched /d/a:modified /x:added /d/b:added /d/a:added"},
			{history.LogOptions{Path: "/d"}, "/d/a:deleted /d/b:touched /d/a:modified /d/b:added /d/a:added"},
			{history.LogOptions{Path: "/d/a"}, "/d/a:deleted /d/a:modified /d/a:added"},
			{history.LogOptions{Path: "/d/b", Follow: true}, "/d/b:touched /d/b:added"},
			{history.LogOptions{Path: "/d", Limit: 2}, "/d/a:deleted /d/b:touched"},
			{history.LogOptions{Since: at(9)}, "/d/a:deleted /d/b:touched /d/a:modified"},
			{history.LogOptions{Until: at(9)}, "/x:added /d/b:added /d/a:added"},
			{history.LogOptions{Since: at(5), Until: at(15), Path: "/d/a"}, "/d/a:modified"},
			{history.LogOptions{Events: []record.Event{record.Deleted, record.Touched}}, "/d/a:deleted /d/b:touched"},
		} {
			if got := list(t, h, c.o); got != c.want {
				t.Errorf("%+v:\n got %s\nwant %s", c.o, got, c.want)
			}
		}
		var unknown *history.UnknownError
		for _, err := range h.Log(ctx, history.LogOptions{Path: "/d/none"}) {
			if !errors.As(err, &unknown) {
				t.Errorf("unknown: %v", err)
			}
		}
		if got, err := h.Sources(ctx, "/"); err != nil || !slices.Equal(got, []string{"/d/a", "/d/b", "/x"}) {
			t.Errorf("sources: %q, %v", got, err)
		}
		for e := range h.Log(ctx, history.LogOptions{Path: "/d/a", Limit: 1}) {
			if e.Before == nil || e.Before.Size != 2 {
				t.Errorf("before the deletion: %+v", e.Before)
			}
		}
	})
}

// TestLogOfAFolderReplaced: what was below a path that is a file now belongs to its log, and so it
// is the other way round.
func TestLogOfAFolderReplaced(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/x/inner", content: "i", mtime: at(0)}, step{source: "/d/y", content: "y", mtime: at(0)}, step{source: "/d/z", content: "z", mtime: at(0)})
	s.run(at(1), s.gone("/d/x/inner"), step{source: "/d/x", content: "now a file", mtime: at(1)})
	s.run(at(2), s.gone("/d/y"), step{source: "/d/y/inner", content: "now a folder", mtime: at(2)})
	s.run(at(3), step{source: "/d/x", content: "changed", mtime: at(3)})
	s.each(func(t *testing.T, h *history.History) {
		for path, want := range map[string]string{
			"/d/x": "/d/x:modified /d/x:added /d/x/inner:deleted /d/x/inner:added",
			"/d/y": "/d/y/inner:added /d/y:deleted /d/y:added",
			"/d/z": "/d/z:added",
		} {
			if got := list(t, h, history.LogOptions{Path: path, Follow: true}); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
}

// TestLogInTheOrderOfSince has captures in another order than the moments from which the versions
// were in force, within one run and across several: the log shows them by these moments.
func TestLogInTheOrderOfSince(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/a", content: "1", mtime: at(-500)}, step{source: "/d/old", content: "2", mtime: at(-400)})
	s.run(at(10), step{source: "/d/b", content: "3", mtime: at(9)}, step{source: "/e/f", content: "4", mtime: at(-300)})
	s.run(at(20), step{source: "/d/c", content: "5", mtime: at(5)}, step{source: "/d/a", content: "6", mtime: at(19)})
	s.run(at(30), step{source: "/e/g", content: "7", mtime: at(-450)}, step{source: "/d/old", content: "8", mtime: at(8)}, s.gone("/d/b"))
	// captures known to the second
	old := s.rewritten("--msg-filter", "sed '/^Captured: /d; /^Changed: /d'")
	for _, most := range []int{20_000, 1} {
		defer history.SetMostEntries(most)()
		if got, want := list(t, openHistory(t, old), history.LogOptions{}), list(t, openHistory(t, s.dest), history.LogOptions{}); got != want {
			t.Errorf("without the moments of captures:\n got %s\nwant %s", got, want)
		}
		s.each(func(t *testing.T, h *history.History) {
			for _, o := range []history.LogOptions{{}, {Path: "/d"}, {Path: "/d/a"}, {Limit: 3}, {Since: at(8)}, {Until: at(8)}, {Events: []record.Event{record.Modified}}} {
				var last history.Entry
				n := 0
				for e, err := range h.Log(ctx, o) {
					if err != nil {
						t.Fatal(err)
					}
					if n++; n > 1 && e.Since.Truncate(time.Second).After(last.Since) {
						t.Errorf("%+v: %s of %v after %s of %v", o, e.Source, e.Since, last.Source, last.Since)
					}
					last = e
				}
				if n == 0 || o.Limit > 0 && n != o.Limit {
					t.Errorf("%+v: %d versions", o, n)
				}
			}
			want := "/d/b:deleted /e/g:added /d/c:added /d/a:modified /d/b:added /d/old:modified /e/f:added /d/old:added /d/a:added"
			if got := list(t, h, history.LogOptions{}); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestLogWithinASecond has several runs in one second, with mtimes that point the other way.
func TestLogWithinASecond(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/a", content: "1", mtime: at(-1)}, step{source: "/x", content: "2", mtime: at(-1)})
	s.run(at(0), s.gone("/d/a"), step{source: "/d/b", content: "3", mtime: at(-2)})
	s.run(at(0), step{source: "/d/a", content: "4", mtime: at(-3)})
	s.run(at(0), step{source: "/d/b", content: "5", mtime: at(-4)}, step{source: "/x", content: "6", mtime: at(-4)})
	s.each(func(t *testing.T, h *history.History) {
		want := "/d/b:modified /d/a:added /d/b:added /d/a:deleted /d/a:added"
		if got := list(t, h, history.LogOptions{Path: "/d"}); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestLogFollowsRenames(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/a", content: "1", mtime: at(0)}, step{source: "/keep", content: "k", mtime: at(0)})
	s.run(at(1), step{source: "/a", content: "12", mtime: at(1)})
	s.run(at(2), step{source: "/b", content: "12", mtime: at(1), from: "/a"}, s.gone("/a"))
	s.run(at(3), step{source: "/b", content: "123", mtime: at(3)})
	// only the content tells
	s.run(at(4), step{source: "/c", content: "123", mtime: at(3)}, s.gone("/b"))
	s.each(func(t *testing.T, h *history.History) {
		for path, want := range map[string]string{
			"/c":    "/c:added</b /b:modified /b:added</a /a:modified /a:added",
			"/b":    "/b:deleted /b:modified /b:added</a /a:modified /a:added",
			"/a":    "/a:deleted /a:modified /a:added",
			"/keep": "/keep:added",
		} {
			if got := list(t, h, history.LogOptions{Path: path, Follow: true}); got != want {
				t.Errorf("%s:\n got %s\nwant %s", path, got, want)
			}
		}
		if got := list(t, h, history.LogOptions{Path: "/c"}); got != "/c:added" {
			t.Errorf("not followed: %s", got)
		}
	})
	// the ring is closed
	s.run(at(5), step{source: "/a", content: "123", mtime: at(3), from: "/c"}, s.gone("/c"))
	s.each(func(t *testing.T, h *history.History) {
		want := "/a:added</c /c:added</b /b:modified /b:added</a /a:deleted /a:modified /a:added"
		if got := list(t, h, history.LogOptions{Path: "/a", Follow: true}); got != want {
			t.Errorf("ring:\n got %s\nwant %s", got, want)
		}
	})
}
