//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// TestTablesFitTerminal: no line of these commands is wider than the terminal, but for a path in a
// list, and what is cut has a mark. In a pipe nothing is cut.
func TestTablesFitTerminal(t *testing.T) {
	dir := t.TempDir()
	env := append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "LC_ALL=C.UTF-8", "TERM=xterm", "PAGER=cat", "TZ=UTC")
	shell := func(script string) string {
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
		return string(out)
	}
	const long = "a rather long name of a folder/日本語の長い名前のファイル and more of it.txt"
	shell(`mkdir -p dest "d/a rather long name of a folder"; echo x >"d/` + long + `"; for i in $(seq 30); do echo $i >d/$i; done
cat >config.dat <<'E'
watch:
  - path: d
    exclude: ["*.bak", "some/longer/pattern/of/an/exclusion/**"]
  - "!*.tmp"
exclude: ["*.o", "/a/very/long/path/that/is/left/out/below/some/folder/"]
copies: {min-free: 1KiB}
push: {remote: "/srv/git/a-repository-with-a-long-name-that-does-not-fit.git", branch: "hosts/{hostname}"}
E
timemachine -q -d dest 2>/dev/null || true
git -C dest branch hosts/a-rather-long-name-of-a-host.example.org; git -C dest branch hosts/web1`)
	for command, parts := range map[string][]string{
		"status --sizes": {"versions\n", "more, each"},
		"config":         {"destination", "push.private", "/a/very/", "(line 5)", "(line 7)"},
		"hosts":          {"hosts/web1", "main", "added"},
		"ls DIR/d":       {"30\n", "-rw-r--r--"},
		"list -v":        {"left out by default", ".git/"},
	} {
		words := strings.Fields(strings.ReplaceAll(command, "DIR", dir))
		whole := shell("timemachine -cl . -d dest " + strings.Join(words, " "))
		if strings.Contains(whole, "…") {
			t.Errorf("%q cuts in a pipe: %s", words, whole)
		}
		for _, columns := range []int{100, 80, 60, 40} {
			screen := onTerminal(t, dir, columns, words...)
			for _, line := range strings.Split(screen, "\n") {
				if n := columnsOf(line); n > columns && (words[0] != "list" || !strings.HasPrefix(strings.TrimSpace(line), "/")) {
					t.Errorf("%q on %d columns: %d in %q", words, columns, n, line)
				}
			}
			for _, word := range parts {
				if !strings.Contains(screen, word) {
					t.Errorf("%q on %d columns lacks %q: %s", words, columns, word, screen)
				}
			}
		}
	}
}

// TestRestoreTellsWhereTo: where the terminal is too narrow for the paths of a restore to another
// folder, that folder stands above them, whole.
func TestRestoreTellsWhereTo(t *testing.T) {
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	w.write("deep/in/folders/with/names/file1", "1\n")
	w.run("add", w.top)
	to := filepath.Join(w.dir, "another", "place")
	w.must(os.MkdirAll(to, 0o755))
	out := escapes.ReplaceAllString(onTerminal(t, w.dir, 72, "restore", w.top, "--to", to, "-n"), "")
	if !strings.HasPrefix(out, "in "+to+":\n") || !strings.Contains(out, "\nwould create folder "+strings.TrimPrefix(w.top, "/")+"\n") {
		t.Errorf("%s", out)
	}
	if out := w.run("restore", w.top, "--to", to, "-n"); !strings.Contains(out, "would create "+to+w.top+"/deep/in/folders/with/names/file1  version ") {
		t.Errorf("%s", out)
	}
}
