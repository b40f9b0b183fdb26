//go:build system

package main

import (
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/repotest"
)

// TestExFAT has a destination on a case-folding file system without links and modes. All files are
// captured and found by their names, and git and verify find the destination clean. That holds when
// names change in case alone, and when one of two names that collide is deleted.
func TestExFAT(t *testing.T) {
	d := newDiskOn(t, func(d *testDisk) {
		if _, ok := loopMount(d.t, d.mount, "200M", "mkfs.exfat"); !ok {
			d.t.Fatal("no exFAT here")
		}
	})
	names := []string{"A", "a", "Dir/x", "dir/x", "dir/y", "f/g", "F", "\u00dc", "\u00fc", "dot.", "dot", "\u65e5\u672c"}
	check := func(want map[string]string) {
		t.Helper()
		for name, text := range want {
			out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "show", filepath.Join(d.src, name))
			if code != 0 || out != text {
				t.Errorf("%s is %q, exit %d; want %q", name, out, code, text)
			}
		}
		if out := repotest.Git(t, d.dest, "fsck", "--strict", "--full", "--no-dangling"); out != "" {
			t.Errorf("git fsck: %s", out)
		}
		if out := repotest.Git(t, d.dest, "status", "--porcelain"); out != "" {
			t.Errorf("git status: %s", out)
		}
		if index, head := repotest.Git(t, d.dest, "write-tree"), repotest.Git(t, d.dest, "rev-parse", "HEAD^{tree}"); index != head {
			t.Errorf("the index holds tree %s, HEAD %s", index, head)
		}
		if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest, "verify"); code != 0 {
			t.Errorf("verify: exit %d, %s", code, out)
		}
		if out := d.run(0); out != "" {
			t.Errorf("a run with nothing to do: %s", out)
		}
	}
	if err := os.Symlink("to nowhere", filepath.Join(d.src, "link")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"link": "to nowhere"}
	for _, text := range []string{"one of ", "two of "} {
		for _, name := range names {
			want[name] = text + name
			d.write(name, text+name)
		}
		d.run(0)
		check(want)
	}

	if err := os.Rename(filepath.Join(d.src, "dot"), filepath.Join(d.src, "DOT")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.src, "Dir/x"), filepath.Join(d.src, "Dir/X")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.src, "A")); err != nil {
		t.Fatal(err)
	}
	want["DOT"], want["Dir/X"] = want["dot"], want["Dir/x"]
	delete(want, "dot")
	delete(want, "Dir/x")
	delete(want, "A")
	d.run(0)
	check(want)

	clone := filepath.Join(t.TempDir(), "clone") // on a file system that tells all names apart
	repotest.Git(t, d.dest, "clone", "-q", d.dest, clone)
	to := t.TempDir()
	if out, code := runBare(t, d.bin, "-cl", t.TempDir(), "-d", clone, "restore", d.src, "--to", to); code != 0 {
		t.Fatalf("restore from a clone: exit %d, %s", code, out)
	}
	delete(want, "link")
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(to, d.src, name)); err != nil || string(got) != text {
			t.Errorf("restored from a clone, %s is %q: %v", name, got, err)
		}
	}
}

// TestExFATLocks: without hard links, a new configuration is made whole, and the locks that a
// killed run left stop no later one. Those of another program do.
func TestExFATLocks(t *testing.T) {
	d := newDiskOn(t, func(d *testDisk) {
		if _, ok := loopMount(d.t, d.mount, "200M", "mkfs.exfat"); !ok {
			d.t.Fatal("no exFAT here")
		}
	})
	d.write("a", "one")
	d.run(0)
	there := filepath.Join(t.TempDir(), "config")
	if err := os.Mkdir(there, 0o700); err != nil {
		t.Fatal(err)
	}
	image, ok := loopMount(t, there, "20M", "mkfs.exfat")
	if !ok {
		t.Fatal("no exFAT here")
	}
	// Root trusts no configuration that others may write: mount it with a umask.
	d.runTool("umount", there)
	d.runTool("mount", "-t", "exfat-fuse", "-o", "loop,umask=077", image, there)
	if out, code := runBare(t, d.bin, "-cl", there, "-d", d.dest, "add", d.src); code != 0 {
		t.Errorf("a new configuration: exit %d, %s", code, out)
	}
	locks := map[string]string{"index": filepath.Join(d.dest, ".git/index.lock"), "main": filepath.Join(d.dest, ".git/refs/heads/main.lock")}
	for name, lock := range locks {
		if err := os.WriteFile(filepath.Join(d.dest, ".git/timemachine/stage", name+".lock"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(lock, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.write("a", "two")
	d.run(0)
	for _, lock := range locks {
		if _, err := os.Lstat(lock); err == nil {
			t.Errorf("%s is still there", lock)
		}
	}
	if err := os.WriteFile(locks["main"], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.write("a", "three")
	d.run(1)
	if _, err := os.Lstat(locks["main"]); err != nil {
		t.Errorf("the lock of another program: %v", err)
	}
}
