package textdiff

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// originsOf finds the origins of all lines of the last of the versions. Versions count from the
// oldest here, as in a history.
func originsOf(versions [][]string) []Origin {
	last := len(versions) - 1
	o := NewOrigins(versions[last], func(int) bool { return true })
	for i := last - 1; i >= 0 && o.Open(); i-- {
		o.Older(versions[i])
	}
	found := slices.Clone(o.Found())
	for i := range found {
		found[i].Version = last - found[i].Version
	}
	return found
}

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		versions []string
		want     string
	}{
		{[]string{""}, "[]"},
		{[]string{"a\nb\n"}, "[{0 0} {0 1}]"},
		{[]string{"a\nb\n", "a\nx\nb\n"}, "[{0 0} {1 1} {0 1}]"},
		{[]string{"a\nb\n", "", "a\nb\n"}, "[{2 0} {2 1}]"},
		{[]string{"a\nb\nc\n", "b\nc\n", "b\nc\nd\n", "new\nb\nC\nd\n"}, "[{3 0} {0 1} {3 2} {2 2}]"},
		{[]string{"a", "a\n"}, "[{1 0}]"},
	} {
		var versions [][]string
		for _, text := range c.versions {
			versions = append(versions, Split(text))
		}
		if got := fmt.Sprint(originsOf(versions)); got != c.want {
			t.Errorf("%q: %s, want %s", c.versions, got, c.want)
		}
	}
}

// TestUnwantedLinesAreNotSearched: older versions are asked for no longer than a wanted line is
// open.
func TestUnwantedLinesAreNotSearched(t *testing.T) {
	o := NewOrigins(Split("old\nnew\n"), func(line int) bool { return line == 1 })
	if o.Older(Split("old\n")); o.Open() {
		t.Error("a line that was not asked for is still open")
	}
}

// TestOriginsAgainstGit compares histories edited at random with git blame, line by line. Where
// lines repeat, more than one answer is right. Then both must name a version that adds such a line
// by one of git's own comparisons.
func TestOriginsAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	same, all := 0, 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 7))
		versions := randomVersions(r, 25)
		repository := importVersions(t, versions)
		theirs := gitOrigins(t, repository)
		last := versions[len(versions)-1]
		ours := originsOf(versions)
		added := addedLines(t, repository, len(versions))
		if len(theirs) != len(last) || len(ours) != len(last) {
			t.Fatalf("%d lines, git has %d, we %d", len(last), len(theirs), len(ours))
		}
		for i, line := range last {
			all++
			if versions[ours[i].Version][ours[i].Line] != line {
				t.Fatalf("seed %d: line %d %q is said to be line %d of version %d", seed, i, line, ours[i].Line, ours[i].Version)
			}
			if ours[i].Version == theirs[i] {
				same++
				continue
			}
			for who, version := range map[string]int{"we": ours[i].Version, "git": theirs[i]} {
				if !added[version][line] {
					t.Errorf("seed %d: line %d %q: %s say version %d (we %d, git %d), which adds no such line", seed, i, line, who, version, ours[i].Version, theirs[i])
				}
			}
		}
	}
	t.Logf("%d of %d lines as in git", same, all)
	if same*100 < all*90 {
		t.Errorf("only %d of %d lines as in git", same, all)
	}
}

// randomVersions edits a text again and again: it adds, removes, changes and moves lines, some of
// which repeat.
func randomVersions(r *rand.Rand, n int) [][]string {
	next := 0
	line := func() string {
		if r.IntN(5) == 0 {
			return []string{"}\n", "\n", "  return\n"}[r.IntN(3)]
		}
		next++
		return fmt.Sprintf("line %d\n", next)
	}
	text := make([]string, 60)
	for i := range text {
		text[i] = line()
	}
	versions := [][]string{text}
	for len(versions) < n {
		text = slices.Clone(text)
		for range 1 + r.IntN(6) {
			at := r.IntN(len(text))
			switch r.IntN(4) {
			case 0:
				text = slices.Insert(text, at, line(), line())
			case 1:
				text = slices.Delete(text, at, min(len(text)-1, at+2))
			case 2:
				text[at] = line()
			case 3:
				moved := slices.Clone(text[at:min(len(text), at+3)])
				text = slices.Delete(text, at, at+len(moved))
				text = slices.Insert(text, r.IntN(len(text)+1), moved...)
			}
		}
		versions = append(versions, text)
	}
	return versions
}

// importVersions makes a repository with a commit for each version, tagged v0, v1 and so on.
func importVersions(t *testing.T, versions [][]string) string {
	t.Helper()
	var b bytes.Buffer
	for i, text := range versions {
		content := strings.Join(text, "")
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter x <x@x> %d +0000\ndata 0\nM 644 inline f\ndata %d\n%s\n", 1e9+i, len(content), content)
		fmt.Fprintf(&b, "reset refs/tags/v%d\nfrom refs/heads/main\n\n", i)
	}
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	git(t, dir, &b, "fast-import", "--quiet")
	return dir
}

// gitOrigins is the version that git blame names for each line.
func gitOrigins(t *testing.T, repository string) []int {
	t.Helper()
	names := map[string]int{}
	for line := range strings.Lines(git(t, repository, nil, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")) {
		id, tag, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(strings.TrimPrefix(tag, "refs/tags/v"))
		if err != nil {
			t.Fatal(err)
		}
		names[id] = n
	}
	var list []int
	for line := range strings.Lines(git(t, repository, nil, "blame", "-s", "-l", "--root", "main", "--", "f")) {
		id, _, _ := strings.Cut(line, " ")
		n, ok := names[id]
		if !ok {
			t.Fatalf("no version is %q", id)
		}
		list = append(list, n)
	}
	return list
}

// addedLines lists for each version the lines that it adds by any of git's algorithms.
func addedLines(t *testing.T, repository string, versions int) []map[string]bool {
	t.Helper()
	added := make([]map[string]bool, versions)
	for i := range added {
		added[i] = map[string]bool{}
	}
	for _, algorithm := range []string{"myers", "minimal", "patience", "histogram"} {
		log := git(t, repository, nil, "log", "--reverse", "--format=%x00", "-p", "-U0", "--root", "--diff-algorithm="+algorithm, "main")
		for i, diff := range strings.Split(log, "\x00")[1:] {
			for line := range strings.Lines(diff) {
				if line, ok := strings.CutPrefix(line, "+"); ok {
					added[i][line] = true
				}
			}
		}
	}
	return added
}

func git(t *testing.T, dir string, stdin *bytes.Buffer, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
