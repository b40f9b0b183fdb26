//go:build system

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// loseCache removes what the last run knew of the sources.
func (d *testDisk) loseCache() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.dest, ".git/timemachine/cache")); err != nil {
		d.t.Fatal(err)
	}
}

// deleted returns the names of the sources that are recorded as deleted.
func (d *testDisk) deleted() (names []string) {
	d.t.Helper()
	for line := range strings.Lines(repotest.Git(d.t, d.dest, "log", "--format=%s")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "Delete "+d.src+"/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *testDisk) wantDeleted(when string, names ...string) {
	d.t.Helper()
	if got := d.deleted(); !slices.Equal(got, names) {
		d.t.Fatalf("%s: recorded as deleted: %q, want %q", when, got, names)
	}
}

// TestDiskThatIsAway: while a disk is not mounted, files come into the folder that it is mounted
// on. None of the disk's files counts as deleted, whenever the cache is lost. When the disk is
// back, a deletion on it is recorded.
func TestDiskThatIsAway(t *testing.T) {
	for _, lost := range []string{"never", "before the first run", "after the first run", "before each run"} {
		for _, strays := range [][]string{nil, {"stray"}, {"a"}, {"sub/stray"}, {"a", "sub/b", "stray"}} {
			t.Run(fmt.Sprint(lost, strays), func(t *testing.T) {
				d := newOwnMount(t)
				store, place := t.TempDir(), filepath.Join(d.src, "disk")
				d.runTool("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", store)
				t.Cleanup(func() { exec.Command("umount", store).Run() })
				if err := os.Mkdir(place, 0o755); err != nil {
					t.Fatal(err)
				}
				d.runTool("mount", "--bind", store, place)
				t.Cleanup(func() { exec.Command("umount", place).Run() })
				d.write("beside", "b")
				for _, name := range []string{"disk/a", "disk/sub/b", "disk/sub/c", "disk/sub/deep/d"} {
					d.write(name, name)
				}
				d.run(0)
				d.runTool("umount", place)
				for _, name := range strays {
					d.write("disk/"+name, "a stray file")
				}
				for n := range 3 {
					if lost == "before each run" || lost == "before the first run" && n == 0 || lost == "after the first run" && n == 1 {
						d.loseCache()
					}
					d.run(3)
					d.wantDeleted(fmt.Sprint("run ", n+1, " without the disk"))
				}
				d.runTool("mount", "--bind", store, place)
				want := 0
				if slices.Contains(strays, "stray") || slices.Contains(strays, "sub/stray") {
					want = 3 // it is below the disk now
				}
				d.run(want)
				d.wantDeleted("with the disk")
				if err := os.Remove(filepath.Join(place, "sub/b")); err != nil {
					t.Fatal(err)
				}
				d.run(want)
				d.wantDeleted("after a deletion", "disk/sub/b")
				repotest.MustCheck(t, d.dest)
			})
		}
	}
}

// TestDeviceNumberOfAnother: after a reboot a disk has the number that another one had, and the
// other is not mounted. Nothing on that counts as deleted, in the next run and in later ones.
func TestDeviceNumberOfAnother(t *testing.T) {
	for _, only := range []bool{false, true} {
		d := newOwnMount(t)
		outer := filepath.Join(d.src, "outer")
		inner := filepath.Join(outer, "inner")
		var images [2]string
		for i := range images {
			images[i] = filepath.Join(t.TempDir(), "image")
			d.runTool("truncate", "-s", "16M", images[i])
			d.runTool("mkfs.ext4", "-q", images[i])
		}
		attach := func(image string, device ...string) string {
			t.Helper()
			out, err := exec.Command("losetup", append(append([]string{}, device...), image)...).CombinedOutput()
			if err != nil {
				t.Skipf("NOT TESTED: NO LOOP DEVICES HERE (%v %s)", err, out)
			}
			name := strings.TrimSpace(string(out))
			if name == "" {
				name = device[0]
			}
			t.Cleanup(func() { exec.Command("losetup", "-d", name).Run() })
			return name
		}
		mount := func(device, place string) {
			t.Helper()
			if err := os.MkdirAll(place, 0o755); err != nil {
				t.Fatal(err)
			}
			d.runTool("mount", device, place)
			t.Cleanup(func() { exec.Command("umount", place).Run() })
		}
		first, second := attach(images[0], "--find", "--show"), attach(images[1], "--find", "--show")
		mount(first, outer)
		mount(second, inner)
		d.write("outer/a", "a")
		d.write("outer/inner/b", "b")
		d.run(0)
		d.runTool("umount", inner, outer)
		d.runTool("losetup", "-d", first, second)
		mount(attach(images[0], second), outer)
		if only { // a run that does not look at the rest
			out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "add", filepath.Join(outer, "a"))
			if code != 0 {
				t.Fatalf("exit %d: %s", code, out)
			}
		}
		for n := range 3 {
			d.run(3)
			d.wantDeleted(fmt.Sprint("run ", n+1))
		}
		mount(attach(images[1], first), inner)
		d.run(0)
		d.write("outer/inner/c", "c")
		d.run(0)
		if err := os.Remove(filepath.Join(inner, "b")); err != nil {
			t.Fatal(err)
		}
		d.run(0)
		d.wantDeleted("after a deletion", "outer/inner/b")
	}
}

// TestSubvolumeDeleted: where a subvolume of btrfs is deleted, its files are held back, and the
// folder above is not said to have moved to another device. Accepted, they are deleted. A snapshot
// in its place is known by the files that are in both.
func TestSubvolumeDeleted(t *testing.T) {
	d := newOwnMount(t)
	image, top := filepath.Join(t.TempDir(), "image"), filepath.Join(d.src, "top")
	d.runTool("truncate", "-s", "200M", image)
	d.runTool("mkfs.btrfs", "-q", image)
	d.runTool("mkdir", top)
	if out, err := exec.Command("mount", "-o", "loop", image, top).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: NO BTRFS HERE (%v %s)", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", top).Run() })
	d.runTool("btrfs", "-q", "subvolume", "create", filepath.Join(top, "sub"))
	for _, name := range []string{"top/beside", "top/sub/a", "top/sub/b"} {
		d.write(name, name)
	}
	d.run(0)

	d.runTool("btrfs", "-q", "subvolume", "snapshot", filepath.Join(top, "sub"), filepath.Join(top, "later"))
	d.runTool("btrfs", "-q", "subvolume", "delete", filepath.Join(top, "sub"))
	d.runTool("mv", filepath.Join(top, "later"), filepath.Join(top, "sub"))
	d.runTool("rm", filepath.Join(top, "sub/b"))
	d.run(0)
	d.wantDeleted("in the snapshot", "top/sub/b")

	d.runTool("btrfs", "-q", "subvolume", "delete", filepath.Join(top, "sub"))
	want := top + ": lacks what was on another device, or a subvolume of its own: 1 known file is gone"
	if out := d.run(3); !strings.Contains(out, want) {
		t.Errorf("it says: %s", out)
	}
	d.wantDeleted("not accepted", "top/sub/b")
	if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "run", "--accept-deletions", top); code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	d.run(0)
	d.wantDeleted("accepted", "top/sub/a", "top/sub/b")

	d.runTool("umount", top)
	if out := d.run(3); strings.Contains(out, "subvolume") || !strings.Contains(out, "top: is empty, where it was not") && !strings.Contains(out, "top: is on another device than before") {
		t.Errorf("not mounted: %s", out)
	}
	repotest.MustCheck(t, d.dest)
}
