package config_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/git/config"
)

// TestPushURLsAreGits compares the addresses with those that git names.
func TestPushURLsAreGits(t *testing.T) {
	const text = `[remote "plain"]
	url = ssh://git@host/a.git
[remote "two"]
	url = /one
	url = /two
[remote "push"]
	url = /fetch
	pushurl = short:b.git
[remote "push2"]
	url = long:only
	pushurl = /p1
	pushurl = /p2
[remote "rewritten"]
	url = short:c.git
[remote "longest"]
	url = short:sub/c.git
[remote "pushed"]
	url = both:d.git
[url "ssh://git@short/"]
	insteadOf = short:
	insteadOf = both:
[url "ssh://git@short/longer/"]
	insteadOf = short:sub/
[url "ssh://git@push/"]
	pushInsteadOf = both:
`
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return string(out)
	}
	git("init", "-q")
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", "config"), []byte("[core]\n\trepositoryformatversion = 0\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(git("remote"))
	if got := slices.Sorted(slices.Values(c.Remotes())); !slices.Equal(got, names) {
		t.Errorf("remotes %q, git has %q", got, names)
	}
	for _, name := range names {
		want := strings.Fields(git("remote", "get-url", "--push", "--all", name))
		if got := c.PushURLs(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, git pushes to %q", name, got, want)
		}
	}
	if got := c.PushURLs("short:x"); !slices.Equal(got, []string{"ssh://git@short/x"}) {
		t.Errorf("a URL: %q", got)
	}
	if c.HasRemote("short:x") || c.HasRemote("none") {
		t.Error("it has remotes that git has not")
	}
}
