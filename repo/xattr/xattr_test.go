package xattr

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAttributes: what is set is read, whatever its size and bytes, and what is removed is not.
func TestAttributes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{path, dir} {
		fd, err := unix.Open(at, unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		want := []Attr{{"user.a=b", "\x00\xff\n"}, {"user.empty", ""}, {"user.large", strings.Repeat("x", 2000)}}
		for _, name := range []string{"user.ü", "user.x"} {
			want = append(want, Attr{name, name + strings.Repeat(name, 40)})
		}
		if err := Set(fd, want[0]); errors.Is(err, unix.ENOTSUP) {
			t.Skip("no extended attributes in ", dir) // of users: tmpfs before Linux 6.6
		}
		for _, a := range want {
			if err := Set(fd, a); err != nil {
				t.Fatal(err)
			}
		}
		isUser := func(name string) bool { return strings.HasPrefix(name, "user.") }
		check := func() {
			t.Helper()
			slices.SortFunc(want, func(a, b Attr) int { return strings.Compare(a.Name, b.Name) })
			if got, err := Read(fd, isUser); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q, %v\nwant %q", at, got, err, want)
			}
		}
		check()
		for range 2 {
			if err := Remove(fd, "user.large"); err != nil {
				t.Error(err)
			}
		}
		want = append(want[:2:2], want[3:]...)
		check()
		if got, err := Read(fd, func(name string) bool { return name == "user.x" }); err != nil || len(got) != 1 {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestLinkHasItsOwn: the attributes of a link are not those of the file it leads to.
func TestLinkHasItsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("not as root: links have no attributes of users, so that only reading is tried")
	}
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "f"), nil, 0o600), os.Symlink("f", filepath.Join(dir, "l"))); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(dir, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Setxattr(filepath.Join(dir, "f"), "user.f", []byte("f"), 0); err != nil {
		t.Skip("no extended attributes in ", dir)
	}
	var want []Attr
	if os.Geteuid() == 0 {
		want = []Attr{{"trusted.l", "l"}}
		if err := SetLink(fd, "l", want[0]); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(name string) bool { return !strings.HasPrefix(name, "security.") }
	if got, err := ReadLink(fd, "l", keep); err != nil && !errors.Is(err, ErrUnsupported) || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if err := RemoveLink(fd, "l", "trusted.l"); os.Geteuid() == 0 && err != nil {
		t.Error(err)
	}
	if got, _ := ReadLink(fd, "l", keep); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
