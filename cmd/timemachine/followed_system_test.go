//go:build system

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
)

// TestRestoreOverAFollowedLink: an entry names a link, so its versions are those of the file that
// it leads to. Brought back in the link's place, that file has none of the link's own attributes,
// which are older than its version.
func TestRestoreOverAFollowedLink(t *testing.T) {
	bin, dir := buildBinary(t), repotest.InMemory(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	timemachine := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(bin, append([]string{"-cl", at("conf"), "-d", at("dest")}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, d := range []string{"conf", "w"} {
		if err := os.Mkdir(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, at("w/file"), []byte("content\n"))
	if err := os.Symlink("file", at("w/link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Lsetxattr(at("w/link"), "trusted.note", []byte("of the link"), 0); err != nil {
		t.Fatal(err)
	}
	write(t, at("conf/config.dat"), []byte("- "+at("w/link")+"\n"))
	timemachine("init")
	timemachine("run")
	write(t, at("conf/config.dat"), []byte("- "+at("w")+"\n"))
	timemachine("restore", at("w/link"), "--at", "@0", "--overwrite", "always")
	if st, err := os.Lstat(at("w/link")); err != nil || !st.Mode().IsRegular() {
		t.Fatalf("%v, %v", st.Mode(), err)
	}
	if n, err := unix.Lgetxattr(at("w/link"), "trusted.note", nil); err != unix.ENODATA {
		t.Errorf("the file has the link's attribute: %d bytes, %v", n, err)
	}
	if got := repotest.Git(t, at("dest"), "log", "-1", "--format=%B"); strings.Contains(got, "Xattr:") || !strings.Contains(got, "Restored-From:") {
		t.Error(got)
	}
}
