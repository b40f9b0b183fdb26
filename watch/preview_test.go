package watch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/watch/config"
	"timemachine/watch/preview"
)

func (w *world) preview() *preview.Preview {
	w.t.Helper()
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	h, err := history.Open(w.dest, history.Options{})
	w.check(err)
	defer h.Close()
	p, err := preview.New(context.Background(), c, h, w.dest, w.own, time.Now().Add(w.ahead))
	w.check(err)
	return p
}

// expected lists the changes of a preview, as "modified or touched? a" where only the content
// decides.
func (w *world) expected(p *preview.Preview) []string {
	var lines []string
	for _, e := range p.Changes {
		words := fmt.Sprint(e.Events)
		if e.Maybe {
			words += "?"
		}
		lines = append(lines, words+" "+strings.TrimPrefix(e.Source, w.src+"/"))
	}
	return lines
}

// settled gives files an mtime so long ago that a run has no doubt about them.
func (w *world) settled(names ...string) {
	then := time.Now().Add(-time.Hour)
	for _, name := range names {
		w.check(os.Chtimes(w.path(name), then, then))
	}
}

// TestPreviewTellsWhatTheRunDoes compares the preview of every kind of change with the next run.
func TestPreviewTellsWhatTheRunDoes(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"gone", "longer", "mode", "same-size", "touched", "kind", "replaced", "still"} {
		w.write(name, "1234")
		w.settled(name)
	}
	if _, _, err := w.try(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond) // after that, the ctimes leave no doubt
	if _, _, err := w.try(); err != nil {
		t.Fatal(err)
	}
	w.check(os.Remove(w.path("gone")))
	w.write("longer", "12345")
	w.check(os.Chmod(w.path("mode"), 0o600))
	w.write("same-size", "4321")
	w.check(os.Chtimes(w.path("touched"), time.Now(), time.Now()))
	w.check(os.Remove(w.path("kind")))
	w.check(os.Symlink("longer", w.path("kind")))
	st, err := os.Stat(w.path("replaced"))
	w.check(err)
	w.write("other", "5678")
	w.check(os.Chtimes(w.path("other"), st.ModTime(), st.ModTime()))
	w.check(os.Rename(w.path("other"), w.path("replaced")))
	w.write("new", "1")
	p := w.preview()
	want := []string{"[deleted] gone", "[type-changed] kind", "[modified] longer", "[metadata modified] mode", "[added] new",
		"[modified]? replaced", "[modified touched] same-size", "[modified touched] touched"}
	if got := w.expected(p); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if p.Sources != 8 || p.Rechecked != 0 || len(p.Failing)+len(p.Held)+len(p.Missing) != 0 {
		t.Errorf("%+v", p)
	}
	w.run(len(want))
}

// TestPreviewWithoutCache makes a preview from the commits alone, without reading contents.
func TestPreviewWithoutCache(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("b", "1")
	w.run(2)
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.write("b", "22")
	if p := w.preview(); p.Rechecked != 1 || !slices.Equal(w.expected(p), []string{"[modified] b"}) {
		t.Errorf("%d again, %q", p.Rechecked, w.expected(p))
	}
}
