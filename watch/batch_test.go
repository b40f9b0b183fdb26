package watch_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

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

// cancelling cancels a run when its first version is part of the history.
type cancelling struct {
	problems
	cancel func()
}

func (c *cancelling) Version(record.Version) { c.cancel() }

// TestRunThatIsCutShort keeps the batches that it has published.
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
	w.run(files - (n - 1)) // the folder is the first
}
