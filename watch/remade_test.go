package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/durable"
)

// onCreate calls a function once, before a file is made in the destination.
type onCreate struct {
	suffix string
	do     func()
}

func (c *onCreate) Before(op *durable.Op) error {
	if op.Kind != durable.Create || !strings.HasSuffix(op.Path, c.suffix) {
		return nil
	}
	if do := c.do; do != nil {
		c.do = nil
		do()
	}
	return nil
}

func (c *onCreate) After(*durable.Op) {}

// TestFolderRemadeBetweenSources replaces a folder by a new one after a run has read its first
// file. The run reads the other files in the new folder, and only those that it does not hold count
// as vanished.
func TestFolderRemadeBetweenSources(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"d/a", "d/b", "d/c", "d/vanishes"} {
		w.write(name, "old")
	}
	w.check(os.Symlink("old", w.path("d/link")))
	began := &onCreate{suffix: filepath.Join("stage", "pack")}
	began.do = func() {
		w.check(os.RemoveAll(w.path("d")))
		for _, name := range []string{"d/a", "d/b", "d/c"} {
			w.write(name, "new")
		}
		w.check(os.Symlink("new", w.path("d/link")))
	}
	remove := durable.SetSeam(began)
	s, p, err := w.try()
	remove()
	w.check(err)
	if began.do != nil {
		t.Fatal("no pack was begun")
	}
	if len(p) != 1 || p[0].Path != w.path("d/vanishes") || !strings.Contains(p[0].Msg, "vanished") || fileVersions(s) != 4 {
		t.Errorf("%d versions, it says %v", fileVersions(s), p)
	}
	for _, name := range []string{"d/b", "d/c", "d/link"} {
		if got := w.committed(name); got != "new" {
			t.Errorf("%s is recorded as %q", name, got)
		}
	}
	w.run(1) // the first file, read in the old folder
	w.run(0)
}
