package watch_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// atPublish does something else once, right before a run's pack gets its name.
type atPublish struct {
	do   func()
	done bool
}

func (a *atPublish) Before(op *durable.Op) error {
	if op.Kind == durable.Rename && strings.HasSuffix(op.Path, "stage/pack") && !a.done {
		a.done = true
		a.do()
	}
	return nil
}

func (a *atPublish) After(*durable.Op) {}

// TestGcBesideARun: a run finds contents in the repository that no branch leads to, in a loose object and in a pack, and
// a gc that has begun before takes them away before the branch names them.
func TestGcBesideARun(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	large := strings.Repeat("0123456789abcdef", 600_000) // is streamed
	for name, data := range map[string]string{"loose": "only loose", "packed": "only packed", "large": large} {
		w.write(name, data)
	}
	git := func(args ...string) string { return strings.TrimSpace(repotest.Git(t, w.dest, args...)) }
	for _, name := range []string{"packed", "large"} {
		git("update-ref", "refs/keep/"+name, git("hash-object", "-w", w.path(name)))
	}
	git("repack", "-q", "-d")
	for _, name := range []string{"packed", "large"} {
		git("update-ref", "-d", "refs/keep/"+name)
	}
	git("hash-object", "-w", w.path("loose"))
	remove := durable.SetSeam(&atPublish{do: func() { git("-c", "gc.reflogExpireUnreachable=now", "gc", "-q", "--prune=now") }})
	_, p, err := w.try()
	remove()
	if w.check(err); len(p) > 0 {
		t.Errorf("%v", p)
	}
	repotest.MustCheck(t, w.dest)
	if w.committed("loose")+w.committed("packed") != "only looseonly packed" || w.committed("large") != large {
		t.Error("not what was there")
	}
	w.run(0)
}

// TestContentsAreStoredOnce: after a gc, when no pack is ours, files that are moved or copied cost no more than their
// commits.
func TestContentsAreStoredOnce(t *testing.T) {
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
	w.write("e/a", data) // is that of f/copied
	w.run(1)
	if _, now := w.packs(); now-before > 60_000 {
		t.Errorf("%d bytes more", now-before)
	}
}

// TestMultiPackIndex: one that git has made of our packs keeps none of them from being merged; it goes then, as it does
// when git merges them. One that speaks of others' packs only is left.
func TestMultiPackIndex(t *testing.T) {
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
