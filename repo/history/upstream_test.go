package history_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"timemachine/repo/history"
	"timemachine/repo/repotest"
)

// clones makes a bare repository with a version and a commit that is none, and a clone of it.
func clones(t *testing.T) (bare, clone string) {
	top := repotest.InMemory(t)
	work := filepath.Join(top, "work")
	bare, clone = filepath.Join(top, "bare"), filepath.Join(top, "clone")
	repotest.Git(t, top, "init", "-q", "-b", "main", work)
	for _, message := range []string{"Delete /x\n\nEvent: deleted\nSource: /x\nScan: 20261120T100000Z-0001", "empty"} {
		repotest.Git(t, work, "commit", "-q", "--allow-empty", "-m", message)
	}
	repotest.Git(t, top, "clone", "-q", "--bare", work, bare)
	repotest.Git(t, top, "clone", "-q", bare, clone)
	return bare, clone
}

func upstream(t *testing.T, dest string) *history.Upstream {
	t.Helper()
	h, err := history.Open(dest, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	u, err := h.Upstream(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUpstream(t *testing.T) {
	bare, clone := clones(t)
	if u := upstream(t, bare); u != nil {
		t.Errorf("a bare repository's upstream is %+v", u)
	}
	want := history.Upstream{Remote: "origin", Branch: "main", Pushed: true}
	if u := upstream(t, clone); u == nil || *u != want {
		t.Errorf("after the clone %+v", u)
	}
	for range 3 {
		repotest.Git(t, clone, "commit", "-q", "--allow-empty", "-m", "mine")
	}
	want.Ahead = 3
	if u := upstream(t, clone); u == nil || *u != want {
		t.Errorf("with three commits %+v", u)
	}
	repotest.Git(t, clone, "pack-refs", "--all")
	if u := upstream(t, clone); u == nil || *u != want {
		t.Errorf("with packed references %+v", u)
	}
	repotest.Git(t, clone, "reset", "-q", "--hard", "HEAD~4")
	want = history.Upstream{Remote: "origin", Branch: "main", Pushed: true, Diverged: true}
	if u := upstream(t, clone); u == nil || *u != want {
		t.Errorf("with a commit less than there %+v", u)
	}
	repotest.Git(t, clone, "config", "branch.main.merge", "refs/heads/hosts/web1")
	want = history.Upstream{Remote: "origin", Branch: "hosts/web1"}
	if u := upstream(t, clone); u == nil || *u != want {
		t.Errorf("never pushed there %+v", u)
	}
}

// TestSizes holds the sum against du, which counts a file of several names once, too.
func TestSizes(t *testing.T) {
	_, clone := clones(t)
	for _, err := range []error{os.MkdirAll(filepath.Join(clone, "files/a"), 0o700), os.MkdirAll(filepath.Join(clone, "copies/a"), 0o700),
		os.WriteFile(filepath.Join(clone, "files/a/f"), make([]byte, 100_000), 0o600),
		os.Link(filepath.Join(clone, "files/a/f"), filepath.Join(clone, "copies/a/f")), os.Symlink("nowhere", filepath.Join(clone, "files/link"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := history.Open(clone, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	got, err := h.Sizes(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("du", "-s", "-B1", filepath.Join(clone, ".git"), filepath.Join(clone, "files"), filepath.Join(clone, "copies")).Output()
	if err != nil {
		t.Skip("no du that counts bytes here")
	}
	for i, n := range []int64{got.Git, got.Files, got.Copies} {
		want, _, _ := strings.Cut(strings.Split(string(out), "\n")[i], "\t")
		if strconv.FormatInt(n, 10) != want {
			t.Errorf("%d, du says %s", n, want)
		}
	}
}
