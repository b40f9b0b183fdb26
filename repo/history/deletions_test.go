package history_test

import (
	"strings"
	"testing"

	"timemachine/repo/history"
	"timemachine/repo/record"
)

// TestDeleted: what is deleted now comes run by run, without what was renamed, came back, or has a
// folder in its place.
func TestDeleted(t *testing.T) {
	s := newStory(t)
	s.run(at(0), folder("/d"), folder("/d/sub"), step{source: "/d/back", content: "b"}, step{source: "/d/f", content: "f"}, step{source: "/d/old", content: "o"},
		step{source: "/d/place", content: "p"}, step{source: "/d/sub/g", content: "g"}, step{source: "/e", content: "e"},
		step{source: "/way/f", content: "w"}, step{source: "/way/g", content: "x"})
	s.run(at(10), s.gone("/d/back"), s.gone("/d/f"), s.gone("/e"))
	s.run(at(20), step{source: "/d/back", content: "again"}, step{source: "/d/new", content: "o", from: "/d/old"}, s.gone("/d/old"))
	// what makes way for a file is deleted before the renames are committed
	s.run(at(25), s.gone("/way/f"), s.gone("/way/g"), step{source: "/way", content: "a file"}, step{source: "/other", content: "w", from: "/way/f"})
	s.run(at(27), folder("/left"), step{source: "/left/f", content: "no longer watched"})
	s.run(at(28), s.gone("/left"))
	s.run(at(30), s.gone("/d/place"), s.gone("/d/sub/g"), s.gone("/d/sub"))
	s.run(at(40), step{source: "/d/place/x", content: "x"})
	s.each(func(t *testing.T, h *history.History) {
		for path, want := range map[string]string{"/d": "/d/sub /d/sub/g, /d/f", "/": "/d/sub /d/sub/g, /left, /way/g, /d/f /e", "/left": "/left", "/way": "/way/g", "/d/sub/g": "/d/sub/g", "/d/new": "", "/x": ""} {
			var runs []string
			for run, err := range h.Deleted(ctx, path) {
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range run {
					if e.Event != record.Deleted || e.Before == nil {
						t.Errorf("%s: %+v", path, e)
					}
				}
				runs = append(runs, strings.Join(sources(run), " "))
			}
			if got := strings.Join(runs, ", "); got != want {
				t.Errorf("%s: %s; want %s", path, got, want)
			}
		}
	})
}

// TestNewestBelow: the newest version up to a point may be a deletion.
func TestNewestBelow(t *testing.T) {
	s := newStory(t)
	first := s.run(at(0), step{source: "/d/a", content: "a", mtime: at(0)}, step{source: "/d/b", content: "b", mtime: at(0)})
	s.run(at(10), s.gone("/d/b"))
	s.run(at(20), step{source: "/d/a", content: "aa", mtime: at(20)})
	s.each(func(t *testing.T, h *history.History) {
		for want, p := range map[string]history.Point{"/d/a modified": {}, "/d/b deleted": {Time: at(15)}, "/d/b added": {Commit: first[1].Commit}} {
			e, ok, err := h.NewestBelow(ctx, "/d", p)
			if got := e.Source + " " + string(e.Event); err != nil || !ok || got != want {
				t.Errorf("%s, %v, %v; want %s", got, ok, err, want)
			}
		}
		if _, ok, err := h.NewestBelow(ctx, "/x", history.Point{}); ok || err != nil {
			t.Errorf("of nothing known: %v, %v", ok, err)
		}
	})
}
