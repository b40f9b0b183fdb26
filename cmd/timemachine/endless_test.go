package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestTreeWithoutEnd: a few trees that name each other many times make a folder of any number of
// files, of empty folders, or of any depth. No command lists it: the history is damaged, and is
// whole again where its branch is taken back.
func TestTreeWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct{ width, levels, files int }{
		"files":   {1000, 9, 1000},
		"folders": {50, 9, 0},
		"depth":   {1, 12_000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDamaged(t)
			d.commitTree(d.endlessTree(c.width, c.levels, c.files))
			for _, args := range [][]string{{"run"}, {"status"}, {"verify"}} {
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				cmd := exec.CommandContext(ctx, "timemachine", append([]string{"-cl", filepath.Dir(d.dest), "-d", d.dest}, args...)...)
				cmd.Env = d.env()
				out, memory := runMeasured(t, cmd)
				stop()
				if code := cmd.ProcessState.ExitCode(); code != 1 || memory > 900<<20 || !strings.Contains(string(out), "holds more than the history can have recorded") {
					t.Fatalf("%q: exit %d, %d MB: %.500s", args, code, memory>>20, out)
				}
			}
			repotest.Git(t, d.dest, "update-ref", "refs/heads/main", d.tip)
			if out, code := d.timemachine("run"); code != 0 {
				t.Fatalf("exit %d: %s", code, out)
			}
		})
	}
}

// endlessTree makes a tree with as many folders, levels deep, that are all the same, and files in
// the last ones.
func (d *damaged) endlessTree(width, levels, files int) string {
	d.t.Helper()
	var all strings.Builder
	blob := d.object("blob", "x")
	for i := range files {
		fmt.Fprintf(&all, "100644 f%03d\x00%s", i, blob)
	}
	tree := d.object("tree", all.String())
	for range levels {
		all.Reset()
		for i := range width {
			fmt.Fprintf(&all, "40000 d%03d\x00%s", i, tree)
		}
		tree = d.object("tree", all.String())
	}
	return tree
}

// object writes a loose object and returns its name in bytes.
func (d *damaged) object(kind string, parts ...string) string {
	d.t.Helper()
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	id, packed := sha1.New(), &bytes.Buffer{}
	z := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(z)
	z.Reset(packed)
	both := io.MultiWriter(id, z)
	for _, part := range append([]string{fmt.Sprintf("%s %d\x00", kind, size)}, parts...) {
		_, err := io.WriteString(both, part)
		d.check(err)
	}
	d.check(z.Close())
	name := id.Sum(nil)
	folder := d.git(fmt.Sprintf("objects/%02x", name[0]))
	d.check(os.MkdirAll(folder, 0o700))
	d.check(os.WriteFile(fmt.Sprintf("%s/%x", folder, name[1:]), packed.Bytes(), 0o600))
	return string(name)
}

// deflaters are used again, for each takes a megabyte and thousands of objects are written.
var deflaters = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// commitTree makes a commit on the tip whose files/ holds a tree beside what it held, and moves the
// branch to it.
func (d *damaged) commitTree(tree string) {
	d.t.Helper()
	files := repotest.Git(d.t, d.dest, "ls-tree", "main:files") + fmt.Sprintf("040000 tree %x\tzz\n", tree)
	top := strings.Replace(repotest.Git(d.t, d.dest, "ls-tree", "main"), strings.TrimSpace(repotest.Git(d.t, d.dest, "rev-parse", "main:files")), d.makeTree(files), 1)
	commit := strings.TrimSpace(repotest.Git(d.t, d.dest, "commit-tree", "-p", "main", "-m", "theirs", d.makeTree(top)))
	repotest.Git(d.t, d.dest, "update-ref", "refs/heads/main", commit)
}

// makeTree makes a tree of what git ls-tree prints.
func (d *damaged) makeTree(entries string) string {
	d.t.Helper()
	cmd := exec.Command("git", "-C", d.dest, "mktree")
	cmd.Stdin = strings.NewReader(entries)
	out, err := cmd.Output()
	d.check(err)
	return strings.TrimSpace(string(out))
}

// TestLargeCommit: a commit that is small as it is stored, and huge as it is read, takes no memory.
func TestLargeCommit(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	parts := append([]string{repotest.Git(t, d.dest, "cat-file", "commit", "main")}, slices.Repeat([]string{strings.Repeat("x", 1<<20)}, 200)...)
	commit := fmt.Sprintf("%x", d.object("commit", parts...))
	d.check(os.WriteFile(d.git("refs/heads/main"), []byte(commit+"\n"), 0o600))
	for _, args := range [][]string{{"run"}, {"status"}, {"log"}, {"verify"}, {"compact"}} {
		cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(d.dest), "-d", d.dest}, args...)...)
		cmd.Env = d.env()
		out, memory := runMeasured(t, cmd)
		if code := cmd.ProcessState.ExitCode(); code != 1 || memory > 150<<20 {
			t.Errorf("%q: exit %d, %d MB: %.500s", args, code, memory>>20, out)
		}
	}
}
