package layout

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// git runs real git in the folder, with nobody's settings.
func git(t *testing.T, dir, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustGit(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := git(t, dir, stdin, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// hostileNames are git's own names, dressed up in the ways that some system undoes.
func hostileNames() []string {
	bases := []string{".git", ".GiT", "git~1", "GIT~1", "git~2", ".gitmodules", ".GITMODULES", "gitmod~1", "GITMOD~4", "gitmod~5",
		"gi7eba~1", "GI7~1234", "~1234567", "g~012345", "gi7d29~9", ".gitattributes", "gitatt~3", ".gitignore", "gitign~2", "gi250a~7", "HEAD", "HeaD", ".gitmoduleſ",
		".github", ".gitmodulesx", "git", "%2Egit", "%~x", "100%", ".g\u200cit", ".gi\u206ft\ufeff", ".gitmo\u202edules"}
	before := []string{"", `x\`, `\`, `a\b\`, "\u200d", "x", "x:"}
	after := []string{"", " ", ".", " . .", ":x", "::$INDEX_ALLOCATION", "\xff", "\xed\xa0\x80", "\uffff", "\ufeff", `\x`, ` .\x`, ". \u200c", "x", "~", "%"}
	var names []string
	for _, base := range bases {
		for _, b := range before {
			for _, a := range after {
				names = append(names, b+base+a)
			}
		}
	}
	return names
}

// TestGitRefusesOnlyRiskyNames asks fsck about each raw name: whatever it minds must be escaped.
func TestGitRefusesOnlyRiskyNames(t *testing.T) {
	dir := repotest.InMemory(t)
	mustGit(t, dir, "", "init", "-q", "--bare", ".")
	blob := mustGit(t, dir, "target", "hash-object", "-w", "--stdin")
	raw := unhex(t, blob)
	names := hostileNames()
	var paths strings.Builder
	for i, name := range names {
		path := filepath.Join(dir, fmt.Sprint("tree", i))
		fmt.Fprintln(&paths, path)
		// A link is what fsck judges by its name alone; a file by its content as well.
		if err := os.WriteFile(path, []byte("120000 "+name+"\x00"+raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ids := strings.Fields(mustGit(t, dir, paths.String(), "hash-object", "-w", "-t", "tree", "--literally", "--no-filters", "--stdin-paths"))
	byTree := map[string]string{}
	for i, id := range ids {
		byTree[id] = names[i]
	}
	report, _ := git(t, dir, "", "fsck", "--strict", "--no-dangling")
	refused := map[string]bool{}
	for line := range strings.Lines(report) {
		_, rest, ok := strings.Cut(line, " in tree ")
		if !ok {
			continue
		}
		id, _, _ := strings.Cut(rest, ":")
		refused[byTree[id]] = true
	}
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		if !riskyInTree(name) {
			t.Errorf("git minds %q, which is not escaped", name)
		}
	}
	for _, name := range []string{".git", "git~1", ".gitmodules", `x\.git`, "gi7eba~1", ".git\xff", ".g\u200cit"} {
		if !refused[name] {
			t.Errorf("git does not mind %q: is this test asking rightly?\n%.500s", name, report)
		}
	}
}

func unhex(t *testing.T, id string) string {
	t.Helper()
	var raw []byte
	if _, err := fmt.Sscanf(id, "%x", &raw); err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestGitTakesTreePaths puts every name in a tree as TreePath writes it: fsck and a clone's
// checkout must take it.
func TestGitTakesTreePaths(t *testing.T) {
	names := map[string]bool{}
	for _, source := range append(hostileNames(), strings.Repeat("x", 300), ".git:"+strings.Repeat("%", 200), "a\nb", "\x1b[1m", "a. ", "\xff\xfe") {
		path, err := TreePath("/" + source)
		if err != nil {
			t.Fatal(err)
		}
		names[strings.TrimPrefix(path, "files/")] = true
	}
	for _, mode := range []string{"100644", "120000"} {
		t.Run(mode, func(t *testing.T) { checkTakes(t, mode, slices.Sorted(maps.Keys(names))) })
	}
}

func checkTakes(t *testing.T, mode string, names []string) {
	dir := repotest.InMemory(t)
	mustGit(t, dir, "", "init", "-q", "--bare", "--initial-branch=main", "r.git")
	repo := filepath.Join(dir, "r.git")
	// As .gitmodules or .gitattributes this content is refused; as a link's target it is harmless.
	blob := mustGit(t, repo, "[submodule \"../x\"]\n\turl = -u\n", "hash-object", "-w", "--stdin")
	var entries strings.Builder
	for _, name := range names {
		fmt.Fprintf(&entries, "%s blob %s\t%s\x00", mode, blob, name)
	}
	inner := mustGit(t, repo, entries.String(), "mktree", "-z")
	tree := mustGit(t, repo, "040000 tree "+inner+"\tfiles\x00", "mktree", "-z")
	commit := mustGit(t, repo, "m", "commit-tree", tree)
	mustGit(t, repo, "", "update-ref", "refs/heads/main", commit)
	for line := range strings.Lines(mustGit(t, repo, "", "fsck", "--strict")) {
		t.Errorf("fsck: %s", line)
	}
	protect := []string{"-c", "core.protectHFS=true", "-c", "core.protectNTFS=true", "-c", "transfer.fsckObjects=true"}
	mustGit(t, dir, "", append(protect, "clone", "-q", "--no-local", "r.git", "w")...)
	if status := mustGit(t, filepath.Join(dir, "w"), "", "status", "--porcelain"); status != "" {
		t.Errorf("status after clone: %.300s", status)
	}
	found, err := os.ReadDir(filepath.Join(dir, "w", "files"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range found {
		got = append(got, entry.Name())
	}
	if slices.Sort(got); !slices.Equal(got, names) {
		t.Errorf("checked out %d of %d names", len(got), len(names))
	}
}
