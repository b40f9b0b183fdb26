package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// says tells whether a problem has this path below the destination and this message.
func (w *world) says(p problems, name, msg string) bool {
	for _, q := range p {
		if q.Path == filepath.Join(w.dest, name) && strings.Contains(q.Msg, msg) {
			return true
		}
	}
	return false
}

// TestFilesAreWrittenAgain empties or deletes files/, which the history has. A run reports that and
// writes it again.
func TestFilesAreWrittenAgain(t *testing.T) {
	for name, empty := range map[string]func(w *world) error{
		"deleted": func(w *world) error { return os.RemoveAll(filepath.Join(w.dest, "files")) },
		"emptied": func(w *world) error {
			all, err := filepath.Glob(filepath.Join(w.dest, "files/*"))
			w.check(err)
			for _, one := range all {
				w.check(os.RemoveAll(one))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := variedWorld(t)
			w.check(empty(w))
			if p := w.run(0); !w.says(p, "files", "written again from the history") {
				t.Errorf("it says %v", p)
			}
			if found, _ := w.verify(verify.Options{}); len(found) > 0 {
				t.Errorf("verify: %+v", found)
			}
			w.check(empty(w))
			w.write("a", "three")
			w.run(1)
			if p := w.run(0); len(p) > 0 {
				t.Errorf("the next run says %v", p)
			}
		})
	}
}

// TestFilesOfAnotherBranch checks that nothing is written while a branch without files/ is checked
// out, or after a foreign commit that deletes them.
func TestFilesOfAnotherBranch(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	repotest.Git(t, w.dest, "checkout", "-q", "--orphan", "other")
	repotest.Git(t, w.dest, "rm", "-rfq", ".")
	repotest.Git(t, w.dest, "commit", "-q", "--allow-empty", "-m", "mine")
	if _, p, err := w.try(); err != nil || w.says(p, "files", "") {
		t.Errorf("it says %v, %v", p, err)
	}
	if _, err := os.Lstat(w.file("a")); err == nil {
		t.Error("a file was written to somebody's branch")
	}
	repotest.Git(t, w.dest, "checkout", "-q", "main")
	w.run(0)
}

// TestFilesLostInAMerge deletes files/ during a merge. Nothing is written before the merge has
// ended. Then everything is, even where git has written a part.
func TestFilesLostInAMerge(t *testing.T) {
	w := variedWorld(t)
	repotest.Git(t, w.dest, "checkout", "-q", "-b", "other")
	w.check(os.WriteFile(filepath.Join(w.dest, "mine"), []byte("mine"), 0o600))
	repotest.Git(t, w.dest, "add", "mine")
	repotest.Git(t, w.dest, "commit", "-q", "-m", "mine")
	repotest.Git(t, w.dest, "checkout", "-q", "main")
	repotest.Git(t, w.dest, "merge", "-q", "--no-ff", "--no-commit", "other")
	w.check(os.RemoveAll(filepath.Join(w.dest, "files")))
	if _, p, err := w.try(); err != nil || !w.says(p, "files", "was empty or not there") {
		t.Errorf("it says %v, %v", p, err)
	}
	w.write("a", "while it lasts")
	if _, _, err := w.try(); err != nil || w.committed("a") != "while it lasts" {
		t.Errorf("a is %q: %v", w.committed("a"), err)
	}
	repotest.Git(t, w.dest, "merge", "--abort")
	w.run(0)
	w.sound()
}
