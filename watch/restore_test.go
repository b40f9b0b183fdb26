package watch_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/repo/restore"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/config"
)

// restore restores paths as of p.
func (w *world) restore(p history.Point, o watch.RestoreOptions, paths ...string) (*restore.Plan, error) {
	w.t.Helper()
	r, err := repo.Open(w.dest, repo.Options{Host: "host", Heads: cache.NewestVersions})
	w.check(err)
	defer r.Close()
	h, err := r.History()
	w.check(err)
	defer h.Close()
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	for _, path := range paths {
		entries, err := h.Below(context.Background(), path, p)
		w.check(err)
		o.Selections = append(o.Selections, restore.Selection{Path: path, Entries: entries})
	}
	o.History, o.At, o.Repo, o.Config, o.Clock = h, p, r, c, time.Now
	o.Report, o.Done = &problems{}, func(*restore.Step) {}
	plan, err := watch.Restore(context.Background(), o)
	if plan != nil {
		plan.Close()
	}
	return plan, err
}

// must restores everything below the folder; no step may fail.
func (w *world) must(p history.Point) *restore.Plan {
	w.t.Helper()
	plan, err := w.restore(p, watch.RestoreOptions{}, w.src)
	w.check(err)
	for _, s := range plan.Steps {
		if s.Err != nil {
			w.t.Errorf("%s: %v", s.Target, s.Err)
		}
	}
	repotest.MustCheck(w.t, w.dest)
	return plan
}

func (w *world) tip() history.Point {
	r, err := history.Open(w.dest, history.Options{})
	w.check(err)
	defer r.Close()
	return history.Point{Commit: r.Tip()}
}

// listing returns what find says of the files and links below a folder, and their content.
func listing(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `cd "$1" && find . -type f -printf '%p %m %u %g %T@ %s\n' -exec sha1sum {} \; -o -type l -printf '%p %l\n' | sort`, "sh", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return string(out)
}

// damageAll damages a copy of /etc in the ways that users do.
func damageAll(w *world) {
	w.check(os.RemoveAll(w.path("d")))
	w.write("d", "a file in the place of a folder")
	w.write("a", "overwritten, and longer than it was")
	w.check(os.Chmod(w.path("mode"), 0o777))
	now := time.Now()
	w.check(os.Chtimes(w.path("touched"), now, now))
	w.check(os.Remove(w.path("link")))
	w.check(os.Symlink("elsewhere", w.path("link")))
	w.check(os.Remove(w.path("gone")))
	w.check(os.Remove(w.path("kind")))
	w.check(os.Symlink("/etc/passwd", w.path("kind")))
	w.check(os.Remove(w.path("sub/x/y")))
	w.check(os.Remove(w.path("sub/x")))
	w.check(os.Symlink(w.path("outside"), w.path("sub/x")))
	w.check(os.MkdirAll(w.path("outside"), 0o755))
}

func fill(w *world) {
	for _, name := range []string{"a", "d/b", "d/e/c", "mode", "touched", "gone", "kind", "sub/x/y", "same"} {
		w.write(name, "content of "+name+"\n")
		then := time.Unix(1_700_000_000, 123456789)
		w.check(os.Chtimes(w.path(name), then, then))
	}
	w.check(os.Chmod(w.path("mode"), 0o640))
	w.check(os.Symlink("a", w.path("link")))
	f, err := os.Create(w.path("sparse"))
	w.check(err)
	w.check(errors.Join(f.Truncate(40<<20), f.Close()))
}

func TestRestoreFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fill(w)
	before := listing(t, w.src)
	if _, _, err := w.try(); err != nil {
		t.Fatal(err)
	}
	then := w.tip()
	damageAll(w)
	w.must(then)
	if err := os.Remove(w.path("outside")); err != nil {
		t.Errorf("something was restored through a link: %v", err)
	}
	if got := listing(t, w.src); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
	var st syscall.Stat_t
	w.check(syscall.Stat(w.path("sparse"), &st))
	if st.Blocks*512 > 1<<20 {
		t.Errorf("40 MiB of zeros take %d bytes", st.Blocks*512)
	}
	for _, damaged := range []string{"overwritten, and longer than it was", "a file in the place of a folder"} {
		if out := repotest.Git(t, w.dest, "log", "--oneline", "-S"+damaged); out == "" {
			t.Errorf("%q was replaced without being recorded", damaged)
		}
	}
	w.run(0)
}

// TestRestoreTwice checks that a second restore has nothing to do, since the first one's files are
// the newest versions.
func TestRestoreTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	w.write("a", "damaged")
	w.must(history.Point{})
	for _, s := range w.must(history.Point{}).Steps {
		if s.Action != restore.Keep {
			t.Errorf("%s: %s", s.Target, s.Action)
		}
	}
	if b, _ := os.ReadFile(w.path("a")); string(b) != "1" {
		t.Errorf("%q", b)
	}
}

// TestRestoreSparesWhatCannotBeRecorded checks that a restore leaves a file alone whose present
// state is larger than max-size.
func TestRestoreSparesWhatCannotBeRecorded(t *testing.T) {
	w := newWorld(t)
	w.config = "watch: [" + w.src + "]\nmax-size: 10\n"
	w.write("a", "short")
	w.write("b", "short")
	w.run(2)
	w.write("a", "longer than max-size")
	w.write("b", "other")
	plan, err := w.restore(history.Point{}, watch.RestoreOptions{}, w.src)
	w.check(err)
	for _, s := range plan.Steps {
		if name := filepath.Base(s.Target); (s.Err != nil) != (name == "a") {
			t.Errorf("%s: %v", name, s.Err)
		}
	}
	if b, _ := os.ReadFile(w.path("a")); string(b) != "longer than max-size" {
		t.Errorf("a: %q", b)
	}
	if b, _ := os.ReadFile(w.path("b")); string(b) != "short" {
		t.Errorf("b: %q", b)
	}
	_, err = w.restore(history.Point{}, watch.RestoreOptions{Overwrite: restore.OverwriteAlways}, w.path("a"))
	w.check(err)
	if b, _ := os.ReadFile(w.path("a")); string(b) != "short" {
		t.Errorf("a: %q", b)
	}
}

// TestRestoreThroughTheWatchedLink keeps a link that the watch list names, and restores the file
// behind it. It goes into a folder that the watch list names through a link.
func TestRestoreThroughTheWatchedLink(t *testing.T) {
	w := newWorld(t)
	w.write("real/f", "1")
	w.write("real/file", "1")
	w.check(os.Symlink("real", w.path("folder")))
	w.check(os.Symlink("real/file", w.path("link")))
	w.config = "- " + w.path("link") + "\n- " + w.path("folder") + "\n"
	w.run(3)
	w.write("real/f", "damaged")
	w.write("real/file", "damaged")
	for _, path := range []string{w.path("link"), w.path("folder")} {
		plan, err := w.restore(history.Point{}, watch.RestoreOptions{}, path)
		w.check(err)
		for _, s := range plan.Steps {
			w.check(s.Err)
		}
	}
	for _, name := range []string{"real/f", "real/file"} {
		if b, _ := os.ReadFile(w.path(name)); string(b) != "1" {
			t.Errorf("%s: %q", name, b)
		}
	}
	for _, name := range []string{"folder", "link"} {
		if _, err := os.Readlink(w.path(name)); err != nil {
			t.Error(err)
		}
	}
}

// TestRestoreDistrustsForeignLinks checks that root follows no link that another user placed above
// or in place of a folder.
func TestRestoreDistrustsForeignLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a link away")
	}
	w := newWorld(t)
	w.write("home/docs/f", "1")
	w.run(1)
	trap := filepath.Join(t.TempDir(), "trap")
	w.check(os.Mkdir(trap, 0o755))
	for _, planted := range []string{"home/docs", "home"} {
		w.check(os.Rename(w.path(planted), w.path("aside")))
		target := trap
		if planted == "home" {
			target = filepath.Dir(trap)
			w.check(os.Mkdir(filepath.Join(target, "docs"), 0o755))
		}
		w.check(os.Symlink(target, w.path(planted)))
		w.check(os.Lchown(w.path(planted), 65534, 65534))
		w.config = "- " + w.path("home/docs") + "\n"
		plan, err := w.restore(history.Point{}, watch.RestoreOptions{}, w.path("home/docs"))
		if err == nil || !strings.Contains(err.Error(), "is a link of user 65534's, and not followed") {
			t.Errorf("%s: %v, %v", planted, plan.Steps[0].Err, err)
		}
		if names, _ := filepath.Glob(filepath.Join(filepath.Dir(trap), "*", "*")); len(names) > 0 {
			t.Errorf("%s: restored %q", planted, names)
		}
		w.check(os.Remove(w.path(planted)))
		w.check(os.Rename(w.path("aside"), w.path(planted)))
	}
}
