package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
	"timemachine/watch"
)

// sparse are the ways to have git keep some files out of the work tree.
var sparse = map[string]func(w *world){
	"cone": func(w *world) { repotest.Git(w.t, w.dest, "sparse-checkout", "set", "files"+w.path("a")) },
	"patterns": func(w *world) {
		repotest.Git(w.t, w.dest, "sparse-checkout", "set", "--no-cone", "/files"+w.path("a")+"/")
	},
	"sparse index": func(w *world) {
		repotest.Git(w.t, w.dest, "sparse-checkout", "set", "--cone", "--sparse-index", "files"+w.path("a"))
	},
	"nothing left": func(w *world) { repotest.Git(w.t, w.dest, "sparse-checkout", "set", "--no-cone", "/none") },
	"in .git/config": func(w *world) {
		repotest.Git(w.t, w.dest, "config", "core.sparseCheckout", "true")
		w.check(os.WriteFile(filepath.Join(w.dest, ".git/info/sparse-checkout"), []byte("/files"+w.path("a")+"/\n"), 0o600))
		repotest.Git(w.t, w.dest, "read-tree", "-mu", "HEAD")
	},
	"disabled by hand": func(w *world) {
		repotest.Git(w.t, w.dest, "sparse-checkout", "set", "--cone", "--sparse-index", "files"+w.path("a"))
		repotest.Git(w.t, w.dest, "config", "--worktree", "core.sparseCheckout", "false")
	},
}

// TestSparseCheckout checks that versions are recorded and read while git sparse-checkout is on,
// that files/ and the index are left to git meanwhile, and that all is well after the command that
// the hint names.
func TestSparseCheckout(t *testing.T) {
	for name, set := range sparse {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, name := range []string{"a/1", "a/2", "b/1", "b/2", "c"} {
				w.write(name, "1")
			}
			w.runAny()
			set(w)
			if s, p, err := w.try(); err != nil || fileVersions(s) > 0 || len(p) > 0 && name != "disabled by hand" {
				t.Fatalf("an idle run: %+v %v %v", s, p, err)
			}
			for _, name := range []string{"a/1", "b/1", "d/new"} {
				w.write(name, "2")
			}
			w.check(os.Remove(w.path("b/2")))
			s, p, err := w.try()
			if err != nil || fileVersions(s) != 4 {
				t.Fatalf("%+v %v", s, err)
			}
			if name != "disabled by hand" && (len(p) != 1 || !strings.Contains(p[0].Msg, "sparse-checkout") || p[0].Remedy.Kind != refusal.UnsparseIndex) {
				t.Errorf("it says %v", p)
			}
			if s, _, err := w.try(); err != nil || fileVersions(s) > 0 {
				t.Errorf("the next run: %+v %v", s, err)
			}
			for _, f := range w.found() {
				if f.Remedy.Kind != refusal.UnsparseIndex {
					t.Errorf("found %+v", f)
				}
			}
			if got := w.committed("b/1"); got != "2" {
				t.Errorf("recorded: %q", got)
			}
			w.check(os.Remove(w.path("b/1")))
			if _, err := w.restore(w.tip(), watch.RestoreOptions{}, w.path("b/1")); err != nil {
				t.Errorf("restore: %v", err)
			}
			repotest.Git(t, w.dest, "sparse-checkout", "disable") // as the hint says
			w.runAny()
			w.upToDate()
			w.write("b/1", "three")
			w.runAny()
			w.upToDate()
			if found, _ := w.verify(verify.Options{Quick: true}); len(found) > 0 {
				t.Errorf("found %+v", found)
			}
		})
	}
}
