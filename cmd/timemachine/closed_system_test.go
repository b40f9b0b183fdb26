//go:build system && linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUserRestoresWhatIsClosed: a user has closed folders and files of his own in every order, and
// gets all back with one command.
func TestUserRestoresWhatIsClosed(t *testing.T) {
	bin := buildBinary(t)
	for what, c := range map[string]struct {
		before string // changes the tree before another run
		damage string
	}{
		"a file":                         {"", "chmod 0 k/a"},
		"a file that can be written":     {"", "chmod 0222 k/a"},
		"a folder":                       {"", "chmod 0 k"},
		"a file in a folder":             {"", "chmod 0 k/a k"},
		"nested folders":                 {"", "chmod 0 k/l/m/c k/l/m k/l k"},
		"a changed file in a folder":     {"", "echo bad >k/a; chmod 0 k/a k"},
		"all":                            {"", "find . -depth -exec chmod 0 {} + || true"},
		"in a folder that was closed":    {"chmod 111 k/l", "chmod 700 k/l; echo bad >k/l/b; chmod 0 k/l/b"},
		"a hard link":                    {"ln k/a k/l/again", "chmod 0 k/a k"},
		"a folder whose file is deleted": {"", "rm k/l/b; chmod 0 k/l"},
	} {
		t.Run(what, func(t *testing.T) {
			top := t.TempDir()
			for _, dir := range []string{filepath.Dir(top), top, filepath.Dir(filepath.Dir(bin)), filepath.Dir(bin)} {
				if err := os.Chmod(dir, 0o711); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chown(top, nobody, nobody); err != nil {
				t.Fatal(err)
			}
			user := func(script string) (string, error) {
				cmd := exec.Command("sh", "-ec", script)
				cmd.Dir, cmd.Env = top, []string{"PATH=/usr/bin:/bin", "HOME=" + top}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			must := func(script string) string {
				t.Helper()
				out, err := user(script)
				if err != nil {
					t.Fatalf("%s: %v\n%s", script, err, out)
				}
				return out
			}
			must("mkdir -p t/k/l/m t/k/l/z conf dest; echo beside >beside; cd t; echo a >k/a; echo b >k/l/b; echo c >k/l/m/c")
			must(fmt.Sprintf("printf -- '- %s/t\\n' >conf/config.dat", top))
			listing := func() string {
				out, err := exec.Command("sh", "-ec", `cd "$1/t"; find . -printf '%p %m %n\n' | sort; find . -type f -exec cat {} +`, "sh", top).CombinedOutput()
				if err != nil {
					t.Fatal(err)
				}
				return string(out)
			}
			program := bin + " -cl conf -d dest "
			must(program + "run")
			must("cd t; " + c.before)
			if out, err := user(program + "run"); err != nil && !strings.Contains(out, "cannot be read") {
				t.Fatal(out, err)
			}
			before := listing()
			must("cd t; " + c.damage)
			damaged := listing()
			out, err := user(program + "restore t")
			if after := listing(); after != before {
				t.Errorf("%v\n%s\ngot\n%s\nwant\n%s", err, out, after, before)
			}
			if err != nil && c.before == "" {
				t.Errorf("%v\n%s", err, out)
			}
			// no record tells of the modes that files have while they are read
			if log := must("cd dest; git log --format=%B"); strings.Contains(log, "Mode: 0400") || strings.Contains(log, "Mode: 0622") {
				t.Errorf("a mode that no one has given is recorded:\n%s", log)
			}
			if strings.HasPrefix(what, "a file that") || what == "a file" {
				must(program + "restore t/k/a --at @1")
				if undone := listing(); undone != damaged {
					t.Errorf("undone:\n%s\nwant\n%s", undone, damaged)
				}
				must(program + "run || true") // which cannot read it
				must(program + "restore t/k/a")
				if again := listing(); again != before {
					t.Errorf("done again:\n%s\nwant\n%s", again, before)
				}
			}
		})
	}
}
