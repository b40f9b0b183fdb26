package index

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

func gone(path string) Change { return Change{Path: path, Remove: true} }

func TestMergeBadChange(t *testing.T) {
	tests := []struct {
		name string
		c    []Change
		want string
	}{
		{"no path", []Change{{}}, "empty path component"},
		{"slash first", []Change{change("/a")}, "empty path component"},
		{"slash last", []Change{change("a/")}, "empty path component"},
		{"two slashes", []Change{change("a//b")}, "empty path component"},
		{"dots", []Change{change("a/../b")}, "component git refuses"},
		{"git", []Change{change("a/.Git/b")}, "component git refuses"},
		{"NUL", []Change{change("a\x00b")}, "NUL"},
		{"too long", []Change{change(strings.Repeat("a", maxName+1))}, "too long"},
		{"folder", []Change{{Path: "a", Mode: 0040000, ID: someID}}, "mode"},
		{"group may write", []Change{{Path: "a", Mode: 0100664, ID: someID}}, "mode"},
		{"no object", []Change{{Path: "a", Mode: 0100644}}, "no object"},
		{"file and folder", []Change{change("a/b"), change("a-b"), change("a")}, "both a file and a folder"},
		{"file, then folder, then none", []Change{change("a"), change("a/b"), gone("a/b")}, "both a file and a folder"},
		{"folder, then file, then none", []Change{change("a/b"), change("a"), gone("a")}, "both a file and a folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Merge(nil, tt.c, nil)
			var bad *ChangeError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want a ChangeError with %q", err, tt.want)
			}
		})
	}
}

func paths(t *testing.T, b []byte) string {
	t.Helper()
	index, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range index.Entries {
		names = append(names, e.Path)
	}
	return strings.Join(names, " ")
}

// TestMergeInOrder: a run may hold several versions of a path, and what frees a name before what
// takes it.
func TestMergeInOrder(t *testing.T) {
	tests := []struct {
		old     string
		changes []Change
		want    string
	}{
		{"", []Change{change("b"), change("a"), change("b")}, "a b"},
		{"", []Change{change("a"), gone("a")}, ""},
		{"a", []Change{gone("a"), change("a")}, "a"},
		{"", []Change{change("a"), gone("a"), change("a/b")}, "a/b"},
		{"", []Change{change("a/b"), gone("a/b"), change("a")}, "a"},
		{"", []Change{change("a/b"), gone("a/b"), change("a"), gone("a"), change("a/b")}, "a/b"},
		{"a/b", []Change{gone("a")}, "a/b"},
		{"a/b", []Change{change("a"), gone("a")}, ""},
		{"a/b", []Change{change("a"), gone("a"), change("a/c")}, "a/c"},
		{"a", []Change{change("a/b"), gone("a/b")}, ""},
		{"a", []Change{change("a/b"), gone("a/b"), change("a")}, "a"},
	}
	for _, tt := range tests {
		var old []byte
		if tt.old != "" {
			old = mustMerge(t, nil, change(tt.old))
		}
		if got := paths(t, mustMerge(t, old, tt.changes...)); got != tt.want {
			t.Errorf("%q with %+v: %q, want %q", tt.old, tt.changes, got, tt.want)
		}
	}
}

// TestMergeUnclaimedTree: a caller that names the wrong tree, or none, costs the cache and nothing
// more.
func TestMergeUnclaimedTree(t *testing.T) {
	lie := func(string) (tree object.ID, ok bool) { return someID, true }
	for name, trees := range map[string]Trees{"lie": lie, "nil": nil} {
		b, err := Merge(nil, []Change{change("a/b")}, trees)
		if err != nil {
			t.Fatal(err)
		}
		f, err := readFile(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range parseNodes(f.tree) {
			if n.count != -1 {
				t.Errorf("%s: folder %q is valid", name, n.name)
			}
		}
	}
}

// TestMergeAsksLittle: a touched file alters no tree, a changed one those above it.
func TestMergeAsksLittle(t *testing.T) {
	r := newGitRepo(t)
	tracked("a/b/c", "a/d/e", "f/g")(r)
	old := r.readIndex()
	touched := Change{Path: "a/b/c", Mode: 0100644, ID: r.blob("theirs"), Stat: Stat{MtimeSec: math.MaxInt64}}
	changed := Change{Path: "a/b/c", Mode: 0100755, ID: touched.ID}
	for _, tt := range []struct {
		c    Change
		want string
	}{{touched, "[]"}, {changed, "[ a a/b]"}, {Change{Path: "f/h", Remove: true}, "[]"}} {
		asked := []string{}
		_, err := Merge(old, []Change{tt.c}, func(dir string) (tree object.ID, ok bool) {
			asked = append(asked, dir)
			return
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(asked); got != tt.want {
			t.Errorf("%+v: asked for %s, want %s", tt.c, got, tt.want)
		}
	}
}
