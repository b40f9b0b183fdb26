package revision_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/git/revision"
	"timemachine/repo/repotest"
)

// TestCommit resolves revisions as git rev-parse does, with loose and with packed objects and
// references.
func TestCommit(t *testing.T) {
	dir := repotest.InMemory(t)
	git := func(args ...string) string {
		return strings.TrimSpace(repotest.Git(t, dir, append([]string{"-c", "user.name=x", "-c", "user.email=x@y"}, args...)...))
	}
	git("init", "-q", "-b", "main")
	for _, message := range []string{"one", "two", "three"} {
		git("commit", "-q", "--allow-empty", "-m", message)
	}
	git("tag", "light", "HEAD~1")
	git("tag", "-a", "-m", "tagged", "heavy", "HEAD~2")
	git("tag", "-a", "-m", "twice", "nested", "heavy")
	git("checkout", "-q", "-b", "side/branch", "HEAD~1")
	git("commit", "-q", "--allow-empty", "-m", "aside")
	git("checkout", "-q", "main")
	git("merge", "-q", "--no-ff", "-m", "merged", "side/branch")
	git("update-ref", "refs/remotes/origin/main", "HEAD~1")
	for range 2 {
		r := openRepository(t, dir)
		for _, rev := range []string{"HEAD", "@", "main", "heads/main", "refs/heads/main", "side/branch", "light", "heavy", "nested", "tags/heavy^{}", "origin/main",
			"HEAD~1", "HEAD^", "HEAD^^", "HEAD^2", "HEAD^2~1", "HEAD~0", "HEAD^0", "main@{1}", "@{1}~1", "HEAD@{2}", "heavy^{commit}"} {
			id, err := r.Commit(rev)
			if want := git("rev-parse", "--verify", rev+"^{commit}"); err != nil || id.String() != want {
				t.Errorf("%s: %s, %v, git says %s", rev, id, err, want)
			}
		}
		tip := git("rev-parse", "HEAD")
		for _, rev := range []string{tip, tip[:10], strings.ToUpper(tip[:8]), tip[:10] + "~1"} {
			if id, err := r.Commit(rev); err != nil || id.String() != git("rev-parse", rev) {
				t.Errorf("%s: %s, %v", rev, id, err)
			}
		}
		for _, rev := range []string{"", "none", "HEAD~9", "HEAD^3", "HEAD^{tree}", "HEAD~x", "main@{99}", "main@{yesterday}", "none@{0}", "deadbeef", "../HEAD", git("rev-parse", "HEAD^{tree}")} {
			var e *revision.Error
			if id, err := r.Commit(rev); !errors.As(err, &e) || e.Rev != rev {
				t.Errorf("%q: %s, %v", rev, id, err)
			}
		}
		git("gc", "-q")
	}
}

// TestCommitOfAShallowClone names no commit whose parents the clone left out.
func TestCommitOfAShallowClone(t *testing.T) {
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	for range 2 {
		repotest.Git(t, dir, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "x")
	}
	r := openRepository(t, dir)
	r.Ends = func(object.ID) bool { return true }
	var e *revision.Error
	if id, err := r.Commit("HEAD~1"); !errors.As(err, &e) {
		t.Errorf("%s, %v", id, err)
	}
}

func openRepository(t *testing.T, dir string) *revision.Repository {
	t.Helper()
	folder, err := durable.OpenDir(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := pack.OpenStore(folder.Path("objects"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close(); folder.Close() })
	return &revision.Repository{Refs: ref.New(folder, nil), Objects: store, Branch: "refs/heads/main", Ends: func(object.ID) bool { return false }}
}
