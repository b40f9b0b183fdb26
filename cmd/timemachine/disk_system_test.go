//go:build system

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestFullDisk has a file that does not fit on the disk beside others that do. The others are
// recorded and the file is named. Further tries take no more space, and git finds the history
// whole. The file is recorded when there is free space.
func TestFullDisk(t *testing.T) {
	for _, kind := range diskKinds {
		t.Run(kind.name, func(t *testing.T) {
			d := newDiskOn(t, kind.make)
			d.write("small", "one\n")
			d.run(0)
			d.fill(6 << 20)
			d.write("large", string(noise(9<<20)))
			d.write("huge", string(noise(12<<20)))
			d.write("small", "two\n")
			for i := range 40 {
				d.write(fmt.Sprintf("folder/%d", i), fmt.Sprint("file ", i))
			}
			used := int64(0)
			for range 4 {
				out := d.run(3)
				for _, name := range []string{"/large: does not fit", "/huge: does not fit"} {
					if used == 0 && strings.Count(out, name) != 1 {
						t.Errorf("it says: %s", out)
					}
				}
				if strings.Count(out, "ERR") > 2 {
					t.Errorf("it says: %s", out)
				}
				repotest.MustCheck(t, d.dest)
				if now := d.usedBytes(); used != 0 && now != used {
					t.Errorf("%d bytes, before %d", now, used)
				}
				used = d.usedBytes()
			}
			if got := d.recorded("small") + d.recorded("folder/39"); got != "two\nfile 39" {
				t.Errorf("recorded: %q", got)
			}
			d.removeBallast()
			d.run(0)
			repotest.MustCheck(t, d.dest)
			if d.recorded("large") != string(noise(9<<20)) {
				t.Error("the large file is not recorded")
			}
		})
	}
}

func (d *testDisk) recorded(name string) string {
	d.t.Helper()
	return repotest.Git(d.t, d.dest, "cat-file", "blob", "HEAD:files"+d.src+"/"+name)
}

// TestNoRoomAtAll: where nothing can be written a run says so in one line and leaves nothing. It
// succeeds when there is free space.
func TestNoRoomAtAll(t *testing.T) {
	for _, kind := range diskKinds {
		t.Run(kind.name, func(t *testing.T) {
			d := newDiskOn(t, kind.make)
			d.write("a", "one\n")
			d.run(0)
			d.fill(0)
			d.write("a", "two\n")
			d.write("b", string(noise(3<<20)))
			used := d.usedBytes()
			for range 3 {
				if out := d.run(1); strings.Count(out, "ERR") > 1 || strings.Contains(out, "stage/pack") || !strings.Contains(out, "has no room: ") || !strings.Contains(out, "make room") {
					t.Errorf("it says: %s", out)
				}
				if now := d.usedBytes(); now != used {
					t.Errorf("%d bytes, before %d", now, used)
				}
			}
			d.removeBallast()
			d.run(0)
			repotest.MustCheck(t, d.dest)
			if got := d.recorded("a"); got != "two\n" {
				t.Errorf("recorded: %q", got)
			}
		})
	}
}

// TestCopiesYield: where space is short the history is recorded without copies, and a run says so.
// A later run writes the copies.
func TestCopiesYield(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	d.run(0)
	d.fill(512 << 10)
	d.write("a", "two\n")
	if out := d.run(0); !strings.Contains(out, "no copies are written") {
		t.Errorf("it says: %s", out)
	}
	if got := repotest.Git(t, d.dest, "cat-file", "blob", "HEAD:files"+d.src+"/a"); got != "two\n" {
		t.Errorf("recorded: %q", got)
	}
	if copies, _ := filepath.Glob(filepath.Join(d.dest, "copies", d.src, "*-a")); len(copies) != 1 {
		t.Errorf("copies: %q", copies)
	}
	d.removeBallast()
	d.run(0)
	if copies, _ := filepath.Glob(filepath.Join(d.dest, "copies", d.src, "*-a")); len(copies) != 2 {
		t.Errorf("copies when there is room again: %q", copies)
	}
	if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "verify"); code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestReadOnlyDisk: a run prints one line and exits with 1. It works again on a writable disk.
func TestReadOnlyDisk(t *testing.T) {
	d := newDisk(t, "20m")
	d.write("a", "one\n")
	d.run(0)
	d.runTool("mount", "-o", "remount,ro", d.mount)
	d.write("a", "two\n")
	for range 2 {
		if out := d.run(1); strings.Count(out, "ERR") != 1 || !strings.Contains(out, "read-only file system") {
			t.Errorf("it says: %s", out)
		}
	}
	d.runTool("mount", "-o", "remount,rw", d.mount)
	d.run(0)
	repotest.MustCheck(t, d.dest)
}

// TestDiskOfWholeSeconds: a destination's file system keeps the seconds of an mtime only. What is
// there is as it should be, and a run that finds nothing leaves it so.
func TestDiskOfWholeSeconds(t *testing.T) {
	d := newDiskOn(t, func(d *testDisk) { d.mountLoop("64M", "mkfs.ext4", "-q", "-I", "128", "-O", "^has_journal") })
	d.write("a", "one\n")
	d.write("folder/b", "two\n")
	d.run(0)
	if st, err := os.Lstat(filepath.Join(d.dest, "files"+d.src, "a")); err != nil || st.ModTime().Nanosecond() != 0 {
		t.Logf("NOT TESTED: NO FILE SYSTEM OF WHOLE SECONDS HERE (%v)", err)
	}
	d.verify()
	d.write("a", "three\n")
	d.run(0)
	d.verify()
	for _, args := range [][]string{{"copies", "rebuild"}, {"verify", "--repair"}} {
		if out, code := runBare(t, d.bin, append([]string{"-cl", d.dir, "-d", d.dest}, args...)...); code != 0 {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
		d.verify()
	}
	repotest.MustCheck(t, d.dest)
}

// TestNoInodes: no file can be created although there is free space.
func TestNoInodes(t *testing.T) {
	d := newDisk(t, "20m,nr_inodes=150")
	d.write("a", "one\n")
	d.run(0)
	made := 0
	for ; ; made++ {
		if os.WriteFile(filepath.Join(d.mount, fmt.Sprint("taken", made)), nil, 0o600) != nil {
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
		os.Remove(filepath.Join(d.mount, fmt.Sprint("taken", i)))
	}
	d.run(0)
	repotest.MustCheck(t, d.dest)
}

// TestSourceThatFails: an I/O error on one source does not stop the others.
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

// TestBlockThatFails: the disk cannot read a block of a source any more. The source is named, the
// others are recorded, and its recorded versions stay. The disk is an image of btrfs, which has
// checksums of data, with changed bytes.
func TestBlockThatFails(t *testing.T) {
	d := newDisk(t, "20m")
	image, ok := loopMount(t, d.src, "128M", "mkfs.btrfs", "-q", "-d", "single")
	if !ok {
		t.Fatal("NO DISK WITH A BAD BLOCK CAN BE MADE HERE")
	}
	d.write("good", "one\n")
	bad := noise(300_000)
	d.write("bad", string(bad))
	d.run(0)
	d.runTool("umount", d.src)
	raw, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, bad[8192:8192+512])
	if at < 0 {
		t.Fatal("the file is not in the image")
	}
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(make([]byte, 512), int64(at))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	d.runTool("mount", "-o", "loop", image, d.src)
	d.write("good", "two\n")
	if err := os.Chtimes(filepath.Join(d.src, "bad"), time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out := d.run(3); strings.Count(out, "ERR") > 1 {
			t.Errorf("it says: %s", out)
		}
		d.write("more", "more\n")
	}
	if d.recorded("good") != "two\n" || d.recorded("more") != "more\n" || d.recorded("bad") != string(bad) {
		t.Error("not what was there")
	}
	repotest.MustCheck(t, d.dest)
}

// TestForeignFolder: root makes the repository in the empty folder of another user. Everything in
// it belongs to that user, and git serves it to them.
func TestForeignFolder(t *testing.T) {
	for _, command := range []string{"run", "init"} {
		d := newDisk(t, "20m")
		d.openWays()
		d.write("a", "one\n")
		d.runTool("chown", fmt.Sprint(nobody, ":", nobody), d.dest)
		out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, command)
		if code != 0 || !strings.Contains(out, "git config --global --add safe.directory "+d.dest+"\n") {
			t.Errorf("%s: exit %d: %s", command, code, out)
		}
		d.run(0)
		d.write("a", "two\n")
		d.run(0)
		d.belongsToNobody()
		d.readAsNobody()
	}
}

// TestForeignDestination: root works in another user's folder. Everything that it makes there
// belongs to that user, and no program of that user runs. A destination that was root's and is
// another user's now is not written to, before root has confirmed it.
func TestForeignDestination(t *testing.T) {
	d := newDisk(t, "20m")
	d.openWays()
	d.write("a", "one\n")
	d.run(0)
	d.runTool("chown", "-R", fmt.Sprint(nobody, ":", nobody), d.dest)
	trap, sprung := filepath.Join(d.dest, ".git/hooks/reference-transaction"), filepath.Join(d.dir, "sprung")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\ntouch "+sprung+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(trap, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	d.write("a", "two\n")
	d.write("new/folder/b", "")
	// The owner has changed: root is asked to confirm it.
	hint := regexp.MustCompile(`with: (.*)`).FindStringSubmatch(d.run(1))
	if hint == nil || strings.Contains(repotest.Git(t, d.dest, "-c", "safe.directory=*", "log", "-1", "--format=%s"), "new") {
		t.Fatal("nothing is asked, or something recorded")
	}
	out, err := exec.Command("env", "-i", "PATH="+filepath.Dir(d.bin)+":/usr/bin:/bin", "sh", "-c", hint[1]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "git config --global --add safe.directory "+d.dest+"\n") {
		t.Errorf("%s: %v %s", hint[1], err, out)
	}
	d.run(0)
	d.belongsToNobody()
	if exists(sprung) {
		t.Error("a hook was run as root")
	}
	d.readAsNobody()
}

// openWays lets everybody reach the destination and the sources.
func (d *testDisk) openWays() {
	d.t.Helper()
	for _, way := range []string{filepath.Dir(d.mount), d.mount} {
		if err := os.Chmod(way, 0o711); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *testDisk) belongsToNobody() {
	d.t.Helper()
	walk(d.t, d.dest, func(path string, info fs.FileInfo) {
		if st := info.Sys().(*syscall.Stat_t); st.Uid != nobody || st.Gid != nobody {
			d.t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	})
}

// readAsNobody lets git read the destination as its owner.
func (d *testDisk) readAsNobody() {
	d.t.Helper()
	d.openWays()
	if err := os.Chmod(d.dest, 0o711); err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command("git", "-C", d.dest, "fsck", "--strict")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Errorf("git as the owner: %v %s", err, out)
	}
}

// TestFewInodes checks that copies leave the history the inodes that it needs, and what is said
// where another program has taken the last.
func TestFewInodes(t *testing.T) {
	d := newDiskOn(t, func(d *testDisk) {
		d.runTool("mount", "-t", "tmpfs", "-o", "size=64m,nr_inodes=2000", "tmpfs", d.mount)
		t.Cleanup(func() { exec.Command("umount", d.mount).Run() })
	})
	for i := range 700 {
		d.write(fmt.Sprintf("d%d/f%d", i/70, i), "1\n")
	}
	d.run(0)
	for round := range 3 {
		for i := range 10 {
			d.write(fmt.Sprintf("d0/f%d", i), fmt.Sprint("round ", round, "\n"))
		}
		d.write(fmt.Sprintf("more/%d", round), "1\n")
		d.run(0)
	}
	repotest.MustCheck(t, d.dest)
	if got := d.recorded("more/2"); got != "1\n" {
		t.Errorf("recorded: %q", got)
	}
	taken := filepath.Join(d.mount, "taken")
	if err := os.Mkdir(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if os.WriteFile(filepath.Join(taken, fmt.Sprint(i)), nil, 0o600) != nil {
			break
		}
	}
	d.write("d0/f0", "last\n")
	if out := d.run(1); !strings.Contains(out, "has no inode left for another file") || !strings.Contains(out, "df -i ") {
		t.Errorf("it says: %s", out)
	}
	if err := os.RemoveAll(taken); err != nil {
		t.Fatal(err)
	}
	d.run(0)
	if got := d.recorded("d0/f0"); got != "last\n" {
		t.Errorf("recorded: %q", got)
	}
}
