package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// plantings make, in an empty folder, what git takes for a repository. GIT stands for a bare one
// whose configuration names a program.
var plantings = map[string]string{
	"bare":               `cp -r GIT/. .`,
	"bare, detached":     `cp -r GIT/. . && echo 0123456789012345678901234567890123456789 >HEAD`,
	"bare, HEAD a link":  `cp -r GIT/. . && rm HEAD && ln -s refs/heads/main HEAD`,
	"bare, HEAD leads":   `cp -r GIT/. . && mv HEAD other && ln -s other HEAD`,
	"commondir alone":    `cp -r GIT common && rm common/HEAD && cp GIT/HEAD GIT/config . && echo common >commondir`,
	"work tree":          `cp -r GIT .git`,
	"gitdir file":        `cp -r GIT elsewhere && echo "gitdir: elsewhere" >.git`,
	"gitdir file above":  `mkdir wt && cp -r GIT elsewhere && echo "gitdir: ../elsewhere" >wt/.git`,
	".git a link":        `cp -r GIT elsewhere && ln -s elsewhere .git`,
	"linked work tree":   `cp -r GIT main && mkdir -p main/worktrees/w wt && cp GIT/HEAD main/worktrees/w && echo ../.. >main/worktrees/w/commondir && echo "gitdir: ../main/worktrees/w" >wt/.git`,
	"its administration": `cp -r GIT main && mkdir -p main/worktrees/w && cp GIT/HEAD main/worktrees/w && echo ../.. >main/worktrees/w/commondir`,
	"module":             `mkdir -p modules sub && cp -r GIT modules/sub && echo "gitdir: ../modules/sub" >sub/.git`,
	"objects a link":     `cp -r GIT/. . && mv objects o && ln -s o objects && mv refs r && ln -s r refs`,
	"other case":         `cp -r GIT/. . && mv HEAD HeaD`,
}

// plantedWorld has a trap, and every planting in a folder of its own that is watched.
type plantedWorld struct {
	*damaged
	watched, sprung string
}

func newPlantedWorld(t *testing.T, names ...string) *plantedWorld {
	d := newDamaged(t)
	w := &plantedWorld{d, filepath.Join(filepath.Dir(d.dest), "folder"), filepath.Join(filepath.Dir(d.dest), "sprung")}
	bare := filepath.Join(filepath.Dir(d.dest), "planted.git")
	repotest.Git(t, t.TempDir(), "init", "-q", "--bare", "--template=", bare)
	trap := filepath.Join(filepath.Dir(d.dest), "trap")
	write(t, trap, []byte("#!/bin/sh\necho >>'"+w.sprung+"'\n"))
	if err := os.Chmod(trap, 0o755); err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, bare, "config", "core.fsmonitor", trap)
	repotest.Git(t, bare, "config", "core.bare", "false")
	// Without a work tree, git status in a bare repository runs nothing.
	repotest.Git(t, bare, "config", "core.worktree", t.TempDir())
	// Git stores no empty folder, and a run neither.
	for _, dir := range []string{"objects", "refs"} {
		write(t, filepath.Join(bare, dir, "x"), []byte("x"))
	}
	for _, name := range names {
		dir := filepath.Join(w.watched, strings.ReplaceAll(name, " ", "_"))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-ec", strings.ReplaceAll(plantings[name], "GIT", bare))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", name, err, out)
		}
	}
	return w
}

// taken lists the folders below dir in which git status runs the trap, or where git finds another
// repository than that of dir.
func (w *plantedWorld) taken(dir string) []string {
	var all []string
	walk(w.t, dir, func(path string, info fs.FileInfo) {
		if !info.IsDir() || strings.Contains(path, "/.git/") {
			return
		}
		git := func(args ...string) string {
			cmd := exec.Command("git", args...)
			cmd.Dir = path
			cmd.Env = append(w.env(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
			out, _ := cmd.Output() // where git finds nothing it fails
			return strings.TrimSpace(string(out))
		}
		git("status", "--porcelain")
		sprung := os.Remove(w.sprung) == nil
		if in := git("rev-parse", "--absolute-git-dir"); sprung || strings.HasPrefix(in, dir+"/") && in != dir+"/.git" {
			all = append(all, path)
		}
	})
	return all
}

// TestPlantedRepositories: nothing that lies in a watched folder makes git take a folder below
// files/, or below copies/, or of a clone for a repository of its own, whose programs it would run.
func TestPlantedRepositories(t *testing.T) {
	t.Parallel()
	w := newPlantedWorld(t, slices.Sorted(maps.Keys(plantings))...)
	found := strings.Join(w.taken(w.watched), "\n")
	for name := range plantings {
		// On a file system that folds no case HeaD is no HEAD. Where HEAD is a link to another
		// file, git does not take it.
		if dir := "/" + strings.ReplaceAll(name, " ", "_"); !strings.Contains(found+"\n", dir) && name != "other case" && name != "bare, HEAD leads" {
			t.Errorf("git takes nothing in %q for a repository: is it planted right?", name)
		}
	}
	if out, code := w.timemachine("add", w.watched); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	clone := filepath.Join(filepath.Dir(w.dest), "clone")
	repotest.Git(t, w.dest, "clone", "-q", w.dest, clone)
	for _, dir := range []string{w.dest, clone} {
		if got := w.taken(dir); len(got) > 0 {
			t.Errorf("git runs a planted program in\n%s", strings.Join(got, "\n"))
		}
	}
	heads := 0
	for path := range strings.Lines(repotest.Git(t, w.dest, "ls-tree", "-r", "--name-only", "HEAD")) {
		for name := range strings.SplitSeq(strings.TrimSpace(path), "/") {
			if strings.EqualFold(name, "HEAD") || strings.EqualFold(name, ".git") {
				t.Errorf("the tree holds %s", path)
			}
			if strings.HasPrefix(name, "%48") {
				heads++
			}
		}
	}
	if heads == 0 {
		t.Error("the tree holds no escaped HEAD")
	}
	w.wantClean()
}

// wantClean has git and verify look at the destination, and a run find nothing to do.
func (w *plantedWorld) wantClean() {
	w.t.Helper()
	if out := repotest.Git(w.t, w.dest, "status", "--porcelain", "--ignored=no"); out != "" {
		w.t.Errorf("git status: %s", out)
	}
	if out, code := w.timemachine("verify"); code != 0 {
		w.t.Errorf("verify: exit %d, %s", code, out)
	}
	before := repotest.Git(w.t, w.dest, "rev-parse", "HEAD")
	if out, code := w.timemachine(); code != 0 || repotest.Git(w.t, w.dest, "rev-parse", "HEAD") != before {
		w.t.Errorf("a run with nothing to do: exit %d, %s", code, out)
	}
}

// TestFormerPlaces: a history from before HEAD and .gitignore were escaped is read as it is, and
// the next run takes these names out of files/.
func TestFormerPlaces(t *testing.T) {
	w := newPlantedWorld(t, "bare", "its administration")
	for path, text := range map[string]string{".gitignore": "*\n", "sub/.gitignore": "!x\n", "HEAD/x": "in a folder\n", "deleted/HEAD": "x\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(w.watched, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(w.watched, path), []byte(text))
	}
	if out, code := w.timemachine("add", w.watched); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	t.Setenv("FILTER_BRANCH_SQUELCH_WARNING", "1")
	repotest.Git(t, w.dest, "filter-branch", "-f", "--msg-filter", "sed '/^File: /d'", "--index-filter",
		`git ls-files -s -z | sed -z 's/%48/H/g; s/%2Egitig/.gitig/g' >"$GIT_DIR/moved" && git rm -q -r --cached . >/dev/null && git update-index -z --index-info <"$GIT_DIR/moved"`, "HEAD")
	repotest.Git(t, w.dest, "reset", "-q", "--hard")
	if len(w.taken(filepath.Join(w.dest, "files"))) == 0 {
		t.Fatal("no planted program runs: is the history of before made right?")
	}
	if out, code := w.timemachine("init", "--adopt"); code != 0 {
		t.Fatalf("adopt: exit %d, %s", code, out)
	}
	if out, code := w.timemachine("show", filepath.Join(w.watched, "HEAD/x")); code != 0 || out != "in a folder\n" {
		t.Errorf("show: exit %d, %q", code, out)
	}
	// Git wrote files/, with mtimes of its own.
	if out, code := w.timemachine("verify", "--repair"); code != 0 {
		t.Errorf("verify before: exit %d, %s", code, out)
	}
	if err := os.RemoveAll(filepath.Join(w.watched, "deleted")); err != nil {
		t.Fatal(err)
	}
	if out, code := w.timemachine(); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if got := w.taken(filepath.Join(w.dest, "files")); len(got) > 0 {
		t.Errorf("git runs a planted program in\n%s", strings.Join(got, "\n"))
	}
	tree := repotest.Git(t, w.dest, "ls-tree", "-r", "--name-only", "HEAD")
	for _, name := range []string{"/HEAD", "/.gitignore", "/deleted"} {
		if strings.Contains(tree, name) {
			t.Errorf("the tree still holds %s:\n%s", name, tree)
		}
	}
	walk(t, filepath.Join(w.dest, "files"), func(path string, _ fs.FileInfo) {
		if name := filepath.Base(path); name == "HEAD" || name == ".gitignore" {
			t.Errorf("%s is still there", path)
		}
	})
	w.wantClean()
	if out, code := w.timemachine("show", filepath.Join(w.watched, "HEAD/x"), "--at", "@1"); code != 0 || out != "in a folder\n" {
		t.Errorf("the version of before: exit %d, %q", code, out)
	}
	if got := repotest.Git(t, w.dest, "log", "-1", "--format=%(trailers:key=File,valueonly)", "--", fmt.Sprintf("files%s/HEAD/x", w.watched)); !strings.Contains(got, "/%48EAD/x") {
		t.Errorf("File is %q", got)
	}
}
