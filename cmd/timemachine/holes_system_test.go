//go:build system

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
)

// TestHolesOfFileSystems records a sparse file that changes again and again, on each file system
// that is asked for holes. What is recorded is what reading gives.
func TestHolesOfFileSystems(t *testing.T) {
	for _, mkfs := range [][]string{{"mkfs.ext4", "-q", "-b", "1024"}, {"mkfs.ext4", "-q", "-O", "inline_data"}, {"mkfs.xfs", "-q"}, {"mkfs.btrfs", "-q"}} {
		d := newDisk(t, "300m")
		if _, ok := loopMount(t, d.src, "400M", mkfs...); !ok {
			continue
		}
		r := rand.New(rand.NewPCG(3, 4))
		path := filepath.Join(d.src, "sparse")
		for i := range 8 {
			repotest.ChangeSparse(t, path, r, 24<<20)
			d.run(0)
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d.recorded("sparse") != string(want) {
				t.Fatalf("%q, change %d: not what reading gives", mkfs, i)
			}
		}
		repotest.MustCheck(t, d.dest)
	}
}

// TestHugeFileHoldsNoRun: a user has a file of holes that takes minutes to read, and one that grows
// without end. A run leaves the first alone after half a minute and names it. What another user
// changes after the run's start is recorded by the next one, which does not read the first again.
func TestHugeFileHoldsNoRun(t *testing.T) {
	t.Parallel() // it mostly reads holes
	bin := buildBinary(t)
	// Not in memory, where no such file fits.
	top, err := os.MkdirTemp("/var/tmp", "timemachine-huge")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	var st unix.Statfs_t
	if err := unix.Statfs(top, &st); err != nil {
		t.Fatal(err)
	}
	size := int64(st.Blocks) * st.Bsize / 10 * 9
	if size < 100<<30 {
		t.Skip("NOT TESTED: NO FILE OF 100 GB HERE")
	}
	src, dest := filepath.Join(top, "src"), filepath.Join(top, "dest")
	file := func(name string, size int64, uid int) {
		t.Helper()
		path := filepath.Join(src, name)
		write(t, path, []byte("x"))
		if err := errors.Join(os.Truncate(path, size), os.Chown(path, uid, uid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(src, 0o755), os.Mkdir(dest, 0o700)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(top, "config.dat"), fmt.Appendf(nil, "- %s\n", src))
	run := func() (string, time.Duration) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		out, _ := exec.CommandContext(ctx, bin, "-v", "-cl", top, "-d", dest).CombinedOutput()
		if ctx.Err() != nil {
			t.Error("a run takes more than 100 s")
		}
		return string(out), time.Since(began)
	}
	const other = 12346
	file("huge", size, nobody)
	file("growing", 2<<30, nobody)
	file("other", 1, other)
	grower := exec.Command("setpriv", "--reuid", fmt.Sprint(nobody), "--regid", fmt.Sprint(nobody), "--clear-groups",
		"sh", "-c", "while truncate -s +64K "+filepath.Join(src, "growing")+"; do :; done")
	if err := errors.Join(os.Chmod(top, 0o755), grower.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		grower.Process.Kill()
		grower.Wait()
	})
	meanwhile := time.AfterFunc(5*time.Second, func() { file("late", 1, other) })
	defer meanwhile.Stop()
	const names = "huge: takes longer to read than the 30 s"
	if out, took := run(); !strings.Contains(out, names) {
		t.Errorf("a run of %v says: %s", took, out)
	}
	if out, took := run(); !strings.Contains(out, names) || took > time.Minute {
		t.Errorf("a run of %v says: %s", took, out)
	}
	tree := repotest.Git(t, dest, "ls-tree", "-r", "--name-only", "HEAD", "files")
	for _, name := range []string{"other", "late", "growing"} {
		if !strings.Contains(tree, src+"/"+name+"\n") {
			t.Errorf("%s is not recorded:\n%s", name, tree)
		}
	}
	repotest.MustCheck(t, dest)
}
