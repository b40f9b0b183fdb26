package ref

import (
	"errors"
	"os/exec"
	"path/filepath"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

var badNames = []string{
	"", "refs/heads/../x", "refs/heads/../../../../etc/profile.d/evil.sh", "refs/heads/..", "refs/heads/", "refs/heads//x", "refs/heads/.x", "refs/heads/x/.y",
	"refs/heads/x.lock", "refs/heads/x.lock/y", "refs/heads/x.", "refs/heads/a..b", "refs/heads/a b", "refs/heads/a~b", "refs/heads/a^", "refs/heads/a:b",
	"refs/heads/a?", "refs/heads/a*", "refs/heads/[a", `refs/heads/a\b`, "refs/heads/a\nb", "refs/heads/a\x7f", "refs/heads/a\x01", "refs/heads/@{", "refs/heads/a@{1}",
	"/refs/heads/x", "refs/heads/x/",
}

// TestNamesAsGitTakesThem compares CheckName with git check-ref-format.
func TestNamesAsGitTakesThem(t *testing.T) {
	good := []string{"refs/heads/main", "refs/heads/a/b/c", "refs/heads/a./b", "refs/heads/@", "refs/heads/a@b", "refs/heads/-x", "refs/heads/lock", "refs/heads/a.lockx",
		"refs/heads/\xff\xfe", "refs/heads/ä", "refs/tags/v1.0", "refs/heads/HEAD", "refs/stash", "refs/heads/{", "refs/heads/a\"b", "refs/heads/a;b", "refs/heads/$(x)"}
	for i, name := range append(append([]string{}, good...), badNames...) {
		err := exec.Command("git", "check-ref-format", name).Run()
		if (err == nil) != (i < len(good)) {
			t.Errorf("git on %q: %v", name, err)
		}
		if got := CheckName(name); (got == nil) != (err == nil) {
			t.Errorf("%q: %v, git says %v", name, got, err)
		}
	}
	for name, ok := range map[string]bool{"HEAD": true, "FETCH_HEAD": true, "config": false, "packed-refs": false, "@": false, "objects/x": false, "Head": false} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// FuzzCheckName: every name that is accepted stays below refs/, whatever a path function makes of
// it.
func FuzzCheckName(f *testing.F) {
	for _, name := range badNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil && (filepath.Clean(name) != name || !filepath.IsLocal(name)) {
			t.Errorf("%q is accepted", name)
		}
	})
}

// TestBadNamesTouchNothing: no operation of a Store opens or makes anything for a name that git
// does not accept.
func TestBadNamesTouchNothing(t *testing.T) {
	dir := t.TempDir()
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	git, err := durable.OpenDir(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	defer git.Close()
	stage, err := git.MakeSub("stage")
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	s := New(git, stage)
	id := object.Hash(object.Blob, nil)
	var bad *NameError
	for _, name := range badNames {
		var damaged *DamagedError
		if _, err := s.Read(name); !errors.As(err, &damaged) {
			t.Errorf("Read of %q: %v", name, err)
		}
		if err := s.Update(name, object.ID{}, id, LogEntry{}); !errors.As(err, &bad) {
			t.Errorf("Update of %q: %v", name, err)
		}
		if _, err := s.Logged(name); !errors.As(err, &bad) {
			t.Errorf("Logged of %q: %v", name, err)
		}
		if _, err := s.Moves(name); !errors.As(err, &bad) {
			t.Errorf("Moves of %q: %v", name, err)
		}
		if _, _, err := s.Resolve(name); !errors.Is(err, ErrMissing) {
			t.Errorf("Resolve of %q: %v", name, err)
		}
		if err := git.Replace("HEAD", []byte("ref: "+name+"\n")); err != nil {
			t.Fatal(err)
		}
		if head := s.Head(); head != "" && head != "refs/heads/a" {
			t.Errorf("HEAD with %q names %q", name, head)
		}
	}
	if names, err := stage.Names(); len(names) != 0 || err != nil {
		t.Errorf("in the stage there is %q, %v", names, err)
	}
	if got := repotest.Lines(t, dir, "for-each-ref"); len(got) != 0 && got[0] != "" {
		t.Errorf("references: %q", got)
	}
}
