package repo

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// denial gives each operation of a kind on files of a name one answer.
type denial struct {
	kind   durable.Kind
	name   string
	answer error
	times  int
}

func (r *denial) Before(op *durable.Op) error {
	if op.Kind != r.kind || filepath.Base(op.Path) != r.name {
		return nil
	}
	r.times++
	return r.answer
}

func (r *denial) After(*durable.Op) {}

// TestInitTakesNoFaultForALack: what init finds out about the file system holds for ever, so that
// one which cannot answer at the moment makes init fail, and leaves nothing; one that says it has
// no such thing is taken at its word.
func TestInitTakesNoFaultForALack(t *testing.T) {
	settings := func(dest string) map[string]string {
		r, err := Open(dest, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all := map[string]string{}
		for _, key := range []string{"filemode", "symlinks", "ignorecase"} {
			all[key] = r.work.Config.Get("core", key)
		}
		return all
	}
	init := func(dest string, s durable.Seam) error {
		defer durable.SetSeam(s)()
		return Init(dest, Options{})
	}
	plain := filepath.Join(repotest.InMemory(t), "dest")
	if err := Init(plain, Options{}); err != nil {
		t.Fatal(err)
	}
	want := settings(plain)
	for _, c := range []struct {
		kind   durable.Kind
		name   string
		answer error
		lacks  string // the setting that says so; "" where init fails
	}{
		{durable.Symlink, "link", unix.EIO, ""},
		{durable.Symlink, "link", unix.ENOSPC, ""},
		{durable.Symlink, "link", unix.ENOENT, ""},
		{durable.Chmod, "Probe", unix.EIO, ""},
		{durable.Chmod, "Probe", unix.ENOSPC, ""},
		{durable.Lstat, "Probe", unix.EIO, ""},
		{durable.Lstat, "Probe", unix.EACCES, ""},
		{durable.Lstat, "pROBE", unix.EIO, ""},
		{durable.Lstat, "pROBE", unix.EACCES, ""},
		{durable.Symlink, "link", unix.EPERM, "symlinks"},
		{durable.Symlink, "link", unix.EOPNOTSUPP, "symlinks"},
		{durable.Symlink, "link", unix.ENOSYS, "symlinks"},
		{durable.Symlink, "link", unix.EROFS, "symlinks"},
		{durable.Chmod, "Probe", unix.EPERM, "filemode"},
		{durable.Chmod, "Probe", unix.ENOTSUP, "filemode"},
		{durable.Chmod, "Probe", unix.ENOSYS, "filemode"},
	} {
		dest := filepath.Join(repotest.InMemory(t), "dest")
		refused := &denial{kind: c.kind, name: c.name, answer: c.answer}
		err := init(dest, refused)
		if refused.times == 0 {
			t.Fatalf("%s %s is not asked", c.kind, c.name)
		}
		if c.lacks != "" {
			if err != nil {
				t.Errorf("%s %s, %v: %v", c.kind, c.name, c.answer, err)
				continue
			}
			lacking := maps.Clone(want)
			lacking[c.lacks] = "false"
			if got := settings(dest); !maps.Equal(got, lacking) {
				t.Errorf("%s %s, %v: %s, want %s", c.kind, c.name, c.answer, got, lacking)
			}
			continue
		}
		if !errors.Is(err, c.answer) {
			t.Errorf("%s %s, %v: init gave %v", c.kind, c.name, c.answer, err)
			continue
		}
		if left, err := os.ReadDir(dest); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s %s, %v: the folder is left behind: %v %v", c.kind, c.name, c.answer, left, err)
		}
		if err := Init(dest, Options{}); err != nil {
			t.Errorf("again: %v", err)
		} else if got := settings(dest); !maps.Equal(got, want) {
			t.Errorf("again: %s, want %s", got, want)
		}
	}
}

// syncedFolders notes which folders are put on disk.
type syncedFolders map[string]bool

func (s syncedFolders) Before(*durable.Op) error { return nil }

func (s syncedFolders) After(op *durable.Op) {
	if op.Kind == durable.SyncDir {
		s[op.Path] = true
	}
}

// TestInitSyncsItsOwnName: the folder above a new destination is on disk, and so the destination's
// name.
func TestInitSyncsItsOwnName(t *testing.T) {
	above := repotest.InMemory(t)
	synced := syncedFolders{}
	remove := durable.SetSeam(synced)
	err := Init(filepath.Join(above, "dest"), Options{})
	remove()
	if err != nil || !synced[above] {
		t.Errorf("%v; synced: %v", err, synced)
	}
}
