package object

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// memory is a store of trees.
type memory map[ID][]byte

func (m memory) ReadTree(id ID) ([]byte, error) {
	raw, ok := m[id]
	if !ok && id != EmptyTree {
		return nil, fmt.Errorf("no tree %s", id)
	}
	return bytes.Clone(raw), nil
}

// gitTree is the tree that real git makes of the files.
func gitTree(t *testing.T, dir string, files map[string]ID) string {
	t.Helper()
	os.Remove(dir + "/.git/index")
	var info bytes.Buffer
	for path, id := range files {
		fmt.Fprintf(&info, "100644 %s\t%s\x00", id, path)
	}
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
		if args[0] == "update-index" {
			cmd.Stdin = &info
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	git("update-index", "-z", "--index-info")
	return git("write-tree", "--missing-ok")
}

// TestEditorAsGit edits a tree at random, files in the place of folders and back, and compares with
// git.
func TestEditorAsGit(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	dir := repotest.InMemory(t)
	names := []string{"a", "a.b", "a-", "a0", "ab", "b", "\xff", "z z", "a/x"}
	store, files := memory{}, map[string]ID{}
	root := ID{}
	for round := range 60 {
		e, err := NewEditor(root, store)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + random.Intn(4) {
			parts := []string{"files"}
			for range 1 + random.Intn(3) {
				parts = append(parts, names[random.Intn(len(names))])
			}
			path := strings.Join(parts, "/")
			if random.Intn(4) == 0 {
				maps.DeleteFunc(files, func(p string, _ ID) bool { return p == path || strings.HasPrefix(p, path+"/") })
				err = e.Remove(path)
			} else {
				id := ID{byte(random.Intn(250) + 1)}
				maps.DeleteFunc(files, func(p string, _ ID) bool {
					return strings.HasPrefix(p, path+"/") || strings.HasPrefix(path, p+"/")
				})
				files[path] = id
				err = e.Set(path, ModeFile, id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		root, err = e.Write(func(c *Changed) error {
			if Hash(Tree, c.Raw) != c.ID {
				t.Errorf("round %d: folder %q bears another name", round, c.Path)
			}
			store[c.ID] = bytes.Clone(c.Raw)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if round%6 != 5 {
			continue
		}
		if want := gitTree(t, dir, files); root.String() != want {
			t.Fatalf("round %d: tree %s, git makes %s of %q", round, root, want, slices.Sorted(maps.Keys(files)))
		}
	}
}

func TestHashesAsGit(t *testing.T) {
	for _, s := range []string{"", "x", strings.Repeat("line\n", 1000)} {
		cmd := exec.Command("git", "hash-object", "--stdin")
		cmd.Stdin = strings.NewReader(s)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		id, err := HashBlob([]byte(s))
		if err != nil || id.String() != strings.TrimSpace(string(out)) || Hash(Blob, []byte(s)) != id {
			t.Errorf("%d bytes: %s, git says %s (%v)", len(s), id, out, err)
		}
	}
}

func TestCommitRoundTrip(t *testing.T) {
	zone := time.FixedZone("", -5400)
	want := &CommitData{Tree: ID{1}, Parents: []ID{{2}, {3}}, Message: "a\n\nb: c\n",
		Author: Signature{"A B", "a@b", time.Unix(0, 0).In(zone)}, Committer: Signature{"ü", "c@d", time.Unix(1<<36, 0).UTC()}}
	got, err := ParseCommit(EncodeCommit(want, []byte(want.Message)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Tree != want.Tree || !slices.Equal(got.Parents, want.Parents) || got.Message != want.Message ||
		got.Author.Name != "A B" || got.Committer.Email != "c@d" || !got.Author.When.Equal(want.Author.When) || !got.Committer.When.Equal(want.Committer.When) {
		t.Errorf("%+v", got)
	}
	if _, offset := got.Author.When.Zone(); offset != -5400 {
		t.Errorf("offset %d", offset)
	}
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 \x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := ParseTree(raw)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.Name == "" || strings.ContainsAny(e.Name, "/\x00") {
				t.Errorf("entry %q", e.Name)
			}
		}
		if e, err := NewEditor(ID{1}, memory{ID{1}: raw}); err == nil {
			e.Set("x/y", ModeFile, ID{2})
			e.Write(func(*Changed) error { return nil })
		}
	})
}

func FuzzParseCommit(f *testing.F) {
	f.Add(EncodeCommit(&CommitData{Tree: ID{1}}, []byte("m\n")))
	f.Add([]byte("tree 0101010101010101010101010101010101010101\nauthor x <y> 99999999999999999999 +99999\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := ParseCommit(raw); err == nil {
			if _, err := ParseCommit(EncodeCommit(c, []byte(c.Message))); err != nil {
				t.Errorf("%q: %v", raw, err)
			}
		}
	})
}
