package watch_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/repo/restore"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/config"
)

// TestRestoreFaults lets every operation of a restore fail. Each file holds its old or its new
// content, and the old content is in the history before it is replaced. The next restore ends as
// without the fault.
func TestRestoreFaults(t *testing.T) {
	w := newWorld(t)
	w.plant()
	w.run(6)
	at := history.Point{Commit: w.head()}
	w.change()
	w.write("unrecorded", "nobody has seen this")
	w.write("a", "nor this")
	template := filepath.Join(t.TempDir(), "world")
	copyTree(t, filepath.Dir(w.src), template)
	live := w.contents()
	f := &repotest.Faults{At: -1}
	w.check(w.restoreUnder(f, at))
	count, want := f.Count(), w.contents()

	tried := 0
	for _, how := range repotest.AllFaults {
		step, i := 1, 0
		if !*repotest.Torture {
			step = max(1, count/perSweep)
			i = rand.IntN(step)
		}
		for ; i < count && !t.Failed(); i += step {
			w.check(os.RemoveAll(filepath.Dir(w.src)))
			copyTree(t, template, filepath.Dir(w.src))
			f := &repotest.Faults{At: i, How: how}
			err := w.restoreUnder(f, at)
			op, hit := f.Hit()
			if !hit {
				continue
			}
			tried++
			w.neverLess(live, want)
			if rerr := w.restoreUnder(&repotest.Faults{At: -1}, at); rerr != nil {
				t.Errorf("again: %v", rerr)
			}
			for name, text := range w.contents() {
				if !strings.Contains(name, ".#timemachine-") && text != want[name] {
					t.Errorf("in the end %s holds %q, not %q", name, text, want[name])
				}
			}
			w.check(w.once())
			repotest.MustCheck(t, w.dest)
			if t.Failed() {
				t.Logf("operation %d %s: %s %s (gave %v)", i, how, op.Kind, op.Path, err)
			}
		}
	}
	t.Logf("%d operations, %d went wrong", count, tried)
}

// restoreUnder restores everything through the seam f.
func (w *world) restoreUnder(f *repotest.Faults, at history.Point) error {
	defer durable.SetSeam(f)()
	r, err := repo.Open(w.dest, repo.Options{Host: "host", Heads: cache.NewestVersions})
	if err != nil {
		return err
	}
	defer r.Close()
	h, err := r.History()
	if err != nil {
		return err
	}
	defer h.Close()
	entries, err := h.Below(w.t.Context(), w.src, at)
	if err != nil {
		return err
	}
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	plan, err := watch.Restore(w.t.Context(), watch.RestoreOptions{History: h, Repo: r, Config: c, Report: &problems{}, Done: func(*restore.Step) {},
		Selections: []restore.Selection{{Path: w.src, Entries: entries}}, Clock: time.Now})
	if plan != nil {
		plan.Close()
	}
	return err
}

// neverLess checks that each file has its old or its new content, and that the old content is on
// disk or in the history.
func (w *world) neverLess(live, want map[string]string) {
	w.t.Helper()
	now := w.contents()
	for name, text := range now {
		if !strings.Contains(name, ".#timemachine-") && text != live[name] && text != want[name] {
			w.t.Errorf("%s holds %q", name, text)
		}
	}
	for name, text := range live {
		if now[name] == text || strings.HasPrefix(text, "-> ") {
			continue
		}
		id, err := object.HashBlob([]byte(text))
		w.check(err)
		if exec.Command("git", "-C", w.dest, "cat-file", "-e", id.String()).Run() != nil {
			w.t.Errorf("%s held %q, which is nowhere", name, text)
		}
	}
}

// contents returns the content of each watched file, by name.
func (w *world) contents() map[string]string {
	all := map[string]string{}
	w.check(filepath.Walk(w.src, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, w.src+"/")
		if info.Mode()&os.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			all[name] = "-> " + target
			return err
		}
		b, err := os.ReadFile(path)
		all[name] = string(b)
		return err
	}))
	return all
}

func (w *world) head() object.ID {
	id, err := object.ParseID(tipOf(w.dest))
	w.check(err)
	return id
}
