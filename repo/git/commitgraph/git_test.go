package commitgraph

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// gitHistory is a history with merges of two and more, dates that run backwards by decades, large
// and empty commits and files that become folders, made by real git from one stream.
func gitHistory(t testing.TB, commits int, high bool) string {
	t.Helper()
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	rnd := rand.New(rand.NewSource(3))
	var s strings.Builder
	for i := 1; i <= commits; i++ {
		date := 1_000_000_000 + i
		if i%17 == 0 {
			date = rnd.Intn(1 << 33)
		}
		fmt.Fprintf(&s, "commit refs/heads/b%d\nmark :%d\ncommitter a <b> %d +0130\ndata 2\nm\n", i%3, i, date)
		if i > 3 {
			fmt.Fprintf(&s, "from :%d\n", i-3)
			for k := range rnd.Intn(12) - 8 { // merges are rare
				if p := i - 2*k - 4; p > 0 {
					fmt.Fprintf(&s, "merge :%d\n", p)
				}
			}
		}
		changes := rnd.Intn(4)
		if i%29 == 0 {
			changes = 400 + rnd.Intn(200)
		}
		for range changes {
			path := fmt.Sprintf("d%d/e%d/f%d", rnd.Intn(3), rnd.Intn(9), rnd.Intn(99))
			if high && rnd.Intn(9) == 0 {
				path += "é"
			}
			switch rnd.Intn(6) {
			case 0:
				fmt.Fprintf(&s, "D %s\n", filepath.Dir(path))
			case 1:
				fmt.Fprintf(&s, "M 644 inline %s\ndata 2\n%02d\n", filepath.Dir(path), i%100)
			default:
				fmt.Fprintf(&s, "M 644 inline %s\ndata 2\n%02d\n", path, rnd.Intn(100))
			}
		}
		s.WriteString("\n")
	}
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(s.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	return dir
}

// gitCommits is what git says of all commits, oldest first.
func gitCommits(t testing.TB, dir string) []Commit {
	t.Helper()
	var list []Commit
	for _, hex := range repotest.Lines(t, dir, "rev-list", "--all", "--reverse", "--topo-order") {
		id, err := object.ParseID(hex)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseCommit(id, []byte(repotest.Git(t, dir, "cat-file", "commit", hex)))
		if err != nil {
			t.Fatal(err)
		}
		base := object.EmptyTree.String()
		if len(c.Parents) > 0 {
			base = c.Parents[0].String()
		}
		names := strings.Split(repotest.Git(t, dir, "diff-tree", "-r", "-z", "--no-renames", "--name-only", base, hex), "\x00")
		c.Filter = NewFilter(names[:len(names)-1])
		list = append(list, c)
	}
	return list
}

func encode(t testing.TB, c *Chain, keep int, fresh []Commit) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Encode(&b, c, keep, fresh); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parse(t testing.TB, data []byte) *Layer {
	t.Helper()
	l, err := ParseLayer(data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestEncodeAsGit compares a layer with what git writes for the same commits, byte for byte.
func TestEncodeAsGit(t *testing.T) {
	dir := gitHistory(t, 250, false)
	repotest.Git(t, dir, "commit-graph", "write", "--reachable", "--changed-paths", "--no-progress")
	want, err := os.ReadFile(filepath.Join(dir, ".git/objects/info/commit-graph"))
	if err != nil {
		t.Fatal(err)
	}
	commits := gitCommits(t, dir)
	rand.New(rand.NewSource(5)).Shuffle(len(commits), func(i, k int) { commits[i], commits[k] = commits[k], commits[i] })
	got := encode(t, &Chain{}, 0, commits)
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, git writes %d; first difference at %d", len(got), len(want), firstDifference(got, want))
	}
	for _, name := range []string{"GDO2", "EDGE"} {
		if chunks, err := parseTable(got); err != nil || chunks[name] == nil {
			t.Errorf("the history is not odd enough for a chunk %s", name)
		}
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestMergeLayers adds commits in steps, which must end in the layer that all at once make, and
// lets git read what lies in between.
func TestMergeLayers(t *testing.T) {
	dir := gitHistory(t, 250, true)
	commits := gitCommits(t, dir)
	folder := filepath.Join(dir, ".git/objects/info/commit-graphs")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	chain := &Chain{}
	for at := 0; at < len(commits); {
		n := min(len(commits)-at, 1+at*3/7)
		keep := chain.keep(n)
		data := encode(t, chain, keep, commits[at:at+n])
		at += n
		next, err := NewChain(append(slices.Clone(chain.layers[:keep]), parse(t, data))...)
		if err != nil {
			t.Fatal(err)
		}
		chain = next
		var names strings.Builder
		for _, l := range chain.layers {
			fmt.Fprintf(&names, "%s\n", l.Sum())
			if err := os.WriteFile(filepath.Join(folder, layerName(l.Sum())), l.data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, chainName), []byte(names.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := repotest.Git(t, dir, "commit-graph", "verify"); out != "" {
			t.Fatalf("after %d commits: %s", at, out)
		}
	}
	if !bytes.Equal(encode(t, chain, 0, nil), encode(t, &Chain{}, 0, commits)) {
		t.Error("merged layers differ from one made at once")
	}
	for i := range commits {
		pos, ok := chain.Find(commits[i].ID)
		var c Commit
		if !ok || chain.Commit(pos, &c) != nil || fmt.Sprint(c) != fmt.Sprint(commits[i]) {
			t.Fatalf("%s reads back as %+v, want %+v", commits[i].ID, c, commits[i])
		}
	}
}
