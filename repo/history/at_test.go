package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/repo/when"
)

// TestAtMoments follows the rule: the mtime counts where it lies between the capture before and the
// version's own.
func TestAtMoments(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/f", content: "one", mtime: at(-60)})
	s.run(at(10), step{source: "/d/f", content: "two", mtime: at(4)})
	s.run(at(20), step{source: "/d/f", content: "backdated", mtime: at(-600)})
	s.run(at(30), step{source: "/d/f", content: "future", mtime: at(600)})
	s.run(at(40), s.gone("/d/f"))
	// moved back with the mtime it had before
	s.run(at(50), step{source: "/d/f", content: "again", mtime: at(35)})
	s.run(at(60).Add(400*time.Millisecond), step{source: "/d/f", content: "late", mtime: at(60).Add(300 * time.Millisecond)})
	s.each(func(t *testing.T, h *history.History) {
		for minute, want := range map[float64]string{-60: "one", 0: "one", 3.99: "one", 4: "two", 19.99: "two", 20: "backdated", 29.9: "backdated",
			30: "future", 39.9: "future", 50: "again", 55: "again", 60: "again", 60.01: "late", 1e6: "late"} {
			e, err := h.At(ctx, "/d/f", history.Point{Time: at(minute)})
			if err != nil {
				t.Errorf("minute %v: %v", minute, err)
			} else if got := read(t, h, &e); got != want {
				t.Errorf("minute %v: %q, want %q", minute, got, want)
			}
			all, err := h.Below(ctx, "/d", history.Point{Time: at(minute)})
			if err != nil || len(all) != 1 || all[0].Commit != e.Commit || !all[0].Since.Equal(e.Since) {
				t.Errorf("minute %v below: %v, %v", minute, all, err)
			}
		}
		var early *history.BeforeError
		if _, err := h.At(ctx, "/d/f", history.Point{Time: at(-61)}); !errors.As(err, &early) || !early.First.Since.Equal(at(-60)) {
			t.Errorf("before the beginning: %v", err)
		}
		if _, err := h.Below(ctx, "/d", history.Point{Time: at(-61)}); !errors.As(err, &early) || !early.First.Since.Equal(at(-60)) {
			t.Errorf("below, before the beginning: %v", err)
		}
		var absent *history.AbsentError
		if _, err := h.At(ctx, "/d/f", history.Point{Time: at(45)}); !errors.As(err, &absent) || !absent.Deleted.Since.Equal(at(40)) {
			t.Errorf("while deleted: %v", err)
		} else if absent.Deleted.Before == nil || !absent.Deleted.Before.Mtime.Equal(at(600)) {
			t.Errorf("before the deletion: %+v", absent.Deleted.Before)
		}
		if all, err := h.Below(ctx, "/d", history.Point{Time: at(45)}); err != nil || len(all) != 0 {
			t.Errorf("below, while deleted: %v, %v", all, err)
		}
		var unknown *history.UnknownError
		if _, err := h.At(ctx, "/d", history.Point{}); !errors.As(err, &unknown) {
			t.Errorf("a folder as a file: %v", err)
		}
		if _, err := h.Below(ctx, "/nothing", history.Point{}); !errors.As(err, &unknown) {
			t.Errorf("unknown: %v", err)
		}
	})
}

// TestAtMomentsWithinOneSecond: captures count to the nanosecond, and a new mode or owner is in
// force from the ctime, whether the mtime stayed as it was or not.
func TestAtMomentsWithinOneSecond(t *testing.T) {
	ms := func(n int) time.Time { return day0.Add(time.Duration(n) * time.Millisecond) }
	s := newStory(t)
	s.run(ms(500), step{source: "/d/f", content: "one", mtime: ms(100)}, step{source: "/d/m", content: "m", mtime: ms(200)})
	s.run(ms(900), step{source: "/d/f", content: "moved here with its mtime", mtime: ms(300)},
		step{source: "/d/m", content: "m", mtime: ms(200), event: record.Metadata, changed: ms(700)})
	s.run(ms(950), step{source: "/d/f", content: "future", mtime: ms(960)},
		step{source: "/d/m", content: "m", mtime: ms(200), event: record.Metadata, changed: ms(899)})
	s.run(ms(970), step{source: "/d/f", content: "saved", mtime: ms(965)}, s.gone("/d/m"))
	s.run(ms(999), step{source: "/d/new", content: "n", mtime: ms(971)}, step{source: "/d/old", content: "o", mtime: ms(969)})
	since := map[string]string{"/d/f": "965 950 900 100", "/d/m": "970 950 700 200", "/d/new": "971", "/d/old": "999"}
	s.each(func(t *testing.T, h *history.History) {
		for source, want := range since {
			if got := sinceMillis(t, h, source); got != want {
				t.Errorf("%s is in force from %s, want %s", source, got, want)
			}
		}
		for moment, want := range map[int]string{899: "one", 900: "moved here with its mtime", 949: "moved here with its mtime", 950: "future", 965: "saved"} {
			if e, err := h.At(ctx, "/d/f", history.Point{Time: ms(moment)}); err != nil || read(t, h, &e) != want {
				t.Errorf("%d ms: %+v, %v; want %q", moment, e.Record, err, want)
			}
		}
	})
	t.Run("records of before", func(t *testing.T) {
		// The committer dates are all that is known of the captures.
		clone := s.rewritten("--msg-filter", "sed '/^Captured: /d; /^Changed: /d'")
		h, err := history.Open(clone, history.Options{})
		s.check(err)
		defer h.Close()
		for source, want := range map[string]string{"/d/f": "965 960 300 100", "/d/m": "0 200 200 200"} {
			if got := sinceMillis(t, h, source); got != want {
				t.Errorf("%s is in force from %s, want %s", source, got, want)
			}
		}
	})
}

// sinceMillis lists from when on the versions of a source were in force, in milliseconds of the
// second.
func sinceMillis(t *testing.T, h *history.History, source string) string {
	t.Helper()
	var all []string
	for e, err := range h.Log(ctx, history.LogOptions{Path: source}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(e.Since.Sub(day0).Milliseconds()))
	}
	return strings.Join(all, " ")
}

// TestAtMomentsOfARenamedFile: what came by a rename counts from its capture, also where its new
// path was a source before.
func TestAtMomentsOfARenamedFile(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/new", content: "old", mtime: at(-60)}, step{source: "/d/moved", content: "m", mtime: at(-60)})
	s.run(at(10), s.gone("/d/new"))
	s.run(at(20), step{source: "/d/new", content: "m", mtime: at(12), from: "/d/moved"}, s.gone("/d/moved"))
	s.each(func(t *testing.T, h *history.History) {
		for minute, want := range map[float64]string{9: "/d/moved /d/new", 15: "/d/moved", 20: "/d/new"} {
			all, err := h.Below(ctx, "/d", history.Point{Time: at(minute)})
			if got := strings.Join(sources(all), " "); err != nil || got != want {
				t.Errorf("minute %v: %s, %v; want %s", minute, got, err, want)
			}
		}
	})
}

// TestBelowWherePathsExcludeEachOther: a file and one in a folder of its name were never there at
// once, although the one counts from its mtime and the end of the other was noticed later.
func TestBelowWherePathsExcludeEachOther(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/a/x", content: "x", mtime: at(-60)}, step{source: "/d/a/y/z", content: "z", mtime: at(-60)},
		step{source: "/d/a-b", content: "b", mtime: at(-60)}, step{source: "/d/f", content: "f", mtime: at(-60)})
	s.run(at(10), s.gone("/d/a/x"), s.gone("/d/a/y/z"), step{source: "/d/a", content: "a", mtime: at(5)})
	s.run(at(20), s.gone("/d/a"), step{source: "/d/a/y", content: "y", mtime: at(15)}, step{source: "/d/a/x", content: "x", mtime: at(14)})
	s.each(func(t *testing.T, h *history.History) {
		for minute, want := range map[float64]string{4: "/d/a-b /d/a/x /d/a/y/z /d/f", 5: "/d/a /d/a-b /d/f", 10: "/d/a /d/a-b /d/f",
			14: "/d/a-b /d/a/x /d/f", 15: "/d/a-b /d/a/x /d/a/y /d/f", 20: "/d/a-b /d/a/x /d/a/y /d/f"} {
			all, err := h.Below(ctx, "/d", history.Point{Time: at(minute)})
			if got := strings.Join(sources(all), " "); err != nil || got != want {
				t.Errorf("minute %v: %s, %v; want %s", minute, got, err, want)
			}
		}
	})
}

// TestAtMomentsOfNewFiles: a first version's mtime counts, but not before a run that looked at its
// folder in vain.
func TestAtMomentsOfNewFiles(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/f", content: "f", mtime: at(-60)}, step{source: "/d/sub/g", content: "g", mtime: at(-70)})
	s.run(at(10), step{source: "/d/f", content: "more", mtime: at(9)})
	s.run(at(20),
		step{source: "/d/unpacked", content: "u", mtime: at(-600)},
		step{source: "/d/between", content: "b", mtime: at(15)},
		step{source: "/d/pack/age/x", content: "x", mtime: at(-600)},
		step{source: "/e/other", content: "e", mtime: at(-600)},
		step{source: "/d/sub2", content: "r", mtime: at(-600), from: "/d/gone"})
	s.each(func(t *testing.T, h *history.History) {
		since := map[string]time.Time{"/d/f": at(-60), "/d/sub/g": at(-70), "/d/unpacked": at(20), "/d/between": at(15), "/d/pack/age/x": at(20),
			"/e/other": at(-600), "/d/sub2": at(20)}
		for e, err := range h.Log(ctx, history.LogOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Event == record.Added && !e.Since.Equal(since[e.Source]) {
				t.Errorf("%s since %v, want %v", e.Source, e.Since, since[e.Source])
			}
		}
		for source, from := range since {
			if _, err := h.At(ctx, source, history.Point{Time: from}); err != nil {
				t.Errorf("%s at %v: %v", source, from, err)
			}
			var early *history.BeforeError
			if _, err := h.At(ctx, source, history.Point{Time: from.Add(-1)}); !errors.As(err, &early) {
				t.Errorf("%s before %v: %v", source, from, err)
			}
		}
		all, err := h.Below(ctx, "/", history.Point{Time: at(12)})
		if got := strings.Join(sources(all), " "); err != nil || got != "/d/f /d/sub/g /e/other" {
			t.Errorf("%s, %v", got, err)
		}
	})
}

func TestAtVersionsAndCommits(t *testing.T) {
	s := newStory(t)
	first := s.run(at(0), step{source: "/a", content: "a0", mtime: at(0)}, step{source: "/d/b", content: "b0", mtime: at(0)})
	second := s.run(at(1), step{source: "/a", content: "a1", mtime: at(1)})
	third := s.run(at(2), step{source: "/d/c", content: "c0", mtime: at(1.5)}, step{source: "/a", content: "a2", mtime: at(2)})
	repotest.Git(t, s.dest, "tag", "-a", "-m", "tagged", "v1", second[0].Commit.String())
	s.each(func(t *testing.T, h *history.History) {
		for text, want := range map[string]string{"@0": "a2", "@1": "a1", "@2": "a0", first[1].Commit.String(): "a0", second[0].Commit.Short(): "a1",
			third[0].Commit.String(): "a1", "HEAD": "a2", "HEAD~1": "a1", "HEAD^^": "a1", "main~4": "a0", "refs/heads/main~3^{commit}": "a0", "v1": "a1", "@": "a2", "tags/v1^{}": "a1"} {
			w, err := when.Parse(text, at(0))
			if err != nil {
				t.Fatal(err)
			}
			p, err := h.Point(w)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if e, err := h.At(ctx, "/a", p); err != nil || read(t, h, &e) != want {
				t.Errorf("%s: %+v, %v", text, e.Record, err)
			}
		}
		var early *history.BeforeError
		if _, err := h.At(ctx, "/a", history.Point{Back: 3}); !errors.As(err, &early) || early.Count != 3 {
			t.Errorf("@3: %v", err)
		}
		if _, err := h.At(ctx, "/d/c", history.Point{Commit: second[0].Commit}); !errors.As(err, &early) || early.First.Commit != third[0].Commit {
			t.Errorf("before its first commit: %v", err)
		}
		for _, rev := range []string{"main@{9}", "main@{yesterday}", "deadbeef", "nosuch", "HEAD~9", "HEAD^2", "HEAD^{tree}", "../../etc/passwd", "0", ""} {
			var e *history.RevisionError
			if p, err := h.Point(when.When{Kind: when.Revision, Rev: rev}); !errors.As(err, &e) {
				t.Errorf("%q: %v, %v", rev, p, err)
			}
		}
		for point, want := range map[history.Point]string{{}: "/d/b /d/c", {Back: 1}: "/d/b", {Commit: second[0].Commit}: "/d/b", {Time: at(1.6)}: "/d/b /d/c", {Time: at(1.4)}: "/d/b"} {
			all, err := h.Below(ctx, "/d", point)
			if got := strings.Join(sources(all), " "); err != nil || got != want {
				t.Errorf("%+v: %s, %v", point, got, err)
			}
		}
	})
	h, err := history.Open(s.dest, history.Options{})
	s.check(err)
	defer h.Close()
	for rev, want := range map[string]object.ID{"@{0}": third[1].Commit, "main@{1}": second[0].Commit, "HEAD@{2}": first[1].Commit, "HEAD@{2}~1": first[0].Commit} {
		if p, err := h.Point(when.When{Kind: when.Revision, Rev: rev}); err != nil || p.Commit != want {
			t.Errorf("%s: %s, %v", rev, p.Commit, err)
		}
	}
}

// TestBelowWithAWrongHint: a source that the hint names and no commit records is passed over.
func TestBelowWithAWrongHint(t *testing.T) {
	s := newStory(t)
	s.run(at(0), step{source: "/d/a", content: "1", mtime: at(0)})
	h, err := history.Open(s.dest, history.Options{Heads: func(state *durable.Dir, path string) history.Heads {
		heads := s.heads(state, path)
		heads.Sources["/d/none"] = history.Head{}
		return heads
	}})
	s.check(err)
	defer h.Close()
	for _, p := range []history.Point{{}, {Time: at(1)}} {
		if all, err := h.Below(ctx, "/d", p); err != nil || len(all) != 1 {
			t.Errorf("%+v: %v, %v", p, all, err)
		}
	}
}
