package watch_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/watch/cache"
)

// TestNewestVersions compares the newest versions in the cache with the commits.
func TestNewestVersions(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("d/b", "2")
	w.write("d/c", "3")
	w.write("dd", "4")
	w.run(4)
	w.write("a", "11")
	w.check(os.Remove(w.path("d/c")))
	w.run(2)

	h, err := history.Open(w.dest, history.Options{})
	w.check(err)
	defer h.Close()
	for path, want := range map[string][]string{w.path("a"): {"a"}, w.path("d"): {"d", "d/b", "d/c"}, w.src: {".", "a", "d", "d/b", "d/c", "dd"}, "/": {".", "a", "d", "d/b", "d/c", "dd"}, w.path("x"): nil} {
		heads := cache.NewestVersions(h.State(), path)
		if heads.Tip != h.Tip() {
			t.Errorf("%s: tip %s", path, heads.Tip)
		}
		var names []string
		for source := range maps.Keys(heads.Sources) {
			name, _ := filepath.Rel(w.src, source)
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", path, names, want)
		}
		for source, head := range heads.Sources {
			if source == w.src || source == w.path("d") {
				continue // the log of a folder tells of what lies in it, too
			}
			for e, err := range h.Log(context.Background(), history.LogOptions{Path: source, Limit: 1}) {
				if err != nil || e.Commit != head.Commit || head.Deleted != (source == w.path("d/c")) {
					t.Errorf("%s: %+v, %v", source, head, err)
				}
			}
		}
	}
	gone := cache.NewestVersions(h.State(), w.path("d/c")).Sources[w.path("d/c")]
	if out := repotest.Git(t, w.dest, "cat-file", "blob", gone.Blob.String()); out != "3" {
		t.Errorf("a deleted file's last content is %q", out)
	}
	file := filepath.Join(w.dest, ".git", "timemachine", "cache")
	b, err := os.ReadFile(file)
	w.check(err)
	b[len(b)/2] ^= 1
	w.check(os.WriteFile(file, b, 0o600))
	if heads := cache.NewestVersions(h.State(), "/"); len(heads.Sources) > 0 {
		t.Errorf("a damaged cache tells %v", heads)
	}
}

// TestNewestWithoutAVersion: a source that changed during each read, and so was never recorded, is
// none of the history, and its folder can be read as of any moment; also when the file is missing.
func TestNewestWithoutAVersion(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	w.editState("torn", func(s *cache.State) { s.Deleted, s.TornRuns = true, 1 })
	w.write("b", "1")
	w.run(1)
	h, err := history.Open(w.dest, history.Options{Heads: cache.NewestVersions})
	w.check(err)
	defer h.Close()
	for _, p := range []history.Point{{}, {Time: time.Now().Add(time.Hour)}, {Back: 1}} {
		entries, err := h.Below(t.Context(), w.src, p)
		if want := 3 - p.Back; err != nil || len(entries) != want {
			t.Errorf("%+v: %d versions, %v", p, len(entries), err)
		}
	}
	if sources, err := h.Sources(t.Context(), w.src); err != nil || len(sources) != 3 {
		t.Errorf("%q, %v", sources, err)
	}
	if known, err := h.KnownWithoutSearch(w.path("torn")); known || err != nil {
		t.Errorf("the torn file is known: %v", err)
	}
	var unknown *history.UnknownError
	if _, err := h.Below(t.Context(), w.path("torn"), history.Point{}); !errors.As(err, &unknown) {
		t.Errorf("the torn file: %v", err)
	}
}
