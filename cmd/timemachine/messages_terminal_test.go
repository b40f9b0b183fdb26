//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProblemsOnTerminal: of many problems of one kind a terminal shows the first by path and the
// number of the others; the log and a mail have them, -v and status show them, and a mail of the
// next run does not repeat them.
func TestProblemsOnTerminal(t *testing.T) {
	dir := t.TempDir()
	shell := func(script string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "LC_ALL=C.UTF-8", "TERM=xterm", "PAGER=cat", "TZ=UTC")
		return cmd
	}
	if out, err := shell(`mkdir w && for i in 1 2 3 4 5 6 7 8 9; do ln -s nowhere w/$i; printf -- "- w/$i\n" >>config.dat; done; mkdir dest`).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const problem = "is a link that leads nowhere"
	for _, c := range []struct {
		typed string
		lines int
		more  bool
	}{
		{"timemachine -d dest; echo status $?", 4, true},
		{"timemachine -v -d dest; echo status $?", 9, false},
		{"timemachine -d dest status; echo status 3", 9, false},
	} {
		screen := escapes.ReplaceAllString(screenOf(t, shell(c.typed), 300), "")
		if strings.Count(screen, problem) != c.lines || strings.Contains(screen, "and 6 more (-v shows them)") != c.more || !strings.Contains(screen, "status 3") {
			t.Errorf("%s: %s", c.typed, screen)
		}
	}
	if out, err := shell("rm -r dest/.git/timemachine state; timemachine -d dest").CombinedOutput(); strings.Count(string(out), problem) != 9 {
		t.Errorf("%v: %s", err, out)
	}
	screenOf(t, shell("timemachine -d dest; true"), 80)
	if out, _ := shell("timemachine -d dest").CombinedOutput(); len(out) > 0 {
		t.Errorf("said again: %s", out)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "timemachine.log")); err != nil || strings.Count(string(log), problem) < 9 {
		t.Errorf("%v: %s", err, log)
	}
}

// TestMessagesFitTerminal: what commands say is folded to a terminal at its spaces, all of it, and
// nothing is folded elsewhere. Commands to paste are never broken.
func TestMessagesFitTerminal(t *testing.T) {
	t.Parallel()
	top := filepath.Join(t.TempDir(), "a folder", "below that one")
	env := append(os.Environ(), "HOME="+top, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_STATE_HOME=", "ROOT_SETUP="+filepath.Join(top, "root"),
		"LC_ALL=C.UTF-8", "TERM=xterm", "PAGER=cat", "TZ=UTC")
	shell := func(script string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir, cmd.Env = top, env
		return cmd
	}
	if err := os.MkdirAll(filepath.Join(top, "root"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := shell(`set -e; mkdir -p etc/nginx/sites-available etc/gone; echo one >etc/nginx/sites-available/default; echo key >etc/key; chmod 600 etc/key
		echo gone >etc/gone/f; timemachine -c config -d dest -q add etc; rm -r etc/gone; timemachine -c config -d dest -q
		git init -q foreign; git init -q --bare remote.git; git clone -q dest clone; echo two >etc/nginx/sites-available/default`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, typed := range []string{
		"timemachine setup etc",
		"timemachine -d dest init --remote remote.git",
		"timemachine -d dest push origin </dev/null",
		"timemachine -d dest -c config restore etc --at 'ten minutes ago'",
		"timemachine -d dest -c config log etc/foo.swp",
		"timemachine -d dest -c config log etc/nginx/nothing/like/that",
		"timemachine -d dest -c config show etc/nginx",
		"timemachine -d dest -c config restore etc/gone -n",
		"timemachine -d dest -c config restore etc -n",
		"timemachine -d dest -c config why etc/foo.swp etc/key /",
		"timemachine -d foreign init --adopt",
		"timemachine -d nothing/here init --adopt",
		"timemachine -d clone run",
		"timemachine -d foreign log",
		"timemachine -d dest -c config diff etc",
		"timemachine -d dest -c config diff --stat etc",
		"timemachine -d dest -c config verify",
	} {
		for _, columns := range []int{80, 40} {
			screen := escapes.ReplaceAllString(screenOf(t, shell(typed+"; true"), columns), "")
			for line := range strings.Lines(screen) {
				line = strings.TrimSuffix(line, "\n")
				if n := columnsOf(line); n > columns && !asItIs.MatchString(line) {
					t.Errorf("%s: a line of %d columns, not %d:\n%s", typed, n, columns, screen)
				}
				if _, command, is := strings.Cut(line, "timemachine "); is && strings.HasSuffix(command, " -d") {
					t.Errorf("%s: a command is broken:\n%s", typed, screen)
				}
			}
		}
		piped, _ := shell(typed).CombinedOutput()
		if strings.Contains(string(piped), "\n      ") {
			t.Errorf("%s: folded without a terminal: %s", typed, piped)
		}
	}
}
