package durable_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// withoutLinks refuses hard links, as FAT does, and lets another fault happen as well.
type withoutLinks struct{ *repotest.Faults }

func (w withoutLinks) Before(op *durable.Op) error {
	if err := w.Faults.Before(op); err != nil {
		return err
	}
	if op.Kind == durable.Link {
		return syscall.EPERM
	}
	return nil
}

// locking is a folder with a file to lock, and a stage.
type locking struct {
	t          *testing.T
	dir        string
	git, stage *durable.Dir
}

func newLocking(t *testing.T) *locking {
	l := &locking{t: t, dir: t.TempDir()}
	var err error
	if l.git, err = durable.OpenDir(l.dir); err == nil {
		l.stage, err = l.git.MakeSub("stage")
	}
	if err != nil {
		t.Fatal(err)
	}
	l.write("main", "old")
	return l
}

func (l *locking) write(name, text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *locking) content() string {
	b, err := os.ReadFile(filepath.Join(l.dir, "main"))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

// update writes text under the lock.
func (l *locking) update(text string) error {
	lock, err := l.git.TakeLock("main", l.stage, 0)
	if err != nil {
		return err
	}
	if _, err := lock.WriteString(text); err != nil {
		return errors.Join(err, lock.Abort())
	}
	return lock.Commit()
}

func (l *locking) left() []string {
	var all []string
	for _, pattern := range []string{"*.lock", "stage/*"} {
		names, _ := filepath.Glob(filepath.Join(l.dir, pattern))
		all = append(all, names...)
	}
	return all
}

// TestLockAfterKill kills a process at each operation while it holds a lock, with and without hard
// links: the file is the old or the new one, and the next process takes the lock without help.
func TestLockAfterKill(t *testing.T) {
	for name, seam := range map[string]func(*repotest.Faults) durable.Seam{
		"links":    func(f *repotest.Faults) durable.Seam { return f },
		"no links": func(f *repotest.Faults) durable.Seam { return withoutLinks{f} },
	} {
		t.Run(name, func(t *testing.T) {
			for at := 0; ; at++ {
				l := newLocking(t)
				f := &repotest.Faults{At: at, How: repotest.Kill}
				remove := durable.SetSeam(seam(f))
				err := l.update("new")
				remove()
				op, killed := f.Hit()
				if text := l.content(); text != "old" && text != "new" || !killed && text != "new" {
					t.Fatalf("at %d, %s: %q", at, op.Kind, text)
				}
				remove = durable.SetSeam(seam(&repotest.Faults{At: -1}))
				again := l.update("newer")
				remove()
				if again != nil || l.content() != "newer" || len(l.left()) > 0 {
					t.Fatalf("killed at %d, %s %s: %v, %q, left %q", at, op.Kind, op.Path, again, l.content(), l.left())
				}
				if !killed {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
}

// TestForeignLocks: nothing that another program has put in the lock's place is touched, also where
// a killed process of timemachine's has left its mark.
func TestForeignLocks(t *testing.T) {
	for name, put := range map[string]func(l *locking){
		"file":        func(l *locking) { l.write("main.lock", "") },
		"full folder": func(l *locking) { os.Mkdir(filepath.Join(l.dir, "main.lock"), 0o700); l.write("main.lock/x", "") },
		"folder":      func(l *locking) { os.Mkdir(filepath.Join(l.dir, "main.lock"), 0o700) },
	} {
		for _, marked := range []bool{false, true} {
			if name == "folder" && marked {
				continue // as timemachine's
			}
			l := newLocking(t)
			put(l)
			if marked {
				l.write("stage/main.lock", "")
			}
			remove := durable.SetSeam(withoutLinks{&repotest.Faults{At: -1}})
			err := l.update("new")
			remove()
			var locked *durable.LockedError
			if !errors.As(err, &locked) || l.content() != "old" {
				t.Errorf("%s, marked %t: %v, %q", name, marked, err, l.content())
			}
			if left := l.left(); len(left) != 1 || filepath.Base(left[0]) != "main.lock" {
				t.Errorf("%s, marked %t: left %q", name, marked, left)
			}
		}
	}
}

// TestGitRespectsLocks: a lock without hard links keeps git out, and hinders no reading.
func TestGitRespectsLocks(t *testing.T) {
	dir := t.TempDir()
	repotest.Git(t, t.TempDir(), "init", "-q", "-b", "main", dir)
	repotest.Git(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	before := repotest.Git(t, dir, "rev-parse", "main")
	heads, err := durable.OpenDir(filepath.Join(dir, ".git/refs/heads"))
	if err != nil {
		t.Fatal(err)
	}
	git, err := durable.OpenDir(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	stage, err := git.MakeSub("stage")
	if err != nil {
		t.Fatal(err)
	}
	remove := durable.SetSeam(withoutLinks{&repotest.Faults{At: -1}})
	defer remove()
	branch, err := heads.TakeLock("main", stage, 0)
	if err != nil {
		t.Fatal(err)
	}
	index, err := git.TakeLock("index", stage, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"commit", "-q", "--allow-empty", "-m", "y"}, {"update-ref", "-d", "refs/heads/main"}, {"rm", "-r", "--cached", "."}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err == nil {
			t.Errorf("git %q ignores the lock: %s", args, out)
		}
	}
	if after := repotest.Git(t, dir, "rev-parse", "main"); after != before {
		t.Errorf("main moved from %s to %s", before, after)
	}
	repotest.Git(t, dir, "status")
	repotest.Git(t, dir, "for-each-ref")
	if err := errors.Join(branch.Abort(), index.Abort()); err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, dir, "commit", "-q", "--allow-empty", "-m", "y")
	repotest.Git(t, dir, "fsck", "--strict")
}

// TestLockTakenByAnother: a lock that a person removed, and another program took since, is left to
// that.
func TestLockTakenByAnother(t *testing.T) {
	for _, commit := range []bool{true, false} {
		root := t.TempDir()
		d, err := durable.OpenDir(root)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		stage, err := d.MakeSub("stage")
		if err != nil {
			t.Fatal(err)
		}
		defer stage.Close()
		l, err := d.TakeLock("index", stage, 0)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, "index.lock")
		if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("another's"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := l.Commit(); err == nil {
				t.Error("committed")
			}
		} else if err := l.Abort(); err != nil {
			t.Error(err)
		}
		if b, err := os.ReadFile(path); string(b) != "another's" {
			t.Errorf("the lock is now %q, %v", b, err)
		}
	}
}
