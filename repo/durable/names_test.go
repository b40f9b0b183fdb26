package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestNamesAreComponents: no operation takes a value that is not one component of a path, and
// nothing outside the folder is made or changed by one.
func TestNamesAreComponents(t *testing.T) {
	top := t.TempDir()
	if err := os.MkdirAll(filepath.Join(top, "in/sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out", "in/file"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := OpenDir(filepath.Join(top, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	walker := func(step func(*Walker, string) (*Dir, error)) func(string) error {
		return func(name string) error {
			w := NewWalker(d)
			defer w.Close()
			_, err := step(w, "sub/"+name)
			return err
		}
	}
	file := func(open func(string) (*File, error)) func(string) error {
		return func(name string) error {
			f, err := open(name)
			if err == nil {
				f.Close()
			}
			return err
		}
	}
	sub := func(open func(string) (*Dir, error)) func(string) error {
		return func(name string) error {
			sub, err := open(name)
			if err == nil {
				sub.Close()
			}
			return err
		}
	}
	operations := map[string]func(name string) error{
		"Sub": sub(d.Sub), "MakeSub": sub(d.MakeSub), "MakeSubLike": sub(d.MakeSubLike),
		"Create": file(d.Create), "Append": file(d.Append), "OpenLock": file(d.OpenLock),
		"Open":     func(name string) error { _, err := d.Open(name); return err },
		"ReadFile": func(name string) error { _, err := d.ReadFile(name, 100); return err },
		"Replace":  func(name string) error { return d.Replace(name, nil) },
		"Rename":   func(name string) error { return d.Rename(name, d, "x") },
		"RenameTo": func(name string) error { return d.Rename("file", d, name) },
		"Link":     func(name string) error { return d.Link(name, d, "x") },
		"LinkTo":   func(name string) error { return d.Link("file", d, name) },
		"Symlink":  func(name string) error { return d.Symlink("file", name) },
		"Readlink": func(name string) error { _, err := d.Readlink(name); return err },
		"Remove":   d.Remove, "RemoveDir": d.RemoveDir, "RemoveAll": d.RemoveAll, "Restrict": d.Restrict,
		"SetMtime":   func(name string) error { return d.SetMtime(name, time.Unix(1, 0)) },
		"ChownLink":  func(name string) error { return d.ChownLink(name, -1, -1) },
		"TakeLock":   func(name string) error { _, err := d.TakeLock(name, d, 0); return err },
		"MoveAside":  func(name string) error { _, err := MoveAside(d, name); return err },
		"Walker.Dir": walker((*Walker).Dir), "Walker.Make": walker((*Walker).Make), "Walker.MakeNew": walker((*Walker).MakeNew),
		"MakeSubFor":   sub(func(name string) (*Dir, error) { return d.MakeSubFor(name, func(*Dir) error { return nil }) }),
		"OpenToChange": file(func(name string) (*File, error) { return d.OpenToChange(name, true) }),
		"PathExists":   func(name string) error { _, err := PathExists(d, "sub/"+name); return err },
	}
	for what, do := range operations {
		for _, name := range []string{"", ".", "..", "../out", "../new", "sub/../../out", "/etc/hostname", "a/", "a\x00b"} {
			var bad *NameError
			if err := do(name); !errors.As(err, &bad) {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
	if data, err := os.ReadFile(filepath.Join(top, "out")); string(data) != "before" || err != nil {
		t.Errorf("the file outside holds %q, %v", data, err)
	}
	if entries, err := os.ReadDir(top); len(entries) != 2 || err != nil {
		t.Errorf("outside there is %v, %v", entries, err)
	}
}

// TestAppendLeavesFurtherNames: what is added to a file does not appear under its further names, as
// in a backup that is made by hard links.
func TestAppendLeavesFurtherNames(t *testing.T) {
	top := t.TempDir()
	d, err := OpenDir(top)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Replace("log", []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	if err := d.Link("log", d, "backup"); err != nil {
		t.Skip("no hard links:", err)
	}
	for range 2 {
		f, err := d.Append("log")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("two\n")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"log": "one\ntwo\ntwo\n", "backup": "one\n"} {
		if got, err := d.ReadFile(name, 100); string(got) != want || err != nil {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	if names, err := d.Names(); len(names) != 2 || err != nil {
		t.Errorf("there is %q, %v", names, err)
	}
}
