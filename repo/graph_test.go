package repo

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// past makes commits of ours in a destination, and lets real git look at them.
type past struct {
	testing.TB
	dest string
	r    *Writer
	rnd  *rand.Rand
	now  time.Time
	last map[string]object.ID // newest version of each source that is there
	runs int
}

func newPast(t testing.TB) *past {
	h := &past{TB: t, dest: filepath.Join(repotest.InMemory(t), "dest"), rnd: rand.New(rand.NewSource(7)), now: time.Unix(1_700_000_000, 0), last: map[string]object.ID{}}
	h.check(Init(h.dest, Options{}))
	h.open()
	t.Cleanup(func() { h.r.Close() })
	return h
}

func (h *past) check(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *past) open() {
	r, err := Open(h.dest, Options{Clock: func() time.Time { return h.now }})
	h.check(err)
	h.r, err = r.TryLock(WriteOptions{Copies: func(durable.Space) bool { return false }})
	h.check(err)
}

// run is one run that captures or, where the name begins with a minus, deletes each source. Names
// that end in a slash are of folders.
func (h *past) run(names ...string) object.ID {
	h.Helper()
	tx := h.begin()
	h.commit(tx, names...)
	h.check(tx.Publish())
	return tx.Tip()
}

func (h *past) begin() *Tx {
	h.Helper()
	h.runs++
	tip, err := h.r.Start(context.Background())
	h.check(err)
	tx, err := h.r.Begin(context.Background(), tip, fmt.Sprintf("20261123T044830Z-%04x", h.runs), nil)
	h.check(err)
	return tx
}

func (h *past) commit(tx *Tx, names ...string) {
	h.Helper()
	for _, name := range names {
		h.now = h.now.Add(time.Second)
		source, gone := strings.CutPrefix(name, "-")
		source, folder := strings.CutSuffix(source, "/")
		rec := record.Record{Event: record.Deleted, Source: source, Previous: h.last[source], Folder: folder}
		delete(h.last, source)
		switch {
		case gone:
		case folder:
			rec.Event, rec.Mode = record.Metadata, 0o755
		default:
			body := fmt.Appendf(nil, "%d\n", h.rnd.Intn(1<<30))
			blob, err := tx.Blob(body, object.ID{})
			h.check(err)
			rec = record.Record{Event: record.Modified, Source: source, Previous: rec.Previous, Mtime: h.now, Mode: 0o644, Size: int64(len(body)), Blob: blob}
		}
		v, err := tx.Commit(rec, h.now, true)
		h.check(err)
		if !gone {
			h.last[source] = v.Commit
		}
	}
}

func (h *past) tip() object.ID {
	h.Helper()
	tip, err := h.r.work.Tip()
	h.check(err)
	h.check(h.r.work.Store.Reload())
	return tip
}

func (h *past) graph() {
	h.Helper()
	h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), false))
	h.verify()
}

// verify lets git check the graph.
func (h *past) verify() {
	h.Helper()
	out, err := exec.Command("git", "-C", h.dest, "commit-graph", "verify", "--no-progress").CombinedOutput()
	if err != nil || len(out) > 0 {
		h.Errorf("git commit-graph verify: %v: %s", err, out)
	}
}

// layers is the chain, one name a layer.
func (h *past) layers() []string {
	b, err := os.ReadFile(filepath.Join(h.dest, ".git/objects/info/commit-graphs/commit-graph-chain"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	h.check(err)
	return strings.Fields(string(b))
}

// everyPath is each path of the whole history, and each folder.
func (h *past) everyPath() []string {
	paths := []string{"files/never", "nowhere"}
	for p := range strings.SplitSeq(repotest.Git(h, h.dest, "log", "-z", "-m", "--all", "--format=", "--name-only", "--no-renames"), "\x00") {
		for p = strings.TrimPrefix(p, "\n"); p != "" && p != "."; p = filepath.Dir(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// same compares git log of each path with and without the graph.
func (h *past) same(paths []string) {
	h.Helper()
	for _, p := range paths {
		with := repotest.Git(h, h.dest, "log", "--format=%H", "main", "--", ":(literal)"+p)
		without := repotest.Git(h, h.dest, "-c", "core.commitGraph=false", "log", "--format=%H", "main", "--", ":(literal)"+p)
		if with != without {
			h.Errorf("git log -- %q: %d commits with the graph, %d without", p, strings.Count(with, "\n"), strings.Count(without, "\n"))
		}
	}
}

// bloom is one of git's counts of how often a filter decided.
func (h *past) bloom(count, path string) int {
	h.Helper()
	trace := filepath.Join(repotest.InMemory(h), "trace")
	cmd := exec.Command("git", "-C", h.dest, "log", "--format=%H", "main", "--", path)
	cmd.Env = append(os.Environ(), "GIT_TRACE2_EVENT="+trace)
	h.check(cmd.Run())
	b, err := os.ReadFile(trace)
	h.check(err)
	m := regexp.MustCompile(`"` + count + `":(\d+)`).FindStringSubmatch(string(b))
	if m == nil {
		return -1
	}
	n := 0
	_, err = fmt.Sscan(m[1], &n)
	h.check(err)
	return n
}

func TestGraphOfRandomHistory(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	folders := []string{"/", "/etc", "/etc/a.d", "/etc/a", "/home/é", "/x/y/z", "/\xff"}
	for i := range 40 {
		var names []string
		for range 1 + h.rnd.Intn(6) {
			name := filepath.Join(folders[h.rnd.Intn(len(folders))], fmt.Sprintf("f%d", h.rnd.Intn(6)))
			if h.last[name] != (object.ID{}) && h.rnd.Intn(4) == 0 && !slices.Contains(names, name) {
				name = "-" + name
			}
			if !slices.Contains(names, strings.TrimPrefix(name, "-")) {
				names = append(names, name)
			}
		}
		h.run(names...)
		if i%5 == 4 {
			h.graph()
		}
	}
	if n := len(h.layers()); n < 2 || n > 4 {
		t.Errorf("%d layers", n)
	}
	h.same(h.everyPath())
	h.run("/etc/new")
	h.same([]string{"files/etc/new", "files/etc", "files"})
	for path, want := range map[string]bool{"files/etc/f1": true, "files/never": true} {
		if got := h.bloom("definitely_not", path) > 0; got != want {
			t.Errorf("%s: filters used %v, want %v", path, got, want)
		}
	}
	if n := h.bloom("filter_not_present", "files/etc/f1"); n < 10 {
		t.Errorf("%d commits without a filter: those of high bytes should have none", n)
	}
	repotest.MustCheck(t, h.dest)
}

func TestGraphOfLongHistory(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	name := func(i int) string { return fmt.Sprintf("/srv/%d/%d/f%d", i%3, i%7, i%41) }
	commits := 0
	for run := range 12 {
		var names []string
		for range 1280 >> run * 5 / 4 {
			names = append(names, name(commits))
			commits++
		}
		if run == 3 {
			for i := range 600 {
				names = append(names, fmt.Sprintf("/many/f%d", i))
			}
		}
		if len(names) > 0 {
			h.run(names...)
			h.graph()
		}
	}
	layers := len(h.layers())
	if layers < 2 || layers > 10 {
		t.Errorf("%d layers", layers)
	}
	total := len(repotest.Lines(t, h.dest, "rev-list", "main"))
	if total < 2000 {
		t.Fatalf("%d commits only", total)
	}
	if n := h.bloom("definitely_not", "files/srv/0/0/f0"); n < total*9/10 {
		t.Errorf("the filters rule out %d commits of %d", n, total)
	}
	if n := h.bloom("filter_not_present", "files/srv/0/0/f0"); n != 0 {
		t.Errorf("%d commits without a filter", n)
	}
	paths := h.everyPath()
	h.rnd.Shuffle(len(paths), func(i, k int) { paths[i], paths[k] = paths[k], paths[i] })
	h.same(append(paths[:6], ".gitattributes", "files", "files/srv", "files/many", "."))
}

// TestGraphOfLargeFirstRun: what is too much for a run goes into the graph move by move, the oldest
// first, by runs that take time for it.
func TestGraphOfLargeFirstRun(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	tx := h.begin()
	for move := range 3 { // the parts of a first run
		var names []string
		for i := range 3000 {
			names = append(names, fmt.Sprintf("/srv/%d/%d/f%d", move, i%7, i))
		}
		h.commit(tx, names...)
		if move < 2 {
			h.check(tx.PublishPart())
		} else {
			h.check(tx.Publish())
		}
	}
	write := func(catchUp bool, want int) {
		t.Helper()
		h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), catchUp))
		h.verify()
		if n := h.r.work.Graph().Len(); n != want {
			t.Errorf("%d commits are in the graph, want %d", n, want)
		}
	}
	h.check(h.r.RollUp(context.Background(), h.tip(), len(h.last)))
	h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), false))
	if h.r.work.Graph() != nil {
		t.Error("a run took time for all of a large first run")
	}
	write(true, 3000)
	h.same([]string{"files/srv/0/0/f0", "files/srv/2/0/f0"})
	write(false, 9000) // what is left is no more than a run takes
	h.same([]string{"files/srv/0/0/f0", "files/srv/1/3", "files/srv/2/0/f0"})
	if n := h.bloom("filter_not_present", "files/srv/0/0/f0"); n != 0 {
		t.Errorf("%d commits without a filter", n)
	}

	// Another program has moved the branch among the runs: only compact knows what is missing.
	h.check(os.RemoveAll(filepath.Join(h.dest, ".git/objects/info/commit-graphs")))
	h.check(os.Remove(filepath.Join(h.dest, ".git/logs/refs/heads/main")))
	h.run("/srv/later")
	h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), true))
	if h.r.work.Graph() != nil {
		t.Error("a run took time for what no reflog tells")
	}
}

// TestGraphOfFolders: the versions of folders change no tree, and so the records tell what a long
// run has changed.
func TestGraphOfFolders(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("/srv/d%d/", i))
	}
	for i := range 100 {
		names = append(names, fmt.Sprintf("/srv/d%d/f%d", i%40, i))
	}
	h.run(names...)
	h.run(append(names, "/srv/")...)
	compared := any(nil)
	h.r.maintenance.Opts.Log = func(_ string, args ...any) {
		if i := slices.Index(args, any("compared")); i >= 0 {
			compared = args[i+1]
		}
	}
	h.graph()
	if compared != 0 {
		t.Errorf("%v commits were compared tree by tree", compared)
	}
	h.same(h.everyPath())
}

// TestGraphOfOthers has merges, commits of 600 paths, files that become folders, and commits of
// ours that somebody amended, so that they change more than their records say.
func TestGraphOfOthers(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	git := func(args ...string) { t.Helper(); repotest.Git(t, h.dest, args...) }
	put := func(name, data string) {
		t.Helper()
		name = filepath.Join(h.dest, name)
		h.check(os.MkdirAll(filepath.Dir(name), 0o700))
		h.check(os.WriteFile(name, []byte(data), 0o600))
	}
	commit := func(message string) { t.Helper(); git("add", "-A", "."); git("commit", "-q", "-m", message) }
	h.run("/etc/a", "/etc/b")
	h.graph()
	put("files/etc/b", "amended")
	put("files/etc/c", "amended")
	git("add", "-A", ".")
	git("commit", "-q", "--amend", "--no-edit")
	h.graph()
	for i := range 600 {
		put(fmt.Sprintf("mine/%d", i), "x")
	}
	commit("six hundred")
	for _, branch := range []string{"one", "two", "three"} {
		git("checkout", "-q", "-b", branch, "main")
		put(branch+"/é", branch)
		commit(branch)
		put(branch+"/plain", branch)
		commit(branch + " again")
	}
	git("checkout", "-q", "main")
	git("merge", "-q", "-m", "octopus", "one", "two", "three")
	h.graph()
	git("rm", "-q", "-r", "one")
	put("one", "a file now")
	commit("file")
	git("checkout", "-q", "-b", "side", "main~3")
	put("side/é", "s")
	commit("side")
	put("side/x", "s")
	commit("side again")
	git("checkout", "-q", "main")
	git("merge", "-q", "-m", "a merge", "side")
	h.graph()
	h.run("/etc/a", "/etc/d")
	h.graph()
	h.same(h.everyPath()[:40])
	h.same([]string{"files/etc/a", "files/etc/b", "files/etc/c", "files/etc", "one", "one/plain", "one/é", "side", "side/x", "mine", "mine/599"})

	h.check(h.r.maintenance.RewriteGraph(context.Background(), h.tip()))
	h.verify()
	h.same([]string{"files/etc/c", "one", "one/plain", "side/x", "side/é", "mine/0"})
	if n := len(h.layers()); n != 1 {
		t.Errorf("%d layers after a rewrite", n)
	}
}

// bulkStretch is how many commits of one move package maintenance takes the paths of from their
// records.
const bulkStretch = 64

// TestGraphDisplaced has one move of ours in which a file takes the place of a folder that somebody
// else filled.
func TestGraphDisplaced(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	h.run("/etc/a")
	h.check(os.MkdirAll(filepath.Join(h.dest, "files/etc/x"), 0o700))
	h.check(os.WriteFile(filepath.Join(h.dest, "files/etc/x/theirs"), nil, 0o600))
	repotest.Git(t, h.dest, "add", "-A", ".")
	repotest.Git(t, h.dest, "commit", "-q", "-m", "theirs")
	repotest.Git(t, h.dest, "rm", "-q", "-r", "--cached", "files/etc/x")
	h.check(os.RemoveAll(filepath.Join(h.dest, "files/etc/x")))
	repotest.Git(t, h.dest, "reset", "-q", "--hard")
	names := []string{"/etc/x"}
	for i := range 2 * bulkStretch {
		names = append(names, fmt.Sprintf("/many/%d", i))
	}
	h.run(names...)
	h.graph()
	h.same([]string{"files/etc/x/theirs", "files/etc/x", "files/etc", "files/many/3"})
	more := []string{"/deep/a/b"}
	for i := range 2 * bulkStretch {
		more = append(more, fmt.Sprintf("/more/%d", i))
	}
	h.run(append(more, "/deep/a")...)
	h.graph()
	h.same([]string{"files/deep/a/b", "files/deep/a", "files/deep", "files/more/3"})
}
