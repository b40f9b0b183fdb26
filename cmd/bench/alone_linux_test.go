package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSystemCallsAlone: what a run is measured against writes each file and a second name for it,
// the changed ones alone where they are named, and nothing without a destination.
func TestSystemCallsAlone(t *testing.T) {
	b := testBench(t)
	names, err := b.generate(b.path("src"), 30, 10, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if err := alone([]string{b.path("src"), "", "0", "0"}); err != nil {
		t.Fatal(err)
	}
	dest := b.path("alone")
	calls := func(changed ...string) {
		t.Helper()
		if err := alone(append([]string{b.path("src"), dest, "300000", "1000"}, changed...)); err != nil {
			t.Fatal(err)
		}
		if pack, index := sizeOf(filepath.Join(dest, "pack")), sizeOf(filepath.Join(dest, "index")); pack != 300_000 || index != 1000 {
			t.Errorf("pack of %d bytes, index of %d", pack, index)
		}
	}
	kept := func(name string) string {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dest, "files", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	calls()
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if kept(name) != string(want) {
			t.Errorf("%q is not kept", name)
		}
		copies, err := filepath.Glob(filepath.Join(dest, "copies", filepath.Dir(name), "*"+filepath.Base(name)))
		if err != nil || len(copies) != 1 {
			t.Errorf("%q: copies %q, %v", name, copies, err)
		}
	}
	for _, name := range names[3:5] {
		if err := os.WriteFile(name, []byte("changed"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dest, "copies", b.path("src"))); err != nil {
		t.Fatal(err)
	}
	calls(names[3])
	if kept(names[3]) != "changed" || kept(names[4]) == "changed" {
		t.Errorf("kept %q and %q", kept(names[3]), kept(names[4]))
	}
}
