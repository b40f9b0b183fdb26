package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestOpenTrusted(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(top, name) }
	for _, err := range []error{os.MkdirAll(at("real/deep"), 0o755), os.Symlink("real", at("relative")), os.Symlink(at("real"), at("absolute")),
		os.Symlink("../relative/./deep", at("real/up")), os.Symlink("loop", at("loop")), os.WriteFile(at("file"), nil, 0o600), os.Symlink("nowhere", at("dangling"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"real": "real", "relative/deep": "real/deep", "absolute/deep": "real/deep", "real/up": "real/deep", "": ""} {
		d, err := OpenTrusted(at(name), false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, _ := d.Lstat("")
		other, err := OpenDir(at(want))
		if err != nil {
			t.Fatal(err)
		}
		if st, _ := other.Lstat(""); !st.Same(got) {
			t.Errorf("%s is not %s", name, want)
		}
		d.Close()
		other.Close()
	}
	for _, name := range []string{"loop", "file", "file/below"} {
		if d, err := OpenTrusted(at(name), false); err == nil {
			d.Close()
			t.Errorf("%s was opened", name)
		}
	}
	for _, name := range []string{"missing/below", "dangling"} {
		if _, err := OpenTrusted(at(name), false); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenTrustedMakes(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenTrusted(filepath.Join(top, "a/b"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range []string{"a", "a/b"} {
		if st, err := os.Stat(filepath.Join(top, name)); err != nil || st.Mode().Perm() != DirPerm {
			t.Errorf("%s: %v %v", name, st, err)
		}
	}
}

// TestMakeSubLike gives a folder that root makes to the owner of the folder it is in.
func TestMakeSubLike(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes folders for others")
	}
	top := t.TempDir()
	if err := os.Chown(top, 65534, 65533); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(top)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	sub, err := d.MakeSubLike("sub")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if st, _ := sub.Lstat(""); st.UID != 65534 || st.GID != 65533 || st.Mode&0o777 != DirPerm {
		t.Errorf("%+v", st)
	}
}

// TestScratchOfKilledProcesses: what a killed process has left is removed, what a live one has made
// or anybody else stays.
func TestScratchOfKilledProcesses(t *testing.T) {
	folder := t.TempDir()
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dead := fmt.Sprintf("%s%08x%016x", scratchPrefix, ended.Process.Pid, 1)
	keep := []string{ScratchName(), scratchPrefix + "note", ".#other", "file"}
	for _, name := range append([]string{dead}, keep...) {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := OpenDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.RemoveScratch(); err != nil {
		t.Fatal(err)
	}
	names, err := d.Names()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	slices.Sort(keep)
	if !slices.Equal(names, keep) {
		t.Errorf("%q are left, want %q", names, keep)
	}
}
