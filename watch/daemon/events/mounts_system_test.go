//go:build system && linux

package events

import (
	"os/exec"
	"strings"
	"testing"
)

// TestMountsChanged mounts a file system below a folder, beside it, and takes both away.
func TestMountsChanged(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	m := openMounts()
	defer m.close()
	changed := func() bool {
		return m.changed(func(path string) bool { return strings.HasPrefix(path, folder) })
	}
	mount := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %s", args, out)
		}
	}
	if changed() {
		t.Error("a change at the start")
	}
	mount("mount", "-t", "tmpfs", "tmpfs", folder)
	if !changed() || changed() {
		t.Error("a mount is not seen once")
	}
	mount("mount", "-t", "tmpfs", "tmpfs", other)
	if changed() {
		t.Error("a mount elsewhere is seen")
	}
	mount("umount", folder)
	mount("umount", other)
	if !changed() {
		t.Error("an unmounting is not seen")
	}
}
