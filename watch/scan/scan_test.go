package scan

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// hostileTree makes a folder with everything that is difficult for a walk.
func hostileTree(t *testing.T) string {
	t.Helper()
	root := filepath.Join(repotest.InMemory(t), "w")
	file := func(name string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "a-b/x", "a.b", "a b/c", "aa/z", "a\n/b", "\xff\xfe", "\x01", "é", ".git/config", "x/.git/y", "x/f.swp", "x/f~", "x/4913",
		"x/keep.md", ".#lock", strings.Repeat("n", 255), "a!/b", "a-/b"} {
		if name != "a" {
			file(name)
		}
	}
	file("a/b")
	for i := range 500 {
		file(fmt.Sprintf("wide/%d/f", i))
		file(fmt.Sprintf("many/f%d", i))
	}
	deep := "deep"
	for range maxOpen + 80 {
		deep += "/d"
		file(deep + "-sibling/f.md")
		file(deep + "/e/f")
	}
	for name, target := range map[string]string{"link-to-folder": "wide", "link-to-file": "a.b", "link-to-nothing": "nowhere", "link-to-itself": "link-to-itself", "x/up": ".."} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pipe", "x/a-pipe", "wide/7/pipe"} {
		if err := unix.Mkfifo(filepath.Join(root, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// plainWalk returns what a scan must find, from a walk without goroutines.
func plainWalk(t *testing.T, e *config.Entry) (found, problems []string) {
	t.Helper()
	err := filepath.WalkDir(e.Root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.Excludes(path, d.IsDir()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !e.Selects(path):
			return nil
		}
		found = append(found, path)
		if d.Type()&fs.ModeNamedPipe != 0 {
			problems = append(problems, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, problems
}

func TestScanIsAPlainWalk(t *testing.T) {
	root := hostileTree(t)
	for _, entry := range []string{root, root + "/", root + "/**/*.md", root + "/*", root + "/*/f*", root + "/{x,wide}/**", root + "/nothing/*.md", root + "/deep"} {
		c, err := config.Parse("/config.dat", []byte(fmt.Sprintf("watch: [%q]\nexclude: [\"!*.swo\", \"wide/3?/\"]\n", entry)), config.Env{UID: -1})
		if err != nil {
			t.Fatal(err)
		}
		e := c.Entries[0]
		if entry == root+"/nothing/*.md" {
			os.MkdirAll(root+"/nothing", 0o755)
		}
		want, wantProblems := plainWalk(t, e)
		before := openFiles(t)
		for range 5 {
			s := newScan(context.Background(), c, own.Places{}.Find("/nowhere"), cache.New())
			if err := s.scanEntry(e, e.Root); err != nil {
				t.Fatal(err)
			}
			checkScan(t, entry, s, want, wantProblems)
		}
		if after := openFiles(t); after != before {
			t.Errorf("%s: %d open files became %d", entry, before, after)
		}
	}
}

func checkScan(t *testing.T, config string, s *Scan, want, wantProblems []string) {
	t.Helper()
	var got, problems []string
	for _, f := range s.found {
		got = append(got, f.Path)
		k, err := disk.StatAt(unix.AT_FDCWD, f.Path, unix.AT_SYMLINK_NOFOLLOW)
		if err != nil || k != f.Stat {
			t.Errorf("%q: state %+v, want %+v (%v)", f.Path, f.Stat, k, err)
		}
	}
	for _, p := range s.Problems {
		problems = append(problems, p.Path)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %d found, want %d\n%q\n%q", config, len(got), len(want), got, want)
	}
	if !slices.Equal(problems, wantProblems) {
		t.Errorf("%s: problems with %q, want %q", config, problems, wantProblems)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(names)
}

func TestScanIsInOrderAndFindsOnce(t *testing.T) {
	root := hostileTree(t)
	listed := root + "/a-b/x"
	text := fmt.Sprintf("[%q, %q, %q, %q]", root+"/x", root, listed, root+"/**/*.md")
	c, err := config.Parse("/config.dat", []byte(text), config.Env{UID: -1})
	if err != nil {
		t.Fatal(err)
	}
	s := newScan(context.Background(), c, own.Places{}.Find("/nowhere"), cache.New())
	for _, e := range c.Entries {
		if err := s.scanEntry(e, e.Root); err != nil {
			t.Fatal(err)
		}
	}
	s.sortFound()
	for i, f := range s.found {
		if i > 0 && disk.ComparePaths(s.found[i-1].Path, f.Path) >= 0 {
			t.Errorf("%q before %q", s.found[i-1].Path, f.Path)
		}
		named := f.Path == listed || f.Path == root || f.Path == root+"/x"
		if f.Listed != named || disk.Inside(f.Path, root+"/x") != (f.Entry == c.Entries[0]) {
			t.Errorf("%q: found for %q, listed %v", f.Path, f.Entry.Text, f.Listed)
		}
	}
	want, _ := plainWalk(t, c.Entries[1])
	if len(s.found) != len(want) {
		t.Errorf("%d sources, want %d", len(s.found), len(want))
	}
}

func TestScanEndsWhenItIsCancelled(t *testing.T) {
	root := hostileTree(t)
	c, err := config.Parse("/config.dat", fmt.Appendf(nil, "[%q]", root), config.Env{UID: -1})
	if err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	ctx := &endingContext{Context: context.Background(), asks: 200}
	if err := newScan(ctx, c, own.Places{}.Find("/nowhere"), cache.New()).scanEntry(c.Entries[0], root); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d open files became %d", before, after)
	}
}

// endingContext is cancelled once Err was called asks times.
type endingContext struct {
	context.Context
	asks int64
	n    atomic.Int64
}

func (c *endingContext) Err() error {
	if c.n.Add(1) > c.asks {
		return context.Canceled
	}
	return nil
}
