package watch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
	"timemachine/watch"
	"timemachine/watch/config"
	"timemachine/watch/own"
	"timemachine/watch/scan"
)

// world is a watched folder with its destination.
type world struct {
	t         *testing.T
	src, dest string
	config    string
	accept    []string
	ahead     time.Duration    // added to the clock of runs
	boot      string           // the machine's boot
	clock     func() time.Time // nil: the machine's, ahead
	batch     int              // number of objects to publish at a time
	own       own.Places
	only      []string // paths that runs are about; nil: all
	batchSize int64    // bytes to publish at a time
}

func newWorld(t *testing.T) *world { return newWorldIn(t, repotest.InMemory(t)) }

// newWorldOnDisk is for what depends on the file system: clocks, blocks, holes, names.
func newWorldOnDisk(t *testing.T) *world { return newWorldIn(t, t.TempDir()) }

func newWorldIn(t *testing.T, dir string) *world {
	w := &world{t: t, boot: "once", src: filepath.Join(dir, "src"), dest: filepath.Join(dir, "dest")}
	w.config = "- " + w.src + "\n"
	w.check(os.Mkdir(w.src, 0o755))
	w.check(repo.Init(w.dest, repo.Options{}))
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.src, name) }

func (w *world) write(name, data string) {
	w.t.Helper()
	w.check(os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
	w.check(os.WriteFile(w.path(name), []byte(data), 0o644))
}

// problems is a Reporter that keeps problems.
type problems []scan.Problem

func (p *problems) Version(record.Version) {}
func (p *problems) Progress(int64, int64)  {}
func (p *problems) Problem(q scan.Problem) { *p = append(*p, q) }

func (w *world) options() repo.Options {
	clock := w.clock
	if clock == nil {
		clock = func() time.Time { return time.Now().Add(w.ahead) }
	}
	return repo.Options{Host: "host", Boot: w.boot, Batch: w.batch, BatchBytes: w.batchSize, Clock: clock}
}

func (w *world) try() (*watch.Summary, problems, error) {
	w.t.Helper()
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	r, err := repo.Open(w.dest, w.options())
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var p problems
	s, err := watch.Run(context.Background(), watch.RunOptions{Config: c, Repo: r, Own: w.own, Only: w.only, AcceptDeletions: w.accept, Clock: w.options().Clock, Report: &p})
	return s, p, err
}

// tryWith makes a run that reports to rep.
func (w *world) tryWith(ctx context.Context, rep watch.Reporter) error {
	w.t.Helper()
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	_, err = watch.Run(ctx, watch.RunOptions{Config: c, Repo: r, Own: w.own, Only: w.only, Clock: w.options().Clock, Report: rep})
	return err
}

// fileVersions returns how many versions of files and links a run has recorded. TestFolders and
// others count those of folders.
func fileVersions(s *watch.Summary) int { return s.Versions - s.Folders }

// run makes a run that must record so many versions of files and links, and leave a destination
// that git accepts.
func (w *world) run(versions int) problems {
	w.t.Helper()
	s, p, err := w.try()
	w.check(err)
	if fileVersions(s) != versions {
		w.t.Fatalf("%d versions, want %d: %v", fileVersions(s), versions, w.subjects(fileVersions(s)))
	}
	repotest.MustCheck(w.t, w.dest)
	return p
}

// subjects returns the subjects of the newest commits of files and links, oldest first, without the
// folder's name.
func (w *world) subjects(n int) []string {
	lines := repotest.Lines(w.t, w.dest, "log", fmt.Sprintf("-%d", n), "--reverse", "--format=%s", "--invert-grep", "-E", "--grep=^(Add|Delete|Restore|Change .* of) folder ")
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], w.src+"/", "")
	}
	return lines
}

func (w *world) want(subjects ...string) {
	w.t.Helper()
	if got := w.subjects(len(subjects)); !slices.Equal(got, subjects) {
		w.t.Fatalf("commits %q, want %q", got, subjects)
	}
}

func (w *world) trailer(key string) string {
	return strings.TrimSpace(repotest.Git(w.t, w.dest, "log", "-1", "--format=%(trailers:key="+key+",valueonly)"))
}

func (w *world) committed(name string) string {
	path, err := layout.TreePath(w.path(name))
	w.check(err)
	return repotest.Git(w.t, w.dest, "cat-file", "blob", "HEAD:"+path)
}

func TestEveryKindOfChange(t *testing.T) {
	t.Parallel()
	w := newWorldOnDisk(t)
	w.write("a", "1")
	w.write("d/b", "2")
	w.write("d/c", "3")
	w.run(3)
	w.run(0)

	w.write("a", "11")
	w.check(os.Remove(w.path("d/b")))
	w.check(os.Chmod(w.path("d/c"), 0o600))
	w.run(3)
	w.want("Change mode of d/c from 0644 to 0600", "Modify a", "Delete d/b")

	w.check(os.Rename(w.path("a"), w.path("z")))
	w.run(2)
	if got := repotest.Git(t, w.dest, "log", "-2", "--format=%(trailers:key=Renamed-From,valueonly)"); strings.TrimSpace(got) != w.path("a") {
		t.Errorf("Renamed-From: %q", got)
	}

	w.check(os.Rename(w.path("z"), w.path("a")))
	w.run(2)
	if got := repotest.Git(t, w.dest, "log", "-2", "--format=%(trailers:key=Renamed-From,valueonly)"); strings.TrimSpace(got) != w.path("z") {
		t.Errorf("Renamed-From, back: %q", got)
	}
	w.check(os.Rename(w.path("a"), w.path("z")))
	w.run(2)

	w.check(os.RemoveAll(w.path("d")))
	w.write("d", "a file")
	w.run(2)
	w.want("Delete d/c", "Change type of d")
	w.check(os.Remove(w.path("d")))
	w.write("d/e/f", "a folder again")
	w.run(2)
	w.want("Change type of d", "Add d/e/f")

	w.check(os.Remove(w.path("z")))
	w.check(os.Symlink("/etc/passwd", w.path("z")))
	w.run(1)
	w.want("Change type of z")
	if w.committed("z") != "/etc/passwd" {
		t.Error("the link was followed")
	}
}

func TestChangesThatMtimeDoesNotShow(t *testing.T) {
	t.Parallel()
	w := newWorldOnDisk(t)
	w.write("f", "one")
	w.run(1)
	st, err := os.Stat(w.path("f"))
	w.check(err)
	w.write("f", "two")
	w.check(os.Chtimes(w.path("f"), st.ModTime(), st.ModTime()))
	w.run(1)
	if w.committed("f") != "two" {
		t.Error("same size and mtime: the content was missed")
	}
	if c := w.trailer("Copy"); !strings.HasSuffix(c, "Z~1-f") {
		t.Errorf("second copy of a stamp is %q", c)
	}
	old := time.Unix(1000, 500)
	w.check(os.Chtimes(w.path("f"), old, old))
	w.run(1)
	w.want("Touch f")
	if m := w.trailer("Mtime"); m != "1970-01-01T00:16:40.000000500Z" {
		t.Errorf("Mtime %q", m)
	}
	w.config = "watch: [" + w.src + "]\ntouched: ignore\n"
	w.check(os.Chtimes(w.path("f"), old, old.Add(time.Hour)))
	w.run(0)
}

func TestHostileNamesAndTimes(t *testing.T) {
	t.Parallel()
	w := newWorldOnDisk(t)
	names := []string{"sub/.gitmodules", "sub/.gitattributes", "GIT~1", ".GIT ", ".git.", ".git::$INDEX", `back\.git`, ".g\u200cit", "new\nline\n\nEvent: deleted",
		"tab\t", `q"uote`, " lead", "trail ", "\xff\xfe", "esc\x1b[31m", "CON", "-rf", ":x", "%2Egit", strings.Repeat("x", 255), ".git" + strings.Repeat(" ", 200),
		"\u0085c1", "\u202ebidi", "2026-11-23T04-48-12.174276Z-b", strings.Repeat("f/", 100) + "deep", "$HOME", "[a]"}
	for _, n := range names {
		w.write(n, "content of "+n)
	}
	for name, at := range map[string]time.Time{"1960": time.Unix(-300000000, 1), "2200": time.Unix(7258118400, 0), "2300": time.Unix(10413792000, 5)} {
		w.write(name, name)
		w.check(os.Chtimes(w.path(name), at, at))
	}
	w.run(len(names) + 3)
	for _, n := range names {
		if got := w.committed(n); got != "content of "+n {
			t.Errorf("%q holds %q", n, got)
		}
	}
	for _, c := range repotest.Lines(t, w.dest, "log", "--format=%(trailers:key=Copy,valueonly)") {
		if _, err := os.Lstat(filepath.Join(w.dest, c)); err != nil && c != "" && c[0] != '"' {
			t.Error(err)
		}
	}
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.run(0)
}

func TestDeletionsAreHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "a")
	w.write("b", "b")
	w.run(2)
	w.check(os.Rename(w.src, w.src+"-away"))
	if p := w.run(0); len(p) != 1 || p[0].Warning {
		t.Fatalf("a missing root: %v", p)
	}
	w.check(os.Mkdir(w.src, 0o755))
	if p := w.run(0); len(p) != 1 {
		t.Fatalf("an empty root: %v", p)
	}
	w.accept = []string{w.path("a")}
	w.run(1)
	w.want("Delete a")
	w.accept = []string{w.src}
	w.run(1)
	w.want("Delete b")
	w.accept = nil
	if p := w.run(0); len(p) != 0 {
		t.Fatalf("after it was settled: %v", p)
	}
}

func TestOneBadFileStopsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "a")
	w.write("large", strings.Repeat("x", 5000))
	w.check(syscall.Mkfifo(w.path("fifo"), 0o600))
	w.config = "watch: [" + w.src + "]\nmax-size: 4KiB\n"
	p := w.run(1)
	if len(p) != 2 {
		t.Fatalf("problems %v", p)
	}
	for _, problem := range p {
		if isFIFO := problem.Path == w.path("fifo"); problem.Warning != isFIFO || problem.Once != isFIFO {
			t.Errorf("%+v", problem)
		}
	}
}

func TestLargeAndSparseFiles(t *testing.T) {
	t.Parallel()
	w := newWorldOnDisk(t)
	random := make([]byte, 9<<20)
	for i := range random {
		random[i] = byte(i * i >> 7)
	}
	w.write("large", string(random))
	w.write("sparse", "")
	w.check(os.Truncate(w.path("sparse"), 64<<20))
	w.run(2)
	if w.committed("large") != string(random) {
		t.Error("the large file differs")
	}
	got, err := os.ReadFile(filepath.Join(w.dest, "files", w.path("large")))
	w.check(err)
	if !bytes.Equal(got, random) {
		t.Error("files/ differs")
	}
	var st syscall.Stat_t
	w.check(syscall.Stat(filepath.Join(w.dest, "files", w.path("sparse")), &st))
	if st.Blocks*512 > 1<<20 {
		t.Errorf("the sparse file takes %d bytes", st.Blocks*512)
	}
	w.check(os.Chtimes(w.path("large"), time.Unix(1, 0), time.Unix(1, 0)))
	w.run(1)
	w.want("Touch large")
}

// TestPseudoFiles checks a folder like /proc that is on the watch list. Its files are
// read to the end at any depth, whatever size their stat has.
func TestPseudoFiles(t *testing.T) {
	const root, deep = "/proc/sys/fs", "/proc/sys/fs/inotify/max_user_watches"
	want, err := os.ReadFile(deep)
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	w := newWorld(t)
	w.config = "- " + root + "\n"
	if _, _, err := w.try(); err != nil {
		t.Fatal(err)
	}
	if got := repotest.Git(t, w.dest, "cat-file", "blob", "HEAD:files"+deep); got != string(want) {
		t.Errorf("recorded as %q, it is %q", got, want)
	}
}

func TestBesideOrdinaryGit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	w.check(os.WriteFile(filepath.Join(w.dest, "note"), []byte("mine"), 0o600))
	repotest.Git(t, w.dest, "add", "note")
	w.write("a", "2")
	if _, _, err := w.try(); err != nil {
		t.Fatal(err)
	}
	if got := repotest.Git(t, w.dest, "status", "--porcelain"); got != "A  note\n" {
		t.Fatalf("staged work: %q", got)
	}
	repotest.Git(t, w.dest, "commit", "-qm", "mine")
	w.run(0)
	repotest.Git(t, w.dest, "revert", "--no-edit", "HEAD~1")
	w.run(1) // the tree does not hold what the record of a says
	if w.committed("a") != "2" {
		t.Error("a revert by hand was not settled")
	}
	repotest.Git(t, w.dest, "gc", "-q")
	w.write("a", "3")
	w.run(1)
	repotest.Git(t, w.dest, "checkout", "-q", "--detach")
	w.write("a", "4")
	if _, p, err := w.try(); err != nil || len(p) != 1 || !p[0].Warning {
		t.Fatalf("detached: %v %v", p, err)
	}
	repotest.Git(t, w.dest, "checkout", "-q", "main")
	w.run(0)
	if w.committed("a") != "4" {
		t.Error("the version of the detached time is not on the branch")
	}
}

func TestLocksOfOthers(t *testing.T) {
	waitBriefly(t)
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	lock := filepath.Join(w.dest, ".git/index.lock")
	w.check(os.WriteFile(lock, nil, 0o600))
	w.write("a", "2")
	if _, p, err := w.try(); err != nil || len(p) != 1 || !p[0].Warning {
		t.Fatalf("index.lock: %v %v", p, err)
	}
	w.check(os.Remove(lock))
	w.run(0)
	lock = filepath.Join(w.dest, ".git/refs/heads/main.lock")
	w.check(os.WriteFile(lock, nil, 0o600))
	w.write("a", "3")
	packs := 0
	for range 3 {
		_, _, err := w.try()
		if state := (*refusal.Error)(nil); !errors.As(err, &state) || state.Kind != refusal.Locked {
			t.Fatalf("main.lock: %v", err)
		}
		all, _ := filepath.Glob(filepath.Join(w.dest, ".git/objects/pack/*"))
		if packs != 0 && len(all) != packs {
			t.Fatalf("%d files in objects/pack, before %d", len(all), packs)
		}
		packs = len(all)
	}
	w.check(os.Remove(lock))
	w.run(0) // finishes the move of the branch
	if w.committed("a") != "3" {
		t.Error("the version is lost")
	}
}

func TestDamageStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	ref := filepath.Join(w.dest, ".git/refs/heads/main")
	good, err := os.ReadFile(ref)
	w.check(err)
	for name, bad := range map[string][]byte{"empty": {}, "zeros": make([]byte, 41), "cut": good[:20], "missing": nil} {
		w.check(os.Remove(ref))
		if bad != nil {
			w.check(os.WriteFile(ref, bad, 0o600))
		}
		w.write("a", name)
		_, _, err := w.try()
		state := (*refusal.Error)(nil)
		if !errors.As(err, &state) || state.Kind != refusal.Damaged || state.Remedy.Kind != refusal.WriteBranchFile || state.Remedy.Commit.String() != strings.TrimSpace(string(good)) {
			t.Errorf("%s: %v", name, err)
		}
		w.check(os.WriteFile(ref, good, 0o600))
	}
	w.run(1)
	repotest.Git(t, w.dest, "commit", "-q", "--amend", "-m", "rewritten")
	_, _, err = w.try()
	if state := (*refusal.Error)(nil); !errors.As(err, &state) || state.Kind != refusal.Rewritten {
		t.Errorf("rewritten: %v", err)
	}
	w.check(repo.Adopt(w.dest, repo.Options{}))
	if _, _, err := w.try(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsDisposableComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.write(fmt.Sprint("f", i), fmt.Sprint(i))
	}
	w.run(20)
	for _, name := range []string{"timemachine/cache", "index"} {
		path := filepath.Join(w.dest, ".git", name)
		w.check(os.Remove(path))
		w.run(0)
		w.check(os.WriteFile(path, []byte("damaged"), 0o600))
		w.write("f0", "after "+name)
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		w.run(0)
	}
}

// busy calls step again and again in the background until stop is called.
func busy(step func(i int)) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
				step(i)
			}
		}
	}()
	return func() {
		close(end)
		<-done
	}
}

// TestFileThatGrows has a file to which another process appends while it is read. The version has
// what the file held when it was opened.
func TestFileThatGrows(t *testing.T) {
	w := newWorld(t)
	f, err := os.Create(w.path("log"))
	w.check(err)
	defer f.Close()
	stop := busy(func(i int) { fmt.Fprintf(f, "line %d\n", i) })
	for range 5 {
		_, p, err := w.try()
		w.check(err)
		if len(p) > 0 {
			t.Errorf("problems %v", p)
		}
		repotest.MustCheck(t, w.dest)
	}
	stop()
	whole, err := os.ReadFile(w.path("log"))
	w.check(err)
	for _, commit := range repotest.Lines(t, w.dest, "rev-list", "HEAD", "--", "files"+w.path("log")) {
		got := repotest.Git(t, w.dest, "cat-file", "blob", commit+":files"+w.path("log"))
		if !strings.HasPrefix(string(whole), got) {
			t.Errorf("commit %s holds what was never there", commit)
		}
	}
}

// TestFileThatNeverHoldsStill has a file that always shrinks and grows. The third run stores it as
// read.
func TestFileThatNeverHoldsStill(t *testing.T) {
	w := newWorld(t)
	w.write("f", "")
	stop := busy(func(i int) { os.WriteFile(w.path("f"), []byte(strings.Repeat("x", 1<<20+i%7)), 0o644) })
	for range 4 {
		if _, _, err := w.try(); err != nil {
			t.Error(err)
		}
	}
	stop()
	repotest.MustCheck(t, w.dest)
	if n := len(repotest.Lines(t, w.dest, "rev-list", "HEAD")); n == 0 {
		t.Error("a busy file starves")
	}
}
