package watch_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// moment is an operation by which a run publishes what it wrote.
type moment struct {
	name   string
	kind   durable.Kind
	suffix string // of the operation's path
}

var publishing = []moment{
	{"before anything", durable.Rename, "stage/keep"},
	{"before the pack has its name", durable.Rename, "stage/pack"},
	{"before the idx has its name", durable.Rename, "stage/idx"},
	{"before the branch is locked", durable.Link, "refs/heads/main.lock"},
	{"before the branch moves", durable.Rename, "refs/heads/main.lock"},
	{"before the pack is given free", durable.Remove, ".keep"},
	{"before the index follows", durable.Rename, "index.lock"},
}

// at calls a function once, right before an operation.
type at struct {
	moment
	do   func()
	done bool
}

func (a *at) Before(op *durable.Op) error {
	if op.Kind == a.kind && (strings.HasSuffix(op.Path, a.suffix) || op.Kind == durable.Link && strings.HasSuffix(op.To, a.suffix)) && !a.done {
		a.done = true
		a.do()
	}
	return nil
}

func (a *at) After(*durable.Op) {}

// TestGcBesideARun has contents in the repository that no branch leads to, in a loose object and in
// packs. A gc removes what it can at each moment while a run publishes. What the run has recorded
// is whole.
func TestGcBesideARun(t *testing.T) {
	dir := repotest.InMemory(t)
	w := newWorldIn(t, dir)
	w.write("a", "1")
	w.run(1)
	large := strings.Repeat("0123456789abcdef", 540_000) // large enough to be streamed
	for name, data := range map[string]string{"loose": "only loose", "packed": "only packed", "large": large} {
		w.write(name, data)
	}
	git := func(args ...string) string { return strings.TrimSpace(repotest.Git(w.t, w.dest, args...)) }
	for _, name := range []string{"packed", "large"} {
		git("update-ref", "refs/keep/"+name, git("hash-object", "-w", w.path(name)))
	}
	git("repack", "-q", "-d")
	for _, name := range []string{"packed", "large"} {
		git("update-ref", "-d", "refs/keep/"+name)
	}
	git("hash-object", "-w", w.path("loose"))
	template := filepath.Join(dir, "template")
	w.check(os.Rename(w.dest, template))
	for i, m := range publishing {
		if testing.Short() && i%3 != 1 {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			w := w.within(t)
			w.check(os.RemoveAll(w.dest))
			copyTree(t, template, w.dest)
			gc := &at{moment: m, do: func() {
				// gc stops where the branch is locked; the steps of gc that remove objects do not.
				exec.Command("git", "-C", w.dest, "-c", "gc.packRefs=false", "gc", "-q", "--prune=now").Run()
				git("repack", "-adq")
				git("prune", "--expire=now")
			}}
			remove := durable.SetSeam(gc)
			_, p, err := w.try()
			remove()
			if w.check(err); len(p) > 0 || !gc.done {
				t.Errorf("%v, gc was run: %v", p, gc.done)
			}
			repotest.MustCheck(t, w.dest)
			if w.committed("loose")+w.committed("packed") != "only looseonly packed" || w.committed("large") != large {
				t.Error("not what was there")
			}
			w.run(0)
		})
	}
}

// TestContentsAreStoredOnce checks that moved or copied files cost their commits only, after a gc
// left no pack of timemachine.
func TestContentsAreStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := text(rand.New(rand.NewPCG(7, 8)), 300_000)
	w.write("d/a", data)
	w.write("b", "b")
	w.run(2)
	repotest.Git(t, w.dest, "gc", "-q", "--prune=now")
	_, before := w.packs()
	w.check(os.Rename(w.path("d"), w.path("e")))
	w.write("f/copied", data)
	w.run(3)
	if _, now := w.packs(); now-before > 50_000 {
		t.Errorf("%d bytes more", now-before)
	}
	w.write("e/a", "another")
	w.run(1)
	w.write("e/a", data) // the content of f/copied
	w.run(1)
	if _, now := w.packs(); now-before > 60_000 {
		t.Errorf("%d bytes more", now-before)
	}
}

// TestMultiPackIndex checks that git's multi-pack-index over timemachine's packs does not keep them
// from being merged, and is removed then. One over foreign packs only is left.
func TestMultiPackIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	midx := filepath.Join(w.dest, ".git/objects/pack/multi-pack-index")
	exists := func() bool {
		all, err := filepath.Glob(midx + "*")
		w.check(err)
		return len(all) > 0
	}
	w.write("a", "1")
	w.run(1)
	repotest.Git(t, w.dest, "gc", "-q")
	repotest.Git(t, w.dest, "multi-pack-index", "write", "--bitmap")
	for i := range 5 {
		w.write("a", strings.Repeat("word ", i))
		w.run(1)
	}
	if !exists() {
		t.Error("it is gone, though all it speaks of is there")
	}
	if n, _ := w.packs(); n != 2 {
		t.Errorf("%d packs, want git's and ours", n)
	}
	repotest.Git(t, w.dest, "multi-pack-index", "write", "--bitmap")
	w.write("a", "last")
	w.run(1)
	if exists() {
		t.Error("it is left, and speaks of a pack that is gone")
	}
	if n, _ := w.packs(); n != 2 {
		t.Errorf("%d packs, want git's and ours", n)
	}
}
