package repo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// some is n sources.
func some(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("/etc/d%d/f%d", i%7, i))
	}
	return names
}

func (h *past) info(name string) string { return filepath.Join(h.dest, ".git/objects/info", name) }

func (h *past) layer(i int) string {
	return h.info("commit-graphs/graph-" + h.layers()[i] + ".graph")
}

// sound has git use the graph and its filters.
func (h *past) sound(layers int) {
	h.Helper()
	h.same([]string{"files/etc/d1/f1", "files/etc/d2", "files", ".gitattributes"})
	if n := h.bloom("filter_not_present", "files/etc/d1/f1"); n != 0 {
		h.Errorf("%d commits without a filter", n)
	}
	h.tidied(layers)
}

// tidied has git check the graph, of which no more may be left than the chain names.
func (h *past) tidied(layers int) {
	h.Helper()
	h.verify()
	if got := len(h.layers()); got != layers {
		h.Errorf("%d layers, want %d", got, layers)
	}
	files, err := filepath.Glob(h.info("commit-graphs/*"))
	h.check(err)
	if len(files) > layers+1 {
		h.Errorf("left over: %q", files)
	}
	if _, err := os.Stat(h.info("commit-graph")); err == nil {
		h.Error("the single file is still there")
	}
	if left, err := h.r.work.Stage.Names(); err != nil || len(left) > 0 {
		h.Errorf("left in the stage: %q, %v", left, err)
	}
}

// TestGraphBesideGC has git write the single file: with filters of ours in it, it becomes a layer;
// without, it is replaced.
func TestGraphBesideGC(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	h.run(some(90)...)
	repotest.Git(t, h.dest, "gc", "-q")
	if _, err := os.Stat(h.info("commit-graph")); err != nil {
		t.Fatal("git gc wrote no graph: ", err)
	}
	h.run("/etc/d1/f1")
	h.graph()
	h.sound(1)

	repotest.Git(t, h.dest, "gc", "-q")
	h.graph()
	if _, err := os.Stat(h.info("commit-graph")); err != nil || len(h.layers()) != 0 {
		t.Error("a single file that has all was touched")
	}
	h.run("/etc/d1/f1")
	h.graph()
	h.sound(2)
	repotest.Git(t, h.dest, "gc", "-q")
	h.run(some(60)...)
	h.graph()
	h.sound(1)
	repotest.MustCheck(t, h.dest)
}

func TestGraphBesideGitsChain(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	for _, flags := range [][]string{{"--changed-paths"}, {"--no-changed-paths"}, {"--split=no-merge"}, {"--split=replace", "--no-changed-paths"}} {
		h.run(some(20)...)
		repotest.Git(t, h.dest, append([]string{"commit-graph", "write", "--reachable", "--split"}, flags...)...)
		h.run("/etc/d1/f1")
		h.graph()
		h.sound(len(h.layers()))
	}
	repotest.Git(t, h.dest, "-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable", "--split=replace", "--changed-paths")
	h.run("/etc/d1/f1")
	h.graph()
	h.sound(1)
}

// TestGraphDamaged breaks the graph in ways that git overlooks, warns of or fails on.
func TestGraphDamaged(t *testing.T) {
	t.Parallel()
	edit := func(f func(b []byte) []byte) func(t *testing.T, name string) {
		return func(t *testing.T, name string) {
			b, err := os.ReadFile(name)
			if err == nil {
				err = os.Remove(name)
			}
			if err == nil {
				err = os.WriteFile(name, f(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	flip := func(at int) func(*testing.T, string) {
		return edit(func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 0x55; return b })
	}
	cut := edit(func(b []byte) []byte { return b[:len(b)-5] })
	gone := func(t *testing.T, name string) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		file  string
		spoil func(*testing.T, string)
	}{
		"layer cut": {"lower", cut}, "layer gone": {"lower", gone}, "upper gone": {"upper", gone}, "header": {"lower", flip(0)},
		"sum": {"lower", flip(-1)}, "content": {"upper", flip(-200)}, "chain cut": {"chain", cut}, "chain": {"chain", flip(3)},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPast(t)
			h.run(some(90)...)
			h.graph()
			h.run(some(10)...)
			h.graph()
			h.sound(2)
			file := map[string]string{"lower": h.layer(0), "upper": h.layer(1), "chain": h.info("commit-graphs/commit-graph-chain")}[c.file]
			c.spoil(t, file)
			h.run(some(10)...)
			h.graph()
			h.sound(1)
		})
	}
}

// TestGraphOfRewrittenHistory loses commits that the graph names.
func TestGraphOfRewrittenHistory(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	h.run(some(30)...)
	h.graph()
	repotest.Git(t, h.dest, "branch", "kept")
	h.run(some(20)...)
	h.graph()
	repotest.Git(t, h.dest, "reset", "-q", "--hard", "kept")
	h.run("/etc/d1/f1")
	h.graph() // the others still exist
	h.sound(len(h.layers()))
	repotest.Git(t, h.dest, "reflog", "expire", "--expire=now", "--all")
	repotest.Git(t, h.dest, "repack", "-adq")
	repotest.Git(t, h.dest, "prune", "--expire=now")
	if out, err := exec.Command("git", "-C", h.dest, "commit-graph", "verify").CombinedOutput(); err == nil {
		t.Fatalf("nothing is stale: %s", out)
	}
	h.graph()
	h.sound(1)
}

func TestGraphLocked(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	h.run(some(30)...)
	h.graph()
	before := h.layers()
	lock := h.info("commit-graphs/commit-graph-chain.lock")
	h.check(os.WriteFile(lock, nil, 0o600))
	h.run(some(30)...)
	h.graph()
	if !slices.Equal(before, h.layers()) {
		t.Error("the chain was changed under somebody's lock")
	}
	h.check(os.Remove(lock))
	h.check(os.WriteFile(h.info("commit-graphs/graph-0123456789abcdef0123456789abcdef01234567.graph"), []byte("left by a kill"), 0o600))
	h.graph()
	h.sound(1)
}

// TestGraphBesideGit writes the graph while git writes single files, or layers. (Not both: a git
// that finds the single file gone, which another one has made a layer, dies and leaves its lock.)
func TestGraphBesideGit(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"single": nil, "layers": {"--split"}} {
		t.Run(name, func(t *testing.T) {
			h := newPast(t)
			h.run(some(50)...)
			stop, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				for {
					select {
					case <-stop:
						return
					default:
					}
					args := append([]string{"-C", h.dest, "commit-graph", "write", "--reachable", "--changed-paths"}, args...)
					out, err := exec.Command("git", args...).CombinedOutput()
					if err != nil && !strings.Contains(string(out), ".lock': File exists") {
						t.Errorf("%q: %v: %s", args, err, out)
					}
				}
			}()
			for i := range 15 {
				h.run(some(1 + i%4)...)
				h.check(h.r.maintenance.WriteGraph(context.Background(), h.tip(), false))
			}
			close(stop)
			<-ended
			h.verify()
			h.same([]string{"files/etc/d1/f1", "files/etc/d0", "files"})
			h.run(some(8)...)
			h.graph()
			h.sound(len(h.layers()))
		})
	}
}
