package ref

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// TestBranches compares the list with git's, with loose and packed branches, and leaves out what
// git takes for none.
func TestBranches(t *testing.T) {
	dir := t.TempDir()
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	git, err := durable.OpenDir(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	defer git.Close()
	s := New(git, nil)
	if list, err := s.Branches(); len(list) != 0 || err != nil {
		t.Errorf("without a branch: %q, %v", list, err)
	}
	repotest.Git(t, dir, "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x")
	for _, name := range []string{"refs/heads/hosts/web1", "refs/heads/hosts/web2", "refs/remotes/origin/main", "refs/remotes/origin/hosts/a/b", "refs/tags/v1", "refs/heads/gone"} {
		repotest.Git(t, dir, "update-ref", name, "HEAD")
	}
	repotest.Git(t, dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	repotest.Git(t, dir, "pack-refs", "--all")
	repotest.Git(t, dir, "update-ref", "-d", "refs/heads/gone")
	repotest.Git(t, dir, "update-ref", "refs/heads/later", "HEAD")
	repotest.Git(t, dir, "update-ref", "refs/heads/hosts/web1", "HEAD")
	// A symbolic reference hides the packed one of its name.
	repotest.Git(t, dir, "symbolic-ref", "refs/heads/hosts/web2", "refs/heads/main")
	for _, name := range []string{"later.lock", "a b", ".hidden", "x..y"} {
		if err := os.WriteFile(filepath.Join(dir, ".git/refs/heads", name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("main", filepath.Join(dir, ".git/refs/heads/link")); err != nil {
		t.Fatal(err)
	}
	want := []string{"refs/heads/hosts/web1", "refs/heads/later", "refs/heads/main", "refs/remotes/origin/hosts/a/b", "refs/remotes/origin/main"}
	got, err := s.Branches()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q, %v", got, want, err)
	}
	for _, name := range []string{"later.lock", "a b", ".hidden", "x..y", "link"} {
		if err := os.Remove(filepath.Join(dir, ".git/refs/heads", name)); err != nil {
			t.Fatal(err)
		}
	}
	gits := repotest.Lines(t, dir, "for-each-ref", "--format=%(if)%(symref)%(then)%(else)%(refname)%(end)", "refs/heads", "refs/remotes")
	gits = slices.DeleteFunc(gits, func(l string) bool { return l == "" })
	if !slices.Equal(gits, want) {
		t.Errorf("git lists %q", gits)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git/refs/heads/broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Branches(); err != nil || !slices.Contains(got, "refs/heads/broken") {
		t.Errorf("a damaged branch is not listed: %q, %v", got, err)
	}
}
