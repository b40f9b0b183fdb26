//go:build system

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
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

// newOwnMount makes a destination on the disk, for folders that become mounts.
func newOwnMount(t *testing.T) *testDisk {
	d := &testDisk{t: t, bin: buildBinary(t), src: t.TempDir(), dir: t.TempDir(), dest: t.TempDir()}
	write(t, filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src))
	return d
}

// writeMany writes more files than a run syncs one by one.
func (d *testDisk) writeMany(text string) {
	d.t.Helper()
	for i := range 40 {
		d.write(fmt.Sprint("f", i), fmt.Sprint(text, i))
	}
}

// mountOn mounts a new tmpfs on a folder of the destination. With keep it holds the same files.
func (d *testDisk) mountOn(name string, keep bool) {
	d.t.Helper()
	at, new := filepath.Join(d.dest, name), d.t.TempDir()
	d.runTool("mount", "-t", "tmpfs", "-o", "mode=0700,size=32m", "tmpfs", new)
	if keep {
		d.runTool("cp", "-a", at+"/.", new)
	}
	d.runTool("mount", "--move", new, at)
	d.t.Cleanup(func() { exec.Command("umount", at).Run() })
}

func (d *testDisk) stateExists(name string) bool {
	_, err := os.Lstat(filepath.Join(d.dest, ".git/timemachine", name))
	return err == nil
}

// TestFolderThatIsAMount: files/ and copies/ may each be a mount of its own. A run then leaves no
// write in them to the system. A mount may take the place of a folder to which a run left writes:
// they are done again. Further versions are written, too.
func TestFolderThatIsAMount(t *testing.T) {
	for _, name := range []string{"files", "copies"} {
		t.Run(name, func(t *testing.T) {
			d := newOwnMount(t)
			d.writeMany("one ")
			d.run(0)
			if !d.stateExists("pending") {
				t.Skip("nothing is left to the system here")
			}
			d.mountOn(name, false)
			d.run(0)
			if d.stateExists("pending") {
				t.Error("a mark is left")
			}
			d.verify()
			d.writeMany("two ")
			d.run(0)
			if d.stateExists("pending") || d.stateExists("followed") {
				t.Error("what was written to another mount is left to the system")
			}
			d.verify()
			d.write("f1", "three")
			d.run(0)
			d.verify()
			repotest.MustCheck(t, d.dest)
		})
	}
}

// TestMountNamespaceOfEachRun: where each run sees the destination on a mount of its own, as
// systemd and containers have it, runs do not write files/ again and again, and verify is content.
func TestMountNamespaceOfEachRun(t *testing.T) {
	d := newOwnMount(t)
	run := func() {
		t.Helper()
		if out, code := runBare(t, "unshare", "-m", d.bin, "-cl", d.dir, "-d", d.dest, "run"); code != 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
	inode := func() uint64 {
		t.Helper()
		info, err := os.Lstat(filepath.Join(d.dest, "files", d.src, "f1"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	d.writeMany("one ")
	run()
	run()
	first := inode()
	run()
	if inode() != first || d.stateExists("pending") {
		t.Error("a quiet run has written files/ again, or left it to the next one")
	}
	d.verify()
	d.writeMany("two ")
	run()
	d.verify()
	first = inode()
	run()
	if inode() != first || d.stateExists("pending") {
		t.Error("what was written after several mounts were seen is written again")
	}
	repotest.MustCheck(t, d.dest)
}

func (d *testDisk) verify() {
	d.t.Helper()
	if out, code := runBare(d.t, d.bin, "-cl", d.dir, "-d", d.dest, "verify"); code != 0 {
		d.t.Errorf("exit %d: %s", code, out)
	}
}

// syncRecorder records the folders whose file systems are synced.
type syncRecorder struct {
	mu    sync.Mutex
	paths []string
}

func (s *syncRecorder) Before(op *durable.Op) error {
	if op.Kind == durable.SyncAll {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paths = append(s.paths, op.Path)
	}
	return nil
}

func (s *syncRecorder) After(*durable.Op) {}

// TestEachFileSystemIsSynced: a run that writes many files syncs each of the file systems that it
// has written to.
func TestEachFileSystemIsSynced(t *testing.T) {
	d := newOwnMount(t)
	d.write("f1", "one")
	d.run(0)
	d.mountOn("files", true)
	d.mountOn("copies", true)
	d.writeMany("two ")
	c, err := config.Parse(filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src), config.Env{UID: -1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(d.dest, repo.Options{Boot: "once"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := &syncRecorder{}
	remove := durable.SetSeam(s)
	_, err = watch.Run(t.Context(), watch.RunOptions{Config: c, Repo: r, Clock: time.Now, Report: &silentReport{}})
	remove()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{d.dest, filepath.Join(d.dest, "files"), filepath.Join(d.dest, "copies")}
	if !slices.Equal(s.paths, want) {
		t.Errorf("synced: %q, want %q", s.paths, want)
	}
}

// silentReport is the report of a run that nobody reads.
type silentReport struct{}

func (*silentReport) Version(record.Version) {}
func (*silentReport) Progress(int64, int64)  {}
func (*silentReport) Problem(scan.Problem)   {}
