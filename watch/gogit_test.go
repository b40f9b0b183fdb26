package watch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/repotest"
)

// TestReadAsGoGit checks that go-git finds the same objects with the same bytes in what runs,
// merges and compact have written, and that git finds as many.
func TestReadAsGoGit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plant()
	w.run(6)
	w.change()
	w.runAny()
	for i := range 12 {
		w.write("a", strings.Repeat(fmt.Sprintf("word %d ", i), 500))
		w.write("large", strings.Repeat("0123456789abcdef", 40_000)+fmt.Sprint(i))
		w.run(2)
	}
	check := func(when string) {
		theirs := filesystem.NewStorage(osfs.New(filepath.Join(w.dest, ".git")), cache.NewObjectLRUDefault())
		store, err := pack.OpenStore(filepath.Join(w.dest, ".git/objects"))
		w.check(err)
		defer store.Close()
		all, err := theirs.IterEncodedObjects(plumbing.AnyObject)
		w.check(err)
		n := 0
		w.check(all.ForEach(func(o plumbing.EncodedObject) error {
			n++
			kind, body, err := store.Read(object.ID(o.Hash()))
			if err != nil {
				return err
			}
			r, err := o.Reader()
			if err != nil {
				return err
			}
			other, err := io.ReadAll(r)
			if !bytes.Equal(other, body) || kind.String() != o.Type().String() {
				t.Errorf("%s: %s %s differs", when, o.Type(), o.Hash())
			}
			return errors.Join(err, r.Close())
		}))
		if want := len(repotest.Lines(t, w.dest, "cat-file", "--batch-all-objects", "--batch-check")); n != want || n < 60 {
			t.Errorf("%s: go-git finds %d objects, git %d", when, n, want)
		}
	}
	check("after runs")
	w.check(w.compactOnce())
	check("after compact")
}
