package object

import (
	"bytes"
	"fmt"
	"math/rand"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// diffStore holds trees by name.
type diffStore map[ID][]byte

func (s diffStore) ReadTree(id ID) ([]byte, error) {
	raw, ok := s[id]
	if !ok {
		return nil, fmt.Errorf("no tree")
	}
	return raw, nil
}

// TestDiffTrees compares random trees, files that become folders among them, with git diff-tree.
func TestDiffTrees(t *testing.T) {
	dir := repotest.InMemory(t)
	run := func(stdin []byte, args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Stdin = bytes.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run(nil, "init", "-q")
	rnd := rand.New(rand.NewSource(1))
	trees := diffStore{}
	keep := func(c *Changed) error {
		trees[c.ID] = slices.Clone(c.Raw)
		run(c.Raw, "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
		return nil
	}
	blob, err := ParseID(strings.TrimSpace(run([]byte("x"), "hash-object", "-w", "--stdin")))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseID(strings.TrimSpace(run([]byte("y"), "hash-object", "-w", "--stdin")))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEditor(ID{}, trees)
	if err != nil {
		t.Fatal(err)
	}
	before, err := e.Write(keep)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "a.b", "a0", "b", "a-"}
	for range 60 {
		for range 1 + rnd.Intn(4) {
			var parts []string
			for range 1 + rnd.Intn(3) {
				parts = append(parts, names[rnd.Intn(len(names))])
			}
			path := strings.Join(parts, "/")
			switch rnd.Intn(4) {
			case 0:
				err = e.Remove(path)
			case 1:
				err = e.Set(path, ModeExec, blob)
			default:
				err = e.Set(path, ModeFile, []ID{blob, other}[rnd.Intn(2)])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		after, err := e.Write(keep)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := DiffTrees(before, after, trees, func(path string) bool { got = append(got, path); return true }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		want := strings.Fields(run(nil, "diff-tree", "-r", "--no-renames", "--name-only", before.String(), after.String()))
		slices.Sort(want)
		if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
			t.Fatalf("%s to %s: %q, git says %q", before, after, got, want)
		}
		before = after
	}
}

// FuzzDiffTrees compares trees that may be anything: it must not panic, and finds nothing only
// where nothing differs.
func FuzzDiffTrees(f *testing.F) {
	entry := func(mode, name string) []byte { return append([]byte(mode+" "+name+"\x00"), make([]byte, 20)...) }
	f.Add(entry("100644", "a"), entry("40000", "a"))
	f.Add(append(entry("100644", "a"), entry("100644", "b")...), entry("100755", "b"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		trees := diffStore{Hash(Tree, a): a, Hash(Tree, b): b, {}: nil}
		n := 0
		err := DiffTrees(Hash(Tree, a), Hash(Tree, b), trees, func(path string) bool {
			if path == "" {
				t.Error("no path")
			}
			n++
			return true
		})
		x, errX := ParseTree(a)
		y, errY := ParseTree(b)
		folder := func(e TreeEntry) bool { return e.Mode.IsTree() } // which may hold nothing
		if err == nil && errX == nil && errY == nil && n == 0 && !slices.Equal(slices.DeleteFunc(x, folder), slices.DeleteFunc(y, folder)) {
			t.Errorf("%q and %q: no difference", a, b)
		}
	})
}
