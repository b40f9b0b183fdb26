package watch_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
	"timemachine/watch"
)

// newWorldWithXattrs is a world whose file system takes user.* values of so many bytes: a tmpfs
// knows them since Linux 6.6.
func newWorldWithXattrs(t *testing.T, size int) *world {
	t.Helper()
	dirs := []func() string{func() string { return repotest.InMemory(t) }, t.TempDir, func() string { return inMemory(t) }}
	for _, dir := range dirs {
		d := dir()
		if unix.Setxattr(d, "user.probe", make([]byte, size), 0) == nil {
			return newWorldIn(t, d)
		}
	}
	t.Skipf("no file system at hand takes an attribute of %d bytes", size)
	return nil
}

// TestLaterAttributesGo: a file comes back without the attributes that it got later, also where no
// folder tells that they would have been recorded: the watch list names the file, or files by a
// pattern.
func TestLaterAttributesGo(t *testing.T) {
	for _, entry := range []string{"f", "*"} {
		t.Run(entry, func(t *testing.T) { laterAttributesGo(t, entry) })
	}
}

func laterAttributesGo(t *testing.T, entry string) {
	w := newWorldWithXattrs(t, 100)
	w.write("f", "the file\n")
	w.config = fmt.Sprintf("- %q\n", w.path(entry))
	w.run(1)
	then := w.tip()
	w.check(unix.Setxattr(w.path("f"), "user.note", []byte("later"), 0))
	w.run(1)
	plan, err := w.restore(then, watch.RestoreOptions{}, w.path("f"))
	w.check(err)
	if s := plan.Steps[0]; s.Err != nil || len(s.StillDiffers) > 0 {
		t.Errorf("%v, still differs in %v", s.Err, s.StillDiffers)
	}
	if n, err := unix.Getxattr(w.path("f"), "user.note", nil); err != unix.ENODATA {
		t.Errorf("the attribute is still there: %d bytes, %v", n, err)
	}
	w.run(0)

	// a file that is replaced as a whole keeps what no record tells
	w.check(os.Remove(w.path("f")))
	w.write("f", "another file\n")
	w.check(unix.Setxattr(w.path("f"), "user.note", []byte("with it"), 0))
	w.run(1)
	if _, err = w.restore(then, watch.RestoreOptions{}, w.path("f")); err != nil {
		t.Fatal(err)
	}
	w.run(0)
}
