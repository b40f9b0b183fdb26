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
// pattern, or nothing any more.
func TestLaterAttributesGo(t *testing.T) {
	for what, give := range map[string]func(w *world, path string){
		"set": func(w *world, path string) { w.check(unix.Setxattr(path, "user.note", []byte("later"), 0)) },
		"come with another file": func(w *world, path string) {
			w.check(os.Rename(w.path("another"), path))
		},
	} {
		for _, recorded := range []bool{true, false} {
			for _, entry := range []string{"f", "*", "unwatched"} {
				t.Run(fmt.Sprint(what, ", recorded ", recorded, ", ", entry), func(t *testing.T) {
					w := newWorldWithXattrs(t, 100)
					w.write("another", "another file\n")
					w.check(unix.Setxattr(w.path("another"), "user.note", []byte("with it"), 0))
					w.write("f", "the file\n")
					w.config = fmt.Sprintf("- %q\n- %q\n", w.path("f"), w.path("g"))
					if entry == "*" {
						w.config = fmt.Sprintf("- %q\n- \"!another\"\n", w.path("*"))
					}
					w.write("g", "for an entry\n")
					w.run(2)
					then := w.tip()
					if give(w, w.path("f")); recorded {
						w.run(1)
					}
					if entry == "unwatched" {
						w.config = fmt.Sprintf("- %q\n", w.path("g"))
					}
					plan, err := w.restore(then, watch.RestoreOptions{}, w.path("f"))
					w.check(err)
					if s := plan.Steps[0]; s.Err != nil || len(s.StillDiffers) > 0 {
						t.Errorf("%v, still differs in %v", s.Err, s.StillDiffers)
					}
					if n, err := unix.Getxattr(w.path("f"), "user.note", nil); err != unix.ENODATA {
						t.Errorf("the attribute is still there: %d bytes, %v", n, err)
					}
					if entry != "unwatched" {
						w.run(0)
					}
				})
			}
		}
	}
}

// TestUnrecordedAttributesStay: a version from when attributes were not recorded tells nothing of
// those that its file had already, and they stay.
func TestUnrecordedAttributesStay(t *testing.T) {
	w := newWorldWithXattrs(t, 100)
	w.write("f", "the file\n")
	w.check(unix.Setxattr(w.path("f"), "user.note", []byte("from the start"), 0))
	list := fmt.Sprintf("watch:\n- %q\n", w.path("f"))
	w.config = "exclude-xattrs: [\"user.*\"]\n" + list
	w.run(1)
	then := w.tip()
	w.config = list
	w.check(os.Remove(w.dest + "/.git/timemachine/cache")) // so that the run looks again
	w.run(1)
	w.check(os.Chmod(w.path("f"), 0o600))
	_, err := w.restore(then, watch.RestoreOptions{}, w.path("f"))
	w.check(err)
	if n, err := unix.Getxattr(w.path("f"), "user.note", nil); err != nil {
		t.Errorf("the attribute is gone: %d bytes, %v", n, err)
	}
}
