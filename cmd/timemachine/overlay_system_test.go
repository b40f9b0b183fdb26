//go:build system

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOverlay watches an overlay whose layers are on two file systems, so that its files have other
// device numbers than their folders. What is deleted there is recorded, and what lay on a disk that
// is not mounted any more is not.
func TestOverlay(t *testing.T) {
	bin, dir := buildBinary(t), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	run(`mkdir -p lower/sub lower/disk memory etc conf
		for f in a keep sub/c; do echo $f >lower/$f; done
		mount -t tmpfs tmpfs memory; mkdir memory/upper memory/work`)
	t.Cleanup(func() { exec.Command("umount", at("memory")).Run() })
	run("mount -t overlay overlay -o lowerdir=lower,upperdir=memory/upper,workdir=memory/work etc")
	t.Cleanup(func() { exec.Command("umount", at("etc")).Run() })
	run("mount -t tmpfs tmpfs etc/disk; echo d >etc/disk/file; echo n >etc/new; echo n >etc/newer; echo n >etc/sub/new")
	t.Cleanup(func() { exec.Command("umount", at("etc/disk")).Run() })
	write(t, at("conf/config.dat"), []byte("- "+at("etc")+"\n"))
	timemachine := func(args ...string) (string, int) {
		cmd := exec.Command(bin, append([]string{"-cl", at("conf"), "-d", at("dest")}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := timemachine("init"); code != 0 {
		t.Fatal(out)
	}
	record := func(want int) {
		t.Helper()
		if out, code := timemachine("run"); code != want {
			t.Fatalf("exit %d, want %d: %s", code, want, out)
		}
	}
	record(0)
	for _, gone := range []string{"sub/c", "new", "sub", "a"} {
		run("rm -r etc/" + gone)
		record(0)
		if out, _ := timemachine("log", "-4"); !strings.Contains(out, "deleted") || !strings.Contains(out, at("etc/"+gone)) {
			t.Errorf("%s: %s", gone, out)
		}
	}
	run("umount etc/disk; echo other >etc/disk/other")
	for range 2 {
		record(3)
		if out, _ := timemachine("log", at("etc/disk/file")); strings.Contains(out, "deleted") {
			t.Errorf("what lay on a disk is taken for deleted: %s", out)
		}
	}
}
