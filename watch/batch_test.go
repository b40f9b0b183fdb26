package watch_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// moves returns how often the branch has moved.
func (w *world) moves() int {
	return len(repotest.Lines(w.t, w.dest, "reflog", "show", "main", "--format=%h"))
}

// TestFullBatchIsPublished: a run publishes what it has when that has grown to the size of a batch,
// after any file, in objects or in bytes.
func TestFullBatchIsPublished(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]func(w *world){
		"objects": func(w *world) { w.batch = 20 },
		"bytes":   func(w *world) { w.batchSize = 256 << 10 },
	} {
		w := newWorld(t)
		limit(w)
		const files = 120
		for i := range files {
			body := make([]byte, 64<<10)
			rand.Read(body)
			w.write(fmt.Sprintf("f%03d", i), string(body))
		}
		w.run(files)
		if n := w.moves(); n < 2 {
			t.Errorf("%s: the branch moved %d times", name, n)
		}
		w.run(0)
	}
}

// TestBatchOfNothing: a batch that is due before a version is recorded is given up, and what was
// captured ahead of its turn is captured again.
func TestBatchOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("d", 200)
	for len(w.path(long)) < layout.MaxPath-len("/f")-201 {
		long += "/" + strings.Repeat("d", 200)
	}
	w.check(os.MkdirAll(w.path(long), 0o755))
	w.run(0) // the folders, so that the file is the first of its batch
	var now atomic.Int64
	w.clock = func() time.Time { return time.Now().Add(time.Duration(now.Add(int64(time.Second)))) }
	long += "/" + strings.Repeat("f", layout.MaxPath-len(w.path(long))-1)
	w.write(long, "its path has no room for files/")
	w.check(os.Chtimes(w.path(long), time.Unix(1, 0), time.Unix(1, 0)))
	const files = 40
	for i := range files {
		w.write(fmt.Sprintf("f%03d", i), fmt.Sprint(i))
	}
	if p := w.run(files); len(p) != 1 || p[0].Path != w.path(long) {
		t.Errorf("problems %v, want one with the long path", p)
	}
	w.run(0)
}

// TestRunWhoseTimeIsAlwaysUp: a run goes on where each look at the clock finds that it is time to
// publish, as on a machine that stops for seconds again and again.
func TestRunWhoseTimeIsAlwaysUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(0)
	var now atomic.Int64
	w.clock = func() time.Time { return time.Now().Add(time.Duration(now.Add(int64(10 * time.Second)))) }
	const files = 40
	for i := range files {
		w.write(fmt.Sprintf("f%03d", i), fmt.Sprint(i))
	}
	w.run(files)
	w.run(0)
}

// cancelling cancels a run when its first version is part of the history.
type cancelling struct {
	problems
	cancel func()
}

func (c *cancelling) Version(record.Version) { c.cancel() }

// TestRunThatIsCutShort keeps the batches that it has published, and git sees nothing unfinished.
func TestRunThatIsCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.batch = 30
	const files = 200
	for i := range files {
		w.write(fmt.Sprintf("f%03d", i), fmt.Sprint(i))
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := w.tryWith(ctx, &cancelling{cancel: cancel}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run was to be cancelled: %v", err)
	}
	n := len(repotest.Lines(t, w.dest, "rev-list", "main"))
	if n == 0 || n >= files {
		t.Fatalf("%d of %d versions are kept", n, files)
	}
	w.caughtUp()
	w.run(files - (n - 1)) // the folder is the first
}

// caughtUp wants the index to be up to date, and free.
func (w *world) caughtUp() {
	w.t.Helper()
	if status := repotest.Git(w.t, w.dest, "status", "--porcelain"); status != "" {
		w.t.Errorf("git status:\n%s", status)
	}
	if _, err := os.Stat(filepath.Join(w.dest, ".git/index.lock")); !errors.Is(err, fs.ErrNotExist) {
		w.t.Errorf("the index is locked: %v", err)
	}
}

// between does something when the first part of a run has been published.
type between struct {
	problems
	once sync.Once
	do   func()
}

func (b *between) Version(record.Version) { b.once.Do(b.do) }

// parts makes more sources than a batch takes, and a run that does something after the first part.
func (w *world) parts(do func()) problems {
	w.t.Helper()
	w.batch = 30
	for i := range 200 {
		w.write(fmt.Sprintf("d%d/f%03d", i%7, i), fmt.Sprint(i))
	}
	rep := &between{do: do}
	w.check(w.tryWith(context.Background(), rep))
	return rep.problems
}

func (w *world) indexBytes() string {
	b, err := os.ReadFile(w.index())
	w.check(err)
	return string(b)
}

// canStage tells whether git can write the index.
func (w *world) canStage() bool {
	return exec.Command("git", "-C", w.dest, "read-tree", "HEAD").Run() == nil
}

// TestIndexIsWrittenOnce: between the parts of a run the index stays as it was, and locked.
func TestIndexIsWrittenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	before, looked := w.indexBytes(), false
	w.parts(func() {
		looked = true
		if w.indexBytes() != before {
			t.Error("the index was written between two parts")
		}
		if w.canStage() {
			t.Error("git could write the index between two parts")
		}
	})
	if !looked || w.moves() < 3 {
		t.Fatalf("no second part: the branch moved %d times", w.moves())
	}
	w.caughtUp()
	w.run(0)
}

// TestHeadMovesBetweenParts: when another branch is checked out in the middle of a run, files/ and
// the index are its own from then on. They follow when HEAD is back.
func TestHeadMovesBetweenParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	repotest.Git(t, w.dest, "branch", "other")
	before := w.indexBytes()
	p := w.parts(func() { repotest.Git(t, w.dest, "symbolic-ref", "HEAD", "refs/heads/other") })
	if !w.says(p, "", "branch refs/heads/other is checked out") {
		t.Errorf("the run says %v", p)
	}
	if w.indexBytes() != before {
		t.Error("the index of another branch was changed")
	}
	if !w.canStage() {
		t.Error("the index is still locked")
	}
	repotest.Git(t, w.dest, "reset", "-q")
	repotest.Git(t, w.dest, "symbolic-ref", "HEAD", "refs/heads/main")
	w.runAny()
	w.caughtUp()
	w.run(0)
}

// TestIndexCannotFollowParts: an index that cannot be written is tried again by the next run, from
// where it was before the first part, and is not left locked.
func TestIndexCannotFollowParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	repotest.Git(t, w.dest, "update-index", "--split-index")
	p := w.parts(func() {})
	if !w.says(p, ".git/index", "the index could not be brought up to date") {
		t.Errorf("the run says %v", p)
	}
	repotest.Git(t, w.dest, "update-index", "--no-split-index") // fails where it is locked
	w.runAny()
	w.caughtUp()
	w.run(0)
}
