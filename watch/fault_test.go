package watch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// A scenario is work during which each operation on the destination's file system fails in turn.
type scenario struct {
	name    string
	prepare func(w *world)       // prepares the destination
	work    func(w *world) error // runs with one fault, then again without
	broken  bool                 // git cannot read the prepared destination
}

// scenarios all end in the same history, with and without faults.
var scenarios = []scenario{
	{"init and first run", func(w *world) {
		w.plant()
		w.check(os.RemoveAll(w.dest))
		w.check(os.Mkdir(w.dest, 0o700))
	}, (*world).initOnce, false},
	{"first run", func(w *world) { w.plant() }, (*world).once, false},
	{"later run", func(w *world) {
		w.plant()
		w.run(6)
		w.change()
	}, (*world).once, false},
	{"healing", func(w *world) {
		w.plant()
		w.run(6)
		w.change()
		w.cutShort()
	}, (*world).once, false},
	{"branch in a folder that git removed", func(w *world) {
		w.plant()
		w.run(6)
		repotest.Git(w.t, w.dest, "branch", "-m", "main", "hosts/web1")
		w.check(repo.Adopt(w.dest, w.options()))
		w.runAny()
		repotest.Git(w.t, w.dest, "gc", "-q")
		w.check(os.RemoveAll(filepath.Join(w.dest, ".git/refs/heads/hosts")))
		w.change()
	}, (*world).once, false},
	{"run in bulk", func(w *world) {
		w.plant()
		w.run(6)
		w.plantMany()
	}, (*world).once, false},
	{"run in parts", func(w *world) {
		w.plant()
		w.run(6)
		w.batch = 20
		w.plantMany()
	}, (*world).once, false},
	{longReflogs, func(w *world) {
		w.plant()
		w.run(6)
		w.lengthenReflogs()
		w.change()
	}, (*world).once, false},
	{"heap of packs", func(w *world) {
		w.plant()
		w.run(6)
		for i := range 6 {
			w.write("a", strings.Repeat("word ", 100*(i+1)))
			w.run(1)
		}
		w.change()
	}, (*world).once, false},
	{"compact", func(w *world) {
		w.plant()
		w.run(6)
		for i := range 5 {
			w.write("a", strings.Repeat("word ", 100*(i+1)))
			w.run(1)
		}
	}, (*world).compactOnce, false},
	{"compact what is in a multi-pack-index", func(w *world) {
		w.plant()
		w.run(6)
		for i := range 5 {
			w.write("a", strings.Repeat("word ", 100*(i+1)))
			w.run(1)
		}
		repotest.Git(w.t, w.dest, "multi-pack-index", "write")
	}, (*world).compactOnce, false},
	{"strange files in our folder", func(w *world) {
		w.plant()
		w.run(6)
		w.change()
		for _, name := range []string{"packs", "pending", "cache"} {
			w.check(os.RemoveAll(filepath.Join(w.dest, ".git/timemachine", name)))
			w.check(os.Symlink("/nowhere", filepath.Join(w.dest, ".git/timemachine", name)))
		}
	}, (*world).once, false},
	{"files/ gone", func(w *world) {
		w.plant()
		w.run(6)
		w.change()
		w.check(os.RemoveAll(filepath.Join(w.dest, "files")))
	}, (*world).once, false},
	{"copies left out before", func(w *world) {
		w.plant()
		w.run(6)
		roomy := w.config
		w.config = "watch: [" + w.src + "]\ncopies: {min-free: 100%}\n"
		w.change()
		w.check(w.once())
		w.config = roomy
	}, (*world).once, false},
	{"verify and repair", func(w *world) {
		w.plant()
		w.run(6)
		w.check(os.Remove(w.file("a")))
		w.spoil(w.file("d/b"))
		w.spoil(w.newestCopy("d/e/c"))
		w.check(os.Truncate(filepath.Join(w.dest, ".git/index"), 40))
	}, (*world).repairOnce, true},
	{"copies rebuild", func(w *world) {
		w.plant()
		w.run(6)
		w.change()
		w.runAny()
		w.check(os.RemoveAll(filepath.Join(w.dest, "copies")))
	}, (*world).rebuildOnce, false},
}

const longReflogs = "long reflogs"

// plant makes the sources that scenarios begin with.
func (w *world) plant() {
	w.write("a", "1")
	w.write("d/b", "2")
	w.write("d/e/c", strings.Repeat("line\n", 3000))
	w.write("gone", "g")
	w.check(os.Symlink("target", w.path("link")))
	w.write("large", strings.Repeat("0123456789abcdef", 40_000))
}

// plantMany makes so many sources that a run syncs the whole file system.
func (w *world) plantMany() {
	for i := range 40 {
		w.write(fmt.Sprint("many/", i), "m")
	}
}

// change changes the sources in every way.
func (w *world) change() {
	w.write("a", "two")
	w.check(os.Chmod(w.path("d/b"), 0o755))
	w.check(os.Remove(w.path("gone")))
	w.check(os.Rename(w.path("d/e/c"), w.path("d/moved")))
	// in an empty folder a deletion is held back where the cache is lost
	w.check(os.Remove(w.path("d/e")))
	w.check(os.Remove(w.path("link")))
	w.write("link", "a file now")
	w.write("new/folder/f", "n")
}

// cutShort leaves a run that was killed right after the branch moved.
func (w *world) cutShort() {
	w.t.Helper()
	w.killed(&killAfter{kind: durable.Rename, suffix: "refs/heads/main"})
}

// foreignMove is the message of an entry that another program made.
const foreignMove = "reset: moving to HEAD"

// reflogs are the logs of the branch and of HEAD.
func (w *world) reflogs() [2]string {
	return [2]string{filepath.Join(w.dest, ".git/logs/refs/heads/main"), filepath.Join(w.dest, ".git/logs/HEAD")}
}

// lengthenReflogs adds so many entries of runs to the reflogs that the next run joins some of them.
// Among them is one of another program.
func (w *world) lengthenReflogs() {
	w.t.Helper()
	var b strings.Builder
	now, tip := w.options().Clock(), tipOf(w.dest)
	for i := range 4000 {
		message := "timemachine: 1 versions (scan 20261123T044830Z-9f2c)"
		if i == 1000 {
			message = foreignMove
		}
		fmt.Fprintf(&b, "%s %[1]s somebody <s@example.org> %d +0000\t%s\n", tip, now.Add(time.Duration(i-4000)*time.Minute).Unix(), message)
	}
	for _, name := range w.reflogs() {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		w.check(err)
		_, err = f.WriteString(b.String())
		w.check(err)
		w.check(f.Close())
	}
}

// killAfter ends the process once an operation on a path has succeeded.
type killAfter struct {
	kind   durable.Kind
	suffix string
	dead   atomic.Bool
}

func (k *killAfter) Before(*durable.Op) error {
	if k.dead.Load() {
		return repotest.ErrKilled
	}
	return nil
}

func (k *killAfter) After(op *durable.Op) {
	if op.Kind == k.kind && (strings.HasSuffix(op.Path, k.suffix) || strings.HasSuffix(op.To, k.suffix)) {
		k.dead.Store(true)
	}
}

func (w *world) once() error {
	_, _, err := w.try()
	return err
}

// initOnce makes the repository where it is missing, as the command run does.
func (w *world) initOnce() error {
	r, err := repo.Open(w.dest, repo.Options{})
	var state *refusal.Error
	if errors.As(err, &state) && state.Kind == refusal.NoRepository {
		err = repo.Init(w.dest, repo.Options{})
	} else if err == nil {
		err = r.Close()
	}
	if err != nil {
		return err
	}
	return w.once()
}

func (w *world) runAny() {
	w.t.Helper()
	w.check(w.once())
}

// locked calls a function under the destination's lock.
func (w *world) locked(do func(r *repo.Writer) error) error {
	r, err := repo.Open(w.dest, w.options())
	if err != nil {
		return err
	}
	defer r.Close()
	writer, err := r.TryLock(repo.WriteOptions{})
	if err != nil {
		return err
	}
	return do(writer)
}

func (w *world) repairOnce() error {
	return w.locked(func(r *repo.Writer) error {
		_, err := r.Repair(w.t.Context(), verify.Options{})
		return err
	})
}

func (w *world) compactOnce() error {
	return w.locked(func(r *repo.Writer) error {
		tip, err := r.Start(w.t.Context())
		if err == nil {
			_, err = r.Compact(w.t.Context(), tip)
		}
		return err
	})
}

func (w *world) rebuildOnce() error {
	return w.locked(func(r *repo.Writer) error {
		_, err := r.RebuildCopies(w.t.Context(), repo.RebuildOptions{})
		return err
	})
}

// perSweep is how many operations of a scenario, taken at random, the short form lets fail in each
// way.
const perSweep = 1

// TestFaults lets every operation of every scenario fail in every way. What was acknowledged before
// is kept, git accepts the repository, and the next run ends as without the fault.
func TestFaults(t *testing.T) {
	repotest.OneAtATime(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			dir := repotest.InMemory(t)
			w := newWorldIn(t, dir)
			s.prepare(w)
			sw := &sweep{world: w, scenario: s, template: filepath.Join(dir, "template")}
			copyTree(t, w.dest, sw.template)
			sw.reference(t)
			for _, how := range repotest.AllFaults {
				sw.all(t, how)
			}
			t.Logf("%d operations, %d went wrong, %d versions each", sw.count, sw.tried, len(sw.want))
		})
	}
}

// sweep is one scenario with its beginning and its expected end.
type sweep struct {
	*world
	scenario
	template string   // the prepared destination
	before   string   // its tip, "" for none
	want     []string // the history without faults, sorted
	packs    int      // the number of packs then
	count    int      // the number of operations
	tried    int
}

// reference does the work without faults.
func (s *sweep) reference(t *testing.T) {
	s.before = tipOf(s.dest)
	f := &repotest.Faults{At: -1}
	remove := durable.SetSeam(f)
	err := s.work(s.world)
	remove()
	s.check(err)
	s.count = f.Count()
	s.check(s.once())
	s.check(s.once())
	repotest.MustCheck(t, s.dest)
	s.want, s.packs = s.history(), len(s.packFiles())
	if s.name == longReflogs {
		for _, name := range s.reflogs() {
			if b, err := os.ReadFile(name); err != nil || bytes.Count(b, []byte("\n")) > 1500 {
				t.Fatalf("%s was not trimmed: %v", name, err)
			}
		}
	}
}

func (s *sweep) all(t *testing.T, how repotest.Fault) {
	step, at := 1, 0
	if !*repotest.Torture {
		step = max(1, s.count/perSweep)
		at = rand.IntN(step)
	}
	for ; at < s.count && !t.Failed(); at += step {
		s.check(os.RemoveAll(s.dest))
		copyTree(t, s.template, s.dest)
		f := &repotest.Faults{At: at, How: how}
		remove := durable.SetSeam(f)
		err := s.work(s.world)
		remove()
		op, hit := f.Hit()
		if !hit {
			continue
		}
		s.tried++
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			err = errors.New(strings.ReplaceAll(first, s.dest, ""))
		}
		what := fmt.Sprintf("operation %d %s: %s %s %s (gave %v)", at, how, op.Kind, strings.TrimPrefix(op.Path, s.dest), strings.TrimPrefix(op.To, s.dest), err)
		s.judge(t, what)
	}
}

func (s *sweep) judge(t *testing.T, what string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(what)
		}
	}()
	why := s.survived()
	if why == "" {
		why = s.recovered(t)
	}
	if why != "" {
		t.Fatal(why)
	}
}

// survived checks the destination after a fault, and returns what is wrong.
func (s *sweep) survived() string {
	if _, err := os.Stat(filepath.Join(s.dest, ".git")); s.before == "" && errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	cmd := exec.Command("git", "-C", s.dest, "fsck", "--strict", "--full", "--no-dangling")
	if s.broken {
		cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+filepath.Join(s.dest, "none"))
	}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "error") {
		return fmt.Sprintf("git fsck: %v %s", err, out)
	}
	if s.before != "" && exec.Command("git", "-C", s.dest, "merge-base", "--is-ancestor", s.before, branchOf(s.dest)).Run() != nil {
		return "what was recorded before is gone"
	}
	for _, name := range s.reflogs() {
		if b, err := os.ReadFile(name); s.name == longReflogs && (err != nil || bytes.Count(b, []byte(foreignMove)) != 1) {
			return fmt.Sprintf("%s lost another program's entry: %v", name, err)
		}
	}
	return ""
}

// recovered does the work again, and returns what is wrong afterwards.
func (s *sweep) recovered(t *testing.T) string {
	if err := s.work(s.world); err != nil {
		return fmt.Sprintf("again: %v", err)
	}
	if err := s.once(); err != nil {
		return fmt.Sprintf("a run: %v", err)
	}
	repotest.MustCheck(t, s.dest)
	if got := s.history(); !slices.Equal(got, s.want) {
		return fmt.Sprintf("the history is\n%s\nwithout a fault\n%s", strings.Join(got, "\n"), strings.Join(s.want, "\n"))
	}
	if found, _ := s.verify(verify.Options{}); len(found) > 0 {
		return fmt.Sprintf("verify: %+v", found)
	}
	if left := s.leftovers(); len(left) > 0 {
		return fmt.Sprintf("left behind: %q", left)
	}
	if packs := s.packFiles(); len(packs) > s.packs+2 {
		return fmt.Sprintf("%d files in objects/pack, without a fault %d: %q", len(packs), s.packs, packs)
	}
	return ""
}

// history lists every version: its event, source, content and copy. The order within a run does not
// matter.
func (w *world) history() []string {
	w.t.Helper()
	out := repotest.Git(w.t, w.dest, "log", "--format=%s%x00%(trailers:key=Blob,valueonly)%x00%(trailers:key=Copy,valueonly)%x01", branchOf(w.dest))
	all := strings.Split(strings.ReplaceAll(out, "\n", ""), "\x01")
	slices.Sort(all)
	return all
}

func (w *world) packFiles() []string {
	all, err := filepath.Glob(filepath.Join(w.dest, ".git/objects/pack/*"))
	w.check(err)
	return all
}

// leftovers lists files that may exist only while work is under way.
func (w *world) leftovers() (left []string) {
	w.t.Helper()
	_, unmarked := os.Lstat(filepath.Join(w.dest, ".git/timemachine/followed"))
	w.check(filepath.WalkDir(w.dest, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		stage := filepath.Base(filepath.Dir(path)) == "stage"
		if stage && strings.HasSuffix(name, ".lock") || filepath.Base(filepath.Dir(path)) == "timemachine" && strings.HasSuffix(name, ".new") {
			return err // a lock or temporary file: its next owner removes it
		}
		switch {
		case err != nil:
			return err
		case stage, strings.HasSuffix(name, ".lock"), strings.HasSuffix(name, ".new"), strings.HasSuffix(name, ".keep"), strings.HasPrefix(name, "tmp_"), name == "pending" && unmarked != nil:
			left = append(left, path)
		}
		return nil
	}))
	return left
}

func tipOf(dest string) string {
	out, _ := exec.Command("git", "-C", dest, "rev-parse", "-q", "--verify", branchOf(dest)).Output()
	return strings.TrimSpace(string(out))
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v %s", err, out)
	}
}

// branchOf is the branch that a destination records to.
func branchOf(dest string) string {
	out, err := exec.Command("git", "config", "-f", filepath.Join(dest, ".git/config"), "timemachine.branch").Output()
	if err != nil {
		return "main"
	}
	return strings.TrimSpace(string(out))
}
