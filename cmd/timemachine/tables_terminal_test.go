//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
