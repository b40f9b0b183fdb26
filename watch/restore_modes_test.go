package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/restore"
	"timemachine/watch"
)

// modes checks after each operation that no file written by a restore has more permissions than its
// record says.
type modes struct {
	t     *testing.T
	dir   string
	allow os.FileMode
	mu    sync.Mutex
	seen  int
}

func (m *modes) Before(*durable.Op) error { return nil }

func (m *modes) After(op *durable.Op) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files, _ := filepath.Glob(filepath.Join(m.dir, ".#timemachine-*"))
	for _, name := range append(files, filepath.Join(m.dir, "secret")) {
		st, err := os.Lstat(name)
		if err != nil || strings.HasSuffix(name, "secret") && op.Kind != durable.Rename {
			continue
		}
		m.seen++
		if wide := st.Mode().Perm() &^ (m.allow | 0o600); wide != 0 {
			m.t.Errorf("after %s %s: mode %v, recorded %v", op.Kind, op.Path, st.Mode(), m.allow)
		}
		if st.Size() > 0 && st.Mode().Perm()&^m.allow != 0 {
			m.t.Errorf("after %s %s: mode %v with content in it, recorded %v", op.Kind, op.Path, st.Mode(), m.allow)
		}
	}
}

func TestRestoreIsNeverOpenFurther(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o400, 0o040, 0, 0o644} {
		w := newWorld(t)
		w.write("secret", "secret content")
		w.check(os.Chmod(w.path("secret"), mode))
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() != 0 && mode&0o400 == 0 {
			continue // could not be recorded
		}
		w.check(os.Remove(w.path("secret")))
		m := &modes{t: t, dir: w.src, allow: mode}
		remove := durable.SetSeam(m)
		_, err := w.restore(history.Point{}, watch.RestoreOptions{}, w.path("secret"))
		remove()
		w.check(err)
		st, err := os.Stat(w.path("secret"))
		w.check(err)
		if st.Mode() != mode || m.seen == 0 {
			t.Errorf("restored with %v, recorded %v; looked %d times", st.Mode(), mode, m.seen)
		}
	}
}

// failing lets the nth operation below a folder fail.
type failing struct {
	dir string
	n   int
	mu  sync.Mutex
}

func (f *failing) After(*durable.Op) {}

func (f *failing) Before(op *durable.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasPrefix(op.Path, f.dir) {
		if f.n--; f.n == 0 {
			return os.ErrPermission
		}
	}
	return nil
}

// TestRestoreWhereOperationsFail lets each operation on the restored files fail. The file is the
// old or the new one, nothing is left beside it, and the failure is reported.
func TestRestoreWhereOperationsFail(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t)
		w.write("a", "then")
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		w.write("a", "damaged since")
		f := &failing{dir: w.src + "/", n: n}
		remove := durable.SetSeam(f)
		plan, err := w.restore(history.Point{}, watch.RestoreOptions{}, w.path("a"))
		remove()
		told := err != nil || plan.Steps[0].Err != nil
		b, rerr := os.ReadFile(w.path("a"))
		w.check(rerr)
		if s := string(b); s != "then" && (s != "damaged since" || !told) {
			t.Errorf("operation %d: %q, told %v", n, s, told)
		}
		names, _ := filepath.Glob(w.path(".#*"))
		if len(names) > 0 && f.n < 0 {
			t.Errorf("operation %d left %q", n, names)
		}
		if f.n > 0 {
			return // there are no more operations
		}
		if n > 200 {
			t.Fatal("no end")
		}
	}
}

// TestRestoreInterrupted checks that a cancelled restore leaves no file half written, and that its
// plan tells what was not restored.
func TestRestoreInterrupted(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("b", "1")
	w.run(2)
	h, err := history.Open(w.dest, history.Options{})
	w.check(err)
	defer h.Close()
	entries, err := h.Below(context.Background(), w.src, history.Point{})
	w.check(err)
	entries = slices.DeleteFunc(entries, func(e history.Entry) bool { return e.Folder })
	ctx, stop := context.WithCancel(context.Background())
	to := t.TempDir()
	plan, err := watch.Restore(ctx, watch.RestoreOptions{History: h, Selections: []restore.Selection{{Path: w.src, Entries: entries}}, To: to,
		Clock: time.Now, Report: &problems{}, Done: func(*restore.Step) { stop() }})
	if err == nil {
		t.Fatal("not told")
	}
	defer plan.Close()
	if !plan.Begun || plan.Steps[0].Err != nil || !errors.Is(plan.Steps[1].Err, restore.ErrInterrupted) {
		t.Errorf("a: %v, b: %v", plan.Steps[0].Err, plan.Steps[1].Err)
	}
	_, aerr := os.Stat(filepath.Join(to, w.path("a")))
	_, berr := os.Stat(filepath.Join(to, w.path("b")))
	if aerr != nil || !os.IsNotExist(berr) {
		t.Errorf("a: %v, b: %v", aerr, berr)
	}
}
