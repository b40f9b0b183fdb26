package index

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// gitRepo is a repository that real git looks after.
type gitRepo struct {
	t   testing.TB
	dir string
}

func newGitRepo(t testing.TB) *gitRepo {
	t.Helper()
	r := &gitRepo{t: t, dir: repotest.InMemory(t)}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *gitRepo) git(args ...string) string {
	r.t.Helper()
	return r.feed("", "index", args...)
}

// feed runs git on the index file of that name in .git.
func (r *gitRepo) feed(stdin, index string, args ...string) string {
	r.t.Helper()
	out, err := r.try(stdin, index, args...)
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return out
}

func (r *gitRepo) try(stdin, index string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "LC_ALL=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_INDEX_FILE=" + r.path(index),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
	}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if err != nil {
		return out.String() + stderr.String(), err
	}
	return out.String(), nil
}

func (r *gitRepo) path(name string) string { return filepath.Join(r.dir, ".git", name) }

func (r *gitRepo) readIndex() []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.path("index"))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return b
}

func (r *gitRepo) writeIndex(b []byte) {
	r.t.Helper()
	if err := os.WriteFile(r.path("index"), b, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *gitRepo) blob(content string) object.ID {
	r.t.Helper()
	return r.id(r.feed(content, "index", "hash-object", "-w", "--stdin"))
}

func (r *gitRepo) id(hex string) object.ID {
	r.t.Helper()
	id, err := object.ParseID(strings.TrimSpace(hex))
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// stage puts paths with one blob into the index, as a user's git would.
func (r *gitRepo) stage(blob object.ID, paths ...string) {
	r.t.Helper()
	r.feed(stageInfo(blob, paths...), "index", "update-index", "-z", "--add", "--replace", "--index-info")
}

func (r *gitRepo) commit() {
	r.t.Helper()
	tree := strings.TrimSpace(r.git("write-tree"))
	r.git("update-ref", "HEAD", strings.TrimSpace(r.git("commit-tree", "-m", "m", tree)))
}

func stageInfo(blob object.ID, paths ...string) string {
	var info strings.Builder
	for _, p := range paths {
		info.WriteString("100644 " + blob.String() + "\t" + p + "\x00")
	}
	return info.String()
}

// changeInfo is changes as update-index --index-info reads them.
func changeInfo(changes []Change) string {
	var info strings.Builder
	for _, c := range changes {
		mode := "0"
		if !c.Remove {
			mode = map[uint32]string{0100644: "100644", 0100755: "100755", 0120000: "120000"}[c.Mode]
		}
		info.WriteString(mode + " " + c.ID.String() + "\t" + c.Path + "\x00")
	}
	return info.String()
}

// treeOf makes the tree of an index from its entries alone.
func (r *gitRepo) treeOf(entries string) string {
	r.t.Helper()
	os.Remove(r.path("bare-entries"))
	r.feed(entries, "bare-entries", "update-index", "-z", "--index-info")
	return strings.TrimSpace(r.feed("", "bare-entries", "write-tree"))
}

// folderTrees maps every folder of a tree to its tree.
func (r *gitRepo) folderTrees(tree string) map[string]object.ID {
	r.t.Helper()
	trees := map[string]object.ID{"": r.id(tree)}
	for line := range strings.SplitSeq(r.git("ls-tree", "-r", "-t", "-d", "-z", tree), "\x00") {
		if meta, path, ok := strings.Cut(line, "\t"); ok {
			trees[path] = r.id(strings.Fields(meta)[2])
		}
	}
	return trees
}

// committed is what the caller of Merge knows: the trees after a commit of just these changes.
func (r *gitRepo) committed(changes []Change) Trees {
	r.t.Helper()
	os.Remove(r.path("commit-index"))
	if _, err := r.try("", "index", "rev-parse", "-q", "--verify", "HEAD^{tree}"); err == nil {
		r.feed("", "commit-index", "read-tree", "HEAD")
	}
	r.feed(changeInfo(changes), "commit-index", "update-index", "-z", "--replace", "--index-info")
	after := r.folderTrees(strings.TrimSpace(r.feed("", "commit-index", "write-tree")))
	return func(dir string) (object.ID, bool) {
		id, ok := after[dir]
		return id, ok
	}
}

// checkTree compares each valid folder of the cache tree with a tree made from the entries, and
// tells how many are valid and how many not.
func (r *gitRepo) checkTree(index []byte) (valid, invalid int) {
	r.t.Helper()
	f, err := readFile(index)
	if err != nil {
		r.t.Fatal(err)
	}
	nodes := parseNodes(f.tree)
	if nodes == nil {
		r.t.Fatalf("cache tree %q does not parse", f.tree)
	}
	want := r.folderTrees(r.treeOf(r.git("ls-files", "--stage", "-z")))
	var walk func(i int, path string)
	walk = func(i int, path string) {
		n := nodes[i]
		prefix := []byte(path + "/")
		if path == "" {
			prefix = nil
		}
		count := 0
		for e := range f.entries.len() {
			if f.entries.hasPrefix(e, prefix) {
				count++
			}
		}
		switch {
		case n.count < 0:
			invalid++
		case n.id != want[path] || n.count != count:
			r.t.Errorf("folder %q: cached %s with %d entries, want %s with %d", path, n.id, n.count, want[path], count)
		default:
			valid++
		}
		for kid := i + 1; kid < n.next; kid = nodes[kid].next {
			walk(kid, string(prefix)+string(nodes[kid].name))
		}
	}
	walk(0, "")
	return valid, invalid
}
