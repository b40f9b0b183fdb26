package main

import (
	"bytes"
	"crypto/sha1"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"timemachine/repo/repotest"
)

// TestVerifyFindsWhatGitStopsAt: verify names each damage beside the branch itself at which git
// stops or waits, and repairs what can be made from the history.
func TestVerifyFindsWhatGitStopsAt(t *testing.T) {
	t.Parallel()
	const missing = "1234567890123456789012345678901234567890"
	ref := func(name, content string) func(d *damaged) {
		return func(d *damaged) {
			d.check(os.MkdirAll(filepath.Dir(d.git(name)), 0o700))
			d.replace(name, []byte(content))
		}
	}
	for _, c := range []struct {
		what     string
		do       func(d *damaged)
		says     string
		repaired bool
	}{
		{"a FIFO for a tag", func(d *damaged) { d.check(syscall.Mkfifo(d.git("refs/tags/v1"), 0o600)) }, "refs/tags/v1", false},
		{"an empty tag", ref("refs/tags/v1", ""), "refs/tags/v1", false},
		{"a tag of zeros", ref("refs/tags/deep/v1", strings.Repeat("\x00", 41)), "refs/tags/deep/v1", false},
		{"a tag that leads nowhere", ref("refs/tags/v1", missing+"\n"), "refs/tags/v1", false},
		{"a name with two dots", ref("refs/heads/a..b", missing+"\n"), "refs/heads/a..b", false},
		{"a symbolic reference out of refs", ref("refs/heads/sym", "ref: ../../x\n"), "refs/heads/sym", false},
		{"packed-refs of rubbish", ref("packed-refs", "rubbish\n"), "packed-refs", false},
		{"packed-refs cut short", ref("packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"+missing), "packed-refs", false},
		{"packed-refs with a name that leads out", func(d *damaged) {
			d.replace("packed-refs", []byte(d.tip+" refs/heads/../../../x\n"))
		}, "packed-refs", false},
		{"the index names no .gitattributes", func(d *damaged) {
			repotest.Git(d.t, d.dest, "update-index", "--cacheinfo", "100644,"+missing+",.gitattributes")
		}, ".git/index", true},
		{"the cache of trees is another one", flipCacheTree(5), ".git/index", true},
		{"a line of the cache of trees does not end", flipCacheTree(0), ".git/index", true},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := newDamaged(t)
			if out, code := d.timemachine("verify"); code != 0 {
				t.Fatalf("before: exit %d: %s", code, out)
			}
			c.do(d)
			for _, args := range [][]string{{"verify"}, {"verify", "--repair"}} {
				out, code := d.timemachine(args...)
				want := 1
				if c.repaired && len(args) > 1 {
					want = 0
				}
				if code != want || !strings.Contains(out, c.says) {
					t.Errorf("%q: exit %d: %s", args, code, out)
				}
			}
			if c.repaired {
				repotest.MustCheck(t, d.dest)
			}
		})
	}
}

// resum writes the checksum of an index again.
func resum(index []byte) []byte {
	sum := sha1.Sum(index[:len(index)-sha1.Size])
	return append(index[:len(index)-sha1.Size], sum[:]...)
}

// TestBranchRenamedBelowItself: after git branch -m main main/x a folder has the place of the
// recorded branch. The run names a command, and after that goes on with the renamed branch.
func TestBranchRenamedBelowItself(t *testing.T) {
	for _, packed := range []bool{false, true} {
		d := newDamaged(t)
		if packed {
			repotest.Git(t, d.dest, "pack-refs", "--all")
		}
		repotest.Git(t, d.dest, "branch", "-m", "main", "main/x")
		write(t, d.file, []byte("four\n"))
		out, code := d.timemachine("run")
		hint := regexp.MustCompile(`(?m)^hint: .*: (timemachine .*init --adopt .*)$`).FindStringSubmatch(out)
		if code != 1 || hint == nil {
			t.Fatalf("exit %d: %s", code, out)
		}
		for _, args := range [][]string{{"log"}, {"verify"}, {"status"}} {
			if out, code := d.timemachine(args...); code != 1 || !strings.Contains(out, "init --adopt") {
				t.Errorf("%q: exit %d: %s", args, code, out)
			}
		}
		cmd := exec.Command("sh", "-c", hint[1])
		cmd.Env, cmd.Dir = d.env(), t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", hint[1], err, out)
		}
		if out, code := d.timemachine("run"); code != 0 {
			t.Errorf("exit %d: %s", code, out)
		}
		if got := repotest.Git(t, d.dest, "show", "main/x:files"+d.file); got != "four\n" {
			t.Errorf("recorded: %q", got)
		}
		repotest.MustCheck(t, d.dest)
	}
}

// flipCacheTree flips a bit in the first folder of the cache of trees, so many bytes after the end
// of its line.
func flipCacheTree(after int) func(d *damaged) {
	return func(d *damaged) {
		repotest.Git(d.t, d.dest, "read-tree", "HEAD")
		index, err := os.ReadFile(d.git("index"))
		d.check(err)
		at := bytes.Index(index, []byte("TREE")) + 8 // its size comes first
		at += bytes.IndexByte(index[at:], '\n') + after
		index[at] ^= 1
		d.check(os.WriteFile(d.git("index"), resum(index), 0o600))
	}
}
