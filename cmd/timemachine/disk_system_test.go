//go:build system

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"timemachine/repo/repotest"
)

// disk is a small file system with a destination on it, and a watched folder elsewhere.
type disk struct {
	t              *testing.T
	bin            string
	dest, src, dir string
}

func newDisk(t *testing.T, size string) *disk {
	d := &disk{t: t, bin: buildBinary(t), dest: t.TempDir(), src: t.TempDir(), dir: t.TempDir()}
	d.must("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", d.dest)
	t.Cleanup(func() { exec.Command("umount", d.dest).Run() })
	write(t, filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src))
	return d
}

func (d *disk) must(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %q: %v %s", name, args, err, out)
	}
}

func (d *disk) run(want int) string {
	d.t.Helper()
	out, code := runBare(d.t, d.bin, "-cl", d.dir, "-d", d.dest)
	if code != want {
		d.t.Fatalf("exit %d, want %d: %s", code, want, out)
	}
	return out
}

func (d *disk) write(name, text string) { write(d.t, filepath.Join(d.src, name), []byte(text)) }

// TestCopiesYield: where space is short the history goes on, copies do not, and that is said.
func TestCopiesYield(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	d.run(0)
	write(t, filepath.Join(d.dest, "ballast"), make([]byte, 19<<20))
	d.write("a", "two\n")
	if out := d.run(0); !strings.Contains(out, "no copies are written") {
		t.Errorf("it says: %s", out)
	}
	if got := repotest.Git(t, d.dest, "cat-file", "blob", "HEAD:files"+d.src+"/a"); got != "two\n" {
		t.Errorf("recorded: %q", got)
	}
	if copies, _ := filepath.Glob(filepath.Join(d.dest, "copies", d.src, "a", "*")); len(copies) != 1 {
		t.Errorf("copies: %q", copies)
	}
	if err := os.Remove(filepath.Join(d.dest, "ballast")); err != nil {
		t.Fatal(err)
	}
	if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "copies", "rebuild"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if copies, _ := filepath.Glob(filepath.Join(d.dest, "copies", d.src, "a", "*")); len(copies) != 2 {
		t.Errorf("copies after the rebuild: %q", copies)
	}
}

// TestReadOnlyDisk: one line, exit 1, and when it can be written again the run goes on.
func TestReadOnlyDisk(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	d.run(0)
	d.must("mount", "-o", "remount,ro", d.dest)
	d.write("a", "two\n")
	for range 2 {
		if out := d.run(1); strings.Count(out, "ERR") != 1 || !strings.Contains(out, "read-only file system") {
			t.Errorf("it says: %s", out)
		}
	}
	d.must("mount", "-o", "remount,rw", d.dest)
	d.run(0)
	repotest.MustCheck(t, d.dest)
}

// TestNoInodes: files cannot be made although there is space.
func TestNoInodes(t *testing.T) {
	d := newDisk(t, "20m,nr_inodes=150")
	d.write("a", "one\n")
	d.run(0)
	made := 0
	for ; ; made++ {
		if os.WriteFile(filepath.Join(d.dest, fmt.Sprint("taken", made)), nil, 0o600) != nil {
			break
		}
	}
	d.write("a", "two\n")
	for range 2 {
		if out := d.run(1); !strings.Contains(out, "no space left on device") {
			t.Errorf("it says: %s", out)
		}
	}
	for i := range made {
		os.Remove(filepath.Join(d.dest, fmt.Sprint("taken", i)))
	}
	d.run(0)
	repotest.MustCheck(t, d.dest)
}

// TestSourceThatFails: an I/O error on one source stops no other.
func TestSourceThatFails(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	write(t, filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- /proc/self/mem\n- %s\n", d.src))
	if out := d.run(3); !strings.Contains(out, "/proc/self/mem") || !strings.Contains(out, "input/output error") {
		t.Errorf("it says: %s", out)
	}
	if got := repotest.Git(t, d.dest, "cat-file", "blob", "HEAD:files"+d.src+"/a"); got != "one\n" {
		t.Errorf("recorded: %q", got)
	}
}

// TestForeignDestination: root works in somebody's folder. Whatever it makes there is theirs, and nothing of theirs runs.
func TestForeignDestination(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	d.run(0)
	d.must("chown", "-R", fmt.Sprint(nobody, ":", nobody), d.dest)
	trap, sprung := filepath.Join(d.dest, ".git/hooks/reference-transaction"), filepath.Join(d.dir, "sprung")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\ntouch "+sprung+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(trap, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	d.write("a", "two\n")
	d.must("mkdir", "-p", filepath.Join(d.src, "new/folder"))
	d.write("new/folder/b", "")
	d.run(0)
	walk(t, d.dest, func(path string, info fs.FileInfo) {
		if st := info.Sys().(*syscall.Stat_t); st.Uid != nobody || st.Gid != nobody {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	})
	if exists(sprung) {
		t.Error("a hook was run as root")
	}
	for _, way := range []string{filepath.Dir(d.dest), d.dest} {
		if err := os.Chmod(way, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "-C", d.dest, "fsck", "--strict")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("git as the owner: %v %s", err, out)
	}
}
