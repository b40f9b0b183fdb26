//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoUTF8WithoutTheLocale: where the charset is not UTF-8, nothing that a command writes to a
// terminal is, but for names of files.
func TestNoUTF8WithoutTheLocale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "TERM=xterm", "PAGER=cat", "TZ=UTC", "LC_ALL=")
	env = append(env, "LC_CTYPE=C", "LANG=C.UTF-8")
	for _, step := range []string{`mkdir -p dest "w/a rather long name of a folder"; for i in $(seq 30); do echo $i >"w/a rather long name of a folder/n$i"; done
			echo "- w" >config.dat; echo 1 >w/old; timemachine -q -d dest`,
		`mv w/old w/new; chmod 600 w/*/n*; timemachine -q -d dest`, `rm w/*/n*; for i in $(seq 40); do echo $i >w/x$i; done`} {
		cmd := exec.Command("sh", "-ec", step)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", step, err, out)
		}
	}
	commands := []string{"log", "log --runs", "log w/new", "log --flat", "status", "status --sizes", "config", "list -v", "doctor", "restore", "restore w -n", "add", "nonsense", "show", "git"}
	root := systemApp().rootCommand()
	for _, c := range root.Commands() {
		commands = append(commands, "help "+c.Name(), c.Name()+" -h")
	}
	dots := 0
	for _, words := range commands {
		for _, columns := range []int{100, 45} {
			script := "cd " + dir + "; timemachine -d dest " + words + "; true"
			cmd := exec.Command("sh", "-c", script)
			cmd.Env = env
			screen := screenOf(t, cmd, columns)
			for _, line := range strings.Split(screen, "\n") {
				if strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
					t.Errorf("%s on %d columns: %q", words, columns, line)
				}
			}
			dots += strings.Count(screen, "...") + strings.Count(screen, " -> ")
		}
	}
	if dots < 10 {
		t.Errorf("nothing was cut: %d", dots)
	}
}
