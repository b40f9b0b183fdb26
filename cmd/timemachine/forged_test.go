package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"timemachine/repo/repotest"
)

// stranger is the uid and gid of a user that no system has.
const stranger = 54321

// forge commits, on top of the tip, a version that is setuid, setgid and the stranger's, and
// returns the commit. No branch leads to it.
func (d *damaged) forge() string {
	d.t.Helper()
	text := repotest.Git(d.t, d.dest, "cat-file", "commit", "main")
	head, body, _ := strings.Cut(text, "\n\n")
	tree, rest, _ := strings.Cut(head, "\n")
	_, author, _ := strings.Cut(rest, "author ")
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		switch key, _, _ := strings.Cut(line, ":"); key {
		case "Mode":
			lines[i] = "Mode: 6755"
		case "Owner":
			lines[i] = fmt.Sprintf("Owner: x:x (%d:%d)", stranger, stranger)
		case "Previous":
			lines[i] = "Previous: " + d.tip
		}
	}
	cmd := exec.Command("git", "-C", d.dest, "hash-object", "-t", "commit", "-w", "--stdin")
	cmd.Stdin = strings.NewReader(tree + "\nparent " + d.tip + "\nauthor " + author + "\n\n" + strings.Join(lines, "\n"))
	out, err := cmd.Output()
	d.check(err)
	return strings.TrimSpace(string(out))
}

// TestForgedRecords: a record that others could have written makes root give nothing away and set
// no setuid bit, and restore says so. One in root's own destination is restored as it is.
func TestForgedRecords(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const (
		other   = 12345
		asSaid  = "6755 54321:54321"
		asRoots = "0755 0:0"
	)
	for what, c := range map[string]struct {
		change func(d *damaged, forged string)
		args   []string
		want   string
	}{
		"root's own": {want: asSaid},
		"another user's": {want: "0755 12345:12345", change: func(d *damaged, _ string) {
			walk(t, d.dest, func(path string, _ os.FileInfo) { d.check(os.Lchown(path, other, other)) })
		}},
		"a folder of another user's": {want: asRoots, change: func(d *damaged, _ string) { d.check(os.Chown(d.git("refs/heads"), other, other)) }},
		"a folder open to others":    {want: asRoots, change: func(d *damaged, _ string) { d.check(os.Chmod(d.git("objects/pack"), 0o777)) }},
		"a folder open to a group":   {want: asRoots, change: func(d *damaged, _ string) { d.check(os.Chmod(d.git(""), 0o770)) }},
		"a fetched commit": {want: asRoots, args: []string{"--at", "fetched"}, change: func(d *damaged, forged string) {
			repotest.Git(t, d.dest, "update-ref", "refs/heads/main", d.tip)
			repotest.Git(t, d.dest, "update-ref", "refs/heads/fetched", forged)
		}},
		"a commit of the branch": {want: asSaid, args: []string{"--at", "main"}},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDamaged(t)
			d.t = t
			forged := d.forge()
			repotest.Git(t, d.dest, "update-ref", "refs/heads/main", forged)
			if c.change != nil {
				c.change(d, forged)
			}
			to := t.TempDir()
			args := append([]string{"restore", "--to", to, d.file}, c.args...)
			out, code := d.timemachine(args...)
			st, err := os.Lstat(filepath.Join(to, d.file))
			wantCode := statusPartial // not as it was recorded
			if c.want == asSaid {
				wantCode = statusDone
			}
			if err != nil || code != wantCode {
				t.Fatalf("exit %d: %s %v", code, out, err)
			}
			sys := st.Sys().(*syscall.Stat_t)
			if got := fmt.Sprintf("%04o %d:%d", sys.Mode&0o7777, sys.Uid, sys.Gid); got != c.want {
				t.Errorf("restored with %s, want %s", got, c.want)
			}
			if said := strings.Contains(out, "setuid and setgid"); said != (c.want != asSaid) {
				t.Errorf("it says: %s", out)
			}
			if c.want != asSaid {
				if out, code := d.timemachine(append(args, "-v")...); code != statusPartial || !strings.Contains(out, "unchanged") {
					t.Errorf("again: exit %d: %s", code, out)
				}
			}
		})
	}
}
