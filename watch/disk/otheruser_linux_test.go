package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOtherUser asks for a user with two groups that no system has. What the kernel says must not
// depend on faccessat2(2), and this process's own rights stay.
func TestOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gets another user's rights")
	}
	const uid, primary, second, foreign = 54321, 54322, 54323, 54324
	dir := t.TempDir()
	for _, way := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(way, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	user, err := NewOtherUser(uid, []int{primary, second})
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	for name, c := range map[string]struct {
		mode     os.FileMode
		uid, gid int
		want     bool
	}{
		"root's":              {0o600, 0, 0, false},
		"root's group's":      {0o640, 0, 0, false},
		"for all":             {0o604, 0, 0, true},
		"the user's":          {0o600, uid, 0, true},
		"not for the user":    {0o044, uid, 0, false},
		"the primary group's": {0o040, 0, primary, true},
		"the second group's":  {0o040, 0, second, true},
		"not for the group":   {0o604, 0, second, false},
		"a foreign group's":   {0o040, 0, foreign, false},
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, c.uid, c.gid), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		st, err := StatAt(unix.AT_FDCWD, path, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := user.MayRead(path, false, &st); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err := openAs(t, uid, []int{primary, second}, path); (err == nil) != c.want {
			t.Errorf("%s, opened: %v", name, err)
		}
		st.Ino++
		if err := user.MayRead(path, false, &st); !errors.Is(err, ErrOtherFile) {
			t.Errorf("%s, another file: %v", name, err)
		}
	}
	if fd, err := unix.Open(filepath.Join(dir, "root's"), unix.O_RDONLY, 0); err != nil {
		t.Errorf("this process has lost its rights: %v", err)
	} else {
		unix.Close(fd)
	}
}

// TestUnknownUser: a user whom the system does not know has no group to which a file belongs, as
// files of nobody do.
func TestUnknownUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gets another user's rights")
	}
	const uid = 1_987_654_321
	user, err := NewOtherUser(uid, GroupsOf(uid))
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	dir := t.TempDir()
	for _, way := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(way, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	for gid, mode := range map[int]os.FileMode{0: 0o640, 65534: 0o640, uid: 0o640} {
		path := filepath.Join(dir, "of a group")
		os.Remove(path)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 0, gid), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		st, err := StatAt(unix.AT_FDCWD, path, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := user.MayRead(path, false, &st); err == nil {
			t.Errorf("group %d: it may be read", gid)
		}
	}
}

// openAs is what a kernel without faccessat2(2) says.
func openAs(t *testing.T, uid int, groups []int, path string) error {
	t.Helper()
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := becomeOnFiles(uid, groups)
		fd := -1
		if err == nil {
			fd, err = unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		}
		if err == nil {
			err = mayOpen(fd)
			unix.Close(fd)
		}
		result <- err
	}()
	return <-result
}
