package gitexec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/internal/gitexec"
)

// newGit is the real git with a repository, an environment of its own and a home without settings.
func newGit(t *testing.T, env ...string) (g *gitexec.Git, gitDir string) {
	t.Helper()
	path, ok := gitexec.Find(os.Getenv("PATH"))
	if !ok {
		t.Fatal("no git")
	}
	home := t.TempDir()
	gitDir = filepath.Join(home, "r.git")
	cmd := exec.Command(path, "init", "-q", "--bare", gitDir)
	cmd.Env = []string{"HOME=" + home}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return &gitexec.Git{Path: path, Env: append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, env...)}, gitDir
}

// script writes an executable shell script.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEnvironment: a leaked GIT_DIR, configuration or language changes nothing, and nothing can
// ask.
func TestEnvironment(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	ssh := script(t, "ssh", "env >"+seen+"; echo \"$@\" >>"+seen+"; exit 1\n")
	ask := script(t, "ask", "touch "+seen+".asked\n")
	g, dir := newGit(t, "GIT_DIR=/nonexistent", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.askPass", "GIT_CONFIG_VALUE_0="+ask, "LC_ALL=de_DE.UTF-8", "LANGUAGE=de",
		"SSH_ASKPASS="+ask, "DISPLAY=:0", "GIT_TRACE=2", "GIT_SSH_COMMAND="+ssh+" -v")
	res, err := g.Run(t.Context(), dir, "rev-parse", "--git-dir")
	if err != nil || res.Exit != 0 || strings.TrimSpace(string(res.Stdout)) != dir {
		t.Fatalf("%v %+v", err, res)
	}
	res, err = g.Run(t.Context(), dir, "ls-remote", "ssh://host/r.git")
	if err != nil || res.Exit == 0 {
		t.Fatalf("%v %+v", err, res)
	}
	b, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for _, want := range []string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "HOME=" + filepath.Dir(dir)} {
		if !slices.Contains(lines, want) {
			t.Errorf("%s is missing in\n%s", want, b)
		}
	}
	for _, line := range lines {
		for _, prefix := range []string{"GIT_CONFIG", "GIT_TRACE", "SSH_ASKPASS", "LANGUAGE"} {
			if strings.HasPrefix(line, prefix) {
				t.Errorf("%s was passed on", line)
			}
		}
	}
	if !strings.Contains(string(b), "-v -o BatchMode=yes ") {
		t.Errorf("ssh was not kept from asking:\n%s", b)
	}
}

// TestSSHCommand: BatchMode goes to ssh wherever it is configured, and to no other program.
func TestSSHCommand(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	text := "echo \"$0 $@\" >" + seen + "; exit 1\n"
	ssh, plink := script(t, "ssh", text), script(t, "plink", text)
	for _, c := range []struct {
		env, config string
		batch       bool
	}{
		{env: ssh, batch: true},
		{env: plink + " -batch"},
		{config: ssh + " -i key", batch: true},
		{config: "'" + ssh + "'", batch: true},
		{config: plink + " -batch"},
		{batch: true},
	} {
		g, dir := newGit(t)
		if c.env != "" {
			g.Env = append(g.Env, "GIT_SSH_COMMAND="+c.env)
		}
		if c.env == "" && c.config == "" { // ssh of PATH
			g.Env = append(g.Env, "PATH="+filepath.Dir(ssh)+":"+os.Getenv("PATH"))
		}
		if c.config != "" {
			if res, err := g.Run(t.Context(), dir, "config", "core.sshCommand", c.config); err != nil || res.Exit != 0 {
				t.Fatalf("%v %+v", err, res)
			}
		}
		os.Remove(seen)
		if _, err := g.Run(t.Context(), dir, "ls-remote", "ssh://host/r.git"); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(seen)
		if err != nil || strings.Contains(string(b), "BatchMode=yes") != c.batch {
			t.Errorf("%+v: %s, %v", c, b, err)
		}
	}
}

// TestEndsWithItsChildren: at the deadline, and when git says nothing for too long, all that was
// started is gone: a child that ignores the first signal, and one in the background of another.
func TestEndsWithItsChildren(t *testing.T) {
	for what, text := range map[string]string{
		"ignores the signal": "trap '' TERM\necho $$ >PID\nwhile :; do sleep 0.1; done\n",
		"forks a sleeper":    "sleep 60 &\necho $! >PID\nexec sleep 60\n",
		"leaves a sleeper":   "trap '' TERM\nsh -c 'trap \"\" TERM; while :; do sleep 0.1; done' &\necho $! >PID\nsleep 60\n",
	} {
		for _, quiet := range []bool{false, true} {
			t.Run(fmt.Sprint(what, ", quiet ", quiet), func(t *testing.T) {
				t.Parallel()
				endWithChildren(t, text, quiet)
			})
		}
	}
}

// endWithChildren runs git with an ssh that writes a process ID to PID, and ends it.
func endWithChildren(t *testing.T, text string, quiet bool) {
	t.Helper()
	pidFile := filepath.Join(t.TempDir(), "pid")
	ssh := script(t, "ssh", strings.ReplaceAll(text, "PID", pidFile))
	g, dir := newGit(t, "GIT_SSH_COMMAND="+ssh)
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	if quiet {
		g.Quiet = 2 * time.Second
	} else {
		end()
		ctx, end = context.WithTimeout(t.Context(), 2*time.Second)
	}
	defer end()
	begun := time.Now()
	if _, err := g.Run(ctx, dir, "ls-remote", "ssh://host/r.git"); !errors.Is(err, endedBy(quiet)) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 40*time.Second {
		t.Errorf("it took %s", took)
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if !gone(pid) {
		t.Errorf("process %d is left", pid)
	}
}

// endedBy is the error of a run that was ended.
func endedBy(quiet bool) error {
	if quiet {
		return gitexec.ErrQuiet
	}
	return context.DeadlineExceeded
}

// gone waits until a process has ended: a zombie whose parent has not looked yet counts as ended.
func gone(pid int) bool {
	for range 200 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil && unix.Kill(pid, 0) != nil || strings.Contains(string(b), ") Z ") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// TestOutputIsBounded: a remote that never stops talking fills no memory, and progress bars leave
// only their last state.
func TestOutputIsBounded(t *testing.T) {
	ssh := script(t, "ssh", "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; i=$((i+1)); done >&2; printf 'a 1%%\\ra 2%%\\rdone\\n' >&2; exit 1\n")
	g, dir := newGit(t, "GIT_SSH_COMMAND="+ssh)
	res, err := g.Run(t.Context(), dir, "ls-remote", "ssh://host/r.git")
	if err != nil || len(strings.Join(res.Lines, "")) > 64<<10 || !slices.Contains(res.Lines, "done") || !slices.Contains(res.Lines, "line 19999") {
		t.Errorf("%v, %d lines", err, len(res.Lines))
	}
}

// TestProgress: the objects of a fetch are counted.
func TestProgress(t *testing.T) {
	g, from := newGit(t)
	_, to := newGit(t)
	if res, err := g.Run(t.Context(), from, "-c", "user.name=x", "-c", "user.email=x", "commit-tree", "-m", "x", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"); err != nil || res.Exit != 0 {
		// the empty tree is known to git without being stored
		t.Fatalf("%v %+v", err, res)
	} else if res, err := g.Run(t.Context(), from, "update-ref", "refs/heads/main", strings.TrimSpace(string(res.Stdout))); err != nil || res.Exit != 0 {
		t.Fatalf("%v %+v", err, res)
	}
	var done, total int64
	g.Progress = func(d, t int64) { done, total = d, t }
	res, err := g.Run(t.Context(), to, "-c", "fetch.unpackLimit=1", "fetch", "--progress", "file://"+from, "+refs/heads/main:refs/heads/main")
	if err != nil || res.Exit != 0 || total == 0 || done != total {
		t.Errorf("%d of %d, %v %+v", done, total, err, res)
	}
}

// TestFindPassesRelativeFoldersOver: a git in the working directory is nobody's choice.
func TestFindPassesRelativeFoldersOver(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("git", nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if path, ok := gitexec.Find(".::"); ok {
		t.Error(path)
	}
	if path, ok := gitexec.Find("." + ":" + dir); !ok || path != filepath.Join(dir, "git") {
		t.Error(path, ok)
	}
}
