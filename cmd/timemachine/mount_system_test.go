//go:build system

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// testDisk is a small file system with a destination on it. The watched folder is elsewhere.
type testDisk struct {
	t                *testing.T
	bin              string
	mount            string
	dest, src, dir   string
	ballast, quotaOf string // quotaOf: the subvolume that a quota is on, "" for none
}

// diskKinds are the file systems for tests of a full disk. A log line in capitals names one that
// this machine lacks: a test that passes without it has shown less.
var diskKinds = []struct {
	name string
	make func(d *testDisk)
}{
	{"tmpfs", func(d *testDisk) { d.mountTmpfs("64m") }},
	{"ext4", func(d *testDisk) { d.mountLoop("64M", "mkfs.ext4", "-q", "-m", "0") }},
	{"quota", (*testDisk).mountQuota},
}

func (d *testDisk) mountTmpfs(size string) {
	d.runTool("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", d.mount)
	d.t.Cleanup(func() { exec.Command("umount", d.mount).Run() })
}

// mountLoop mounts an image on a loop device, or a tmpfs where loop devices do not work.
func (d *testDisk) mountLoop(size string, mkfs ...string) bool {
	if _, ok := loopMount(d.t, d.mount, size, mkfs...); ok {
		return true
	}
	d.t.Log("A TMPFS TAKES ITS PLACE")
	d.mountTmpfs("64m")
	return false
}

// loopMount mounts an image on a loop device.
func loopMount(t *testing.T, mount, size string, mkfs ...string) (image string, ok bool) {
	t.Helper()
	image = filepath.Join(t.TempDir(), "image")
	out, err := exec.Command("truncate", "-s", size, image).CombinedOutput()
	if err == nil {
		out, err = exec.Command(mkfs[0], append(mkfs[1:], image)...).CombinedOutput()
	}
	if err == nil {
		args := []string{"-o", "loop", image, mount}
		if mkfs[0] == "mkfs.exfat" { // not all kernels have it
			args = append([]string{"-t", "exfat-fuse"}, args...)
		}
		out, err = exec.Command("mount", args...).CombinedOutput()
	}
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("NOT TESTED ON %s: NO LOOP MOUNT HERE (%v %s)", mkfs[0], err, out)
		return image, false
	}
	t.Cleanup(func() { exec.Command("umount", mount).Run() })
	return image, true
}

const quota = 64 << 20

// mountQuota sets a quota on a large disk, whose free space does not show it. Of the kernel's
// quotas that of btrfs needs no tools of its own and is most often available.
func (d *testDisk) mountQuota() {
	if !d.mountLoop("400M", "mkfs.btrfs", "-q") {
		d.t.Log("NO QUOTA IS TESTED HERE")
		return
	}
	sub := filepath.Join(d.mount, "sub")
	d.runTool("btrfs", "-q", "quota", "enable", d.mount)
	d.runTool("btrfs", "-q", "subvolume", "create", sub)
	d.runTool("btrfs", "-q", "qgroup", "limit", fmt.Sprint(quota), sub)
	d.mount, d.quotaOf = sub, sub
}

// newDiskOn makes the folders. The destination is a folder in the file system, which has space for
// a ballast beside it.
func newDiskOn(t *testing.T, mount func(d *testDisk)) *testDisk {
	d := &testDisk{t: t, bin: buildBinary(t), mount: t.TempDir(), src: t.TempDir(), dir: t.TempDir()}
	mount(d)
	d.dest, d.ballast = filepath.Join(d.mount, "dest"), filepath.Join(d.mount, "ballast")
	if err := os.Mkdir(d.dest, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d.dir, "config.dat"), fmt.Appendf(nil, "- %s\n", d.src))
	return d
}

func newDisk(t *testing.T, size string) *testDisk {
	return newDiskOn(t, func(d *testDisk) { d.mountTmpfs(size) })
}

func (d *testDisk) runTool(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %q: %v %s", name, args, err, out)
	}
}

func (d *testDisk) run(want int) string {
	d.t.Helper()
	out, code := runBare(d.t, d.bin, "-cl", d.dir, "-d", d.dest)
	if code != want {
		d.t.Fatalf("exit %d, want %d: %s", code, want, out)
	}
	return out
}

func (d *testDisk) write(name, text string) {
	d.t.Helper()
	path := filepath.Join(d.src, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	write(d.t, path, []byte(text))
}

// fill writes a ballast that leaves about so many bytes free. It waits until all data is on the
// disk: a quota counts late.
func (d *testDisk) fill(leave int64) {
	d.t.Helper()
	f, err := os.Create(d.ballast)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	size := int64(0)
	for _, block := range [][]byte{noise(64 << 10), noise(4 << 10), noise(1)} {
		for err = nil; err == nil; {
			var n int
			if n, err = f.Write(block); err == nil {
				err = f.Sync()
			}
			size += int64(n)
		}
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
			d.t.Fatal(err)
		}
	}
	if d.quotaOf != "" { // a quota even refuses to cut a file short
		d.runTool("btrfs", "qgroup", "limit", fmt.Sprint(quota+leave), d.quotaOf)
	} else if err := errors.Join(f.Truncate(max(0, size-leave)), f.Sync()); err != nil {
		d.t.Fatal(err)
	}
	d.runTool("sync", "-f", d.mount)
}

// removeBallast makes the space free again.
func (d *testDisk) removeBallast() {
	d.t.Helper()
	if d.quotaOf != "" {
		d.runTool("btrfs", "qgroup", "limit", "none", d.quotaOf)
	}
	if err := os.Remove(d.ballast); err != nil {
		d.t.Fatal(err)
	}
	d.runTool("sync", "-f", d.mount)
}

// noise is n bytes that cannot be compressed.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(n) + 88172645463325252
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

// usedBytes is the size of the destination, without the files that each run writes again, such as
// the cache.
func (d *testDisk) usedBytes() (n int64) {
	walk(d.t, d.dest, func(path string, info fs.FileInfo) {
		if info.Mode().IsRegular() && filepath.Dir(path) != filepath.Join(d.dest, ".git/timemachine") {
			n += info.Size()
		}
	})
	return n
}
