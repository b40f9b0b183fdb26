//go:build system

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/watch"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// newOwnMount has a destination on the disk, of which folders are to be mounts.
func newOwnMount(t *testing.T) *disk {
	d := &disk{t: t, bin: buildBinary(t), src: t.TempDir(), dir: t.TempDir(), dest: t.TempDir()}
	write(t, filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src))
	return d
}

// many writes more files than are synced one by one.
func (d *disk) many(text string) {
	d.t.Helper()
	for i := range 40 {
		d.write(fmt.Sprint("f", i), fmt.Sprint(text, i))
	}
}

// mountOn mounts a new tmpfs on a folder of the destination, with what it holds where keep is set.
func (d *disk) mountOn(name string, keep bool) {
	d.t.Helper()
	at, new := filepath.Join(d.dest, name), d.t.TempDir()
	d.must("mount", "-t", "tmpfs", "-o", "mode=0700,size=32m", "tmpfs", new)
	if keep {
		d.must("cp", "-a", at+"/.", new)
	}
	d.must("mount", "--move", new, at)
	d.t.Cleanup(func() { exec.Command("umount", at).Run() })
}

func (d *disk) left(name string) bool {
	_, err := os.Lstat(filepath.Join(d.dest, ".git/timemachine", name))
	return err == nil
}

// TestFolderThatIsAMount: files/ and copies/ may each be a mount of its own. Then nothing of them is left to the system; what
// a run left to it before is written again where a mount has taken the place of the folder; and versions follow others.
func TestFolderThatIsAMount(t *testing.T) {
	for _, name := range []string{"files", "copies"} {
		t.Run(name, func(t *testing.T) {
			d := newOwnMount(t)
			d.many("one ")
			d.run(0)
			if !d.left("pending") {
				t.Skip("nothing is left to the system here")
			}
			d.mountOn(name, false)
			d.run(0)
			if d.left("pending") {
				t.Error("a mark is left")
			}
			d.verified()
			d.many("two ")
			d.run(0)
			if d.left("pending") || d.left("followed") {
				t.Error("what was written to another mount is left to the system")
			}
			d.verified()
			d.write("f1", "three")
			d.run(0)
			d.verified()
			repotest.MustCheck(t, d.dest)
		})
	}
}

func (d *disk) verified() {
	d.t.Helper()
	if out, code := runBare(d.t, d.bin, "-cl", d.dir, "-d", d.dest, "verify"); code != 0 {
		d.t.Errorf("exit %d: %s", code, out)
	}
}

// synced notes which folders' file systems are put on disk.
type synced struct {
	mu    sync.Mutex
	paths []string
}

func (s *synced) Before(op *durable.Op) error {
	if op.Kind == durable.SyncAll {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paths = append(s.paths, op.Path)
	}
	return nil
}

func (s *synced) After(*durable.Op) {}

// TestEachFileSystemIsSynced: where a run in bulk waits for the disk, it waits for each of the disks it has written to.
func TestEachFileSystemIsSynced(t *testing.T) {
	d := newOwnMount(t)
	d.write("f1", "one")
	d.run(0)
	d.mountOn("files", true)
	d.mountOn("copies", true)
	d.many("two ")
	c, err := config.Parse(filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src), config.Env{UID: -1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(d.dest, repo.Options{Boot: "once"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := &synced{}
	remove := durable.SetSeam(s)
	_, err = watch.Run(t.Context(), watch.RunOptions{Config: c, Repo: r, Clock: time.Now, Report: &unheard{}})
	remove()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{d.dest, filepath.Join(d.dest, "files"), filepath.Join(d.dest, "copies")}
	if !slices.Equal(s.paths, want) {
		t.Errorf("synced: %q, want %q", s.paths, want)
	}
}

// unheard is a run's report that nobody reads.
type unheard struct{}

func (*unheard) Version(record.Version) {}
func (*unheard) Progress(int64, int64)  {}
func (*unheard) Problem(scan.Problem)   {}
