package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/watch"
)

// TestLimitsAreNamed has a file beyond each limit. Each is reported and recorded where possible,
// and no other file is affected.
func TestLimitsAreNamed(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	w := newWorldOnDisk(t)
	w.config = "watch: [" + w.src + "]\nmax-size: 200MiB\n"
	w.write("ordinary", "fine")
	w.write("early", "before 1970")
	w.check(os.Chtimes(w.path("early"), time.Unix(-1, 0), time.Unix(-1, 0)))
	for name, size := range map[string]int64{"large": 51 << 20, "larger": 101 << 20, "largest": 201 << 20} {
		w.write(name, "")
		w.check(os.Truncate(w.path(name), size))
	}
	w.write(".git"+strings.Repeat(" ", 250), "a long name to be escaped")
	deep := ""
	for len(w.path(deep)) < 3800 {
		deep = filepath.Join(deep, strings.Repeat("d", 200))
	}
	deep = filepath.Join(deep, strings.Repeat("f", 4093-len(w.path(deep))-1))
	w.write(deep, "its place in the tree would be too long")

	warned, refused := map[string]string{}, map[string]string{}
	for _, p := range w.run(5) {
		name := strings.TrimPrefix(p.Path, w.src+"/")
		if p.Warning {
			warned[name] = p.Msg
		} else {
			refused[name] = p.Msg
		}
	}
	for name, msg := range map[string]string{"early": "git's dates", "large": "over 50 MB", "larger": "over 100 MB"} {
		if !strings.Contains(warned[name], msg) {
			t.Errorf("%s: warned of %q", name, warned)
		}
	}
	for name, msg := range map[string]string{"largest": "larger than max-size", deep: "too long a path"} {
		if !strings.Contains(refused[name], msg) {
			t.Errorf("%.20s: refused: %.200q", name, refused)
		}
	}
	if len(warned) != 3 || len(refused) != 2 {
		t.Errorf("warned %.200q, refused %.200q", warned, refused)
	}
	if w.committed("early") != "before 1970" || !strings.HasPrefix(w.trailerOf("early", "Mtime"), "1969-12-31T23:59:59") {
		t.Errorf("early: %q", w.trailerOf("early", "Mtime"))
	}
}

// trailerOf returns a trailer of the newest record of a source.
func (w *world) trailerOf(name, key string) string {
	w.t.Helper()
	return strings.TrimSpace(repotest.Git(w.t, w.dest, "log", "-1", "--format=%(trailers:key="+key+",valueonly)", "main", "--", "files"+w.path(name)))
}

// TestPathsLongerThanTheSystemTakes: a scan goes no deeper than a path can name, and names the
// folder where it stops once.
func TestPathsLongerThanTheSystemTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("beside", "recorded")
	w.check(os.Mkdir(w.path("deep"), 0o755))
	dir, err := os.OpenRoot(w.path("deep"))
	w.check(err)
	name := strings.Repeat("d", 250)
	for range 40 {
		for _, file := range []string{"f", "g"} {
			w.check(dir.WriteFile(file, []byte("a file a level"), 0o644))
		}
		w.check(dir.Mkdir(name, 0o755))
		below, err := dir.OpenRoot(name)
		w.check(err)
		w.check(dir.Close())
		dir = below
	}
	w.check(dir.Close())
	s, p, err := w.try()
	w.check(err)
	repotest.MustCheck(t, w.dest)
	var tooLong problems
	for _, q := range p {
		if strings.Contains(q.Msg, "longer than the system takes") {
			tooLong = append(tooLong, q)
		}
	}
	if len(tooLong) != 1 || len(tooLong[0].Path) > unix.PathMax || len(tooLong[0].Path) < unix.PathMax-300 {
		t.Errorf("%d folders are named as too deep", len(tooLong))
	}
	if fileVersions(s) < 25 || fileVersions(s) > 35 || w.committed("beside") != "recorded" {
		t.Errorf("%d versions, %d problems", fileVersions(s), len(p))
	}
	plan, err := w.restore(history.Point{}, watch.RestoreOptions{DryRun: true}, w.src)
	w.check(err)
	for _, path := range plan.Extra {
		if len(path) >= unix.PathMax {
			t.Fatalf("restore looks as deep as %d bytes", len(path))
		}
	}
	w.check(os.Rename(w.path("deep"), w.path("gone")))
	w.check(os.RemoveAll(w.path("gone")))
	w.run(fileVersions(s) - 1)
}
