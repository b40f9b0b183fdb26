//go:build system

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secure is the environment that sudo gives to make: Go is not on its PATH.
var secure = []string{"PATH=/usr/bin:/bin:/sbin:/usr/sbin"}

// cloneTree copies the committed and changed files of this repository to a new clone, and runs make
// there where built is true.
func cloneTree(t *testing.T, built bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	script := `set -e
git clone -q . "$1"
git diff HEAD --binary | (cd "$1" && git apply --allow-empty)
git ls-files -o --exclude-standard -z | xargs -0r cp --parents -t "$1"`
	if built {
		script += "\nmake -s -C \"$1\" >\"$1.log\" 2>&1 || { cat \"$1.log\" >&2; exit 1; }"
	}
	cmd := exec.Command("sh", "-c", script, "sh", dir)
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return dir
}

// secureMake runs make as sudo would, in a folder.
func secureMake(dir string, words ...string) (string, error) {
	cmd := exec.Command("make", words...)
	cmd.Dir, cmd.Env = dir, secure
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestInstall: make builds the program, pages and completions in a clone. Root's make install
// copies them with an empty environment from a clone of another user, runs neither git nor go, and
// changes nothing in the clone. make uninstall takes all of it away, and no other file.
func TestInstall(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	clone := cloneTree(t, true)
	if out, err := exec.Command("chown", "-R", "nobody", clone).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	tree := func(dir string) string {
		out, err := exec.Command("sh", "-c", `cd "$0" && find . -type f -printf '%p %m %u %T@\n' | sort`, dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	before := tree(clone)
	to := t.TempDir()
	stranger := filepath.Join(to, "usr/local/share/man/man1/timemachinery.1")
	if err := os.MkdirAll(filepath.Dir(stranger), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stranger, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	alone := tree(to)
	if out, err := secureMake(clone, "install", "DESTDIR="+to); err != nil || strings.Contains(out, "go build") {
		t.Fatalf("%v %s", err, out)
	}
	if after := tree(clone); after != before {
		t.Errorf("install has changed the clone: %s", firstDifferences(before, after, 10))
	}
	installed := tree(to)
	for _, file := range []string{"bin/timemachine 755 root", "share/man/man1/timemachine.1 644 root", "share/man/man1/timemachine-restore.1 644", "share/man/man5/config.dat.5 644",
		"share/man/man7/timemachine-time.7 644", "share/bash-completion/completions/timemachine 644", "share/zsh/site-functions/_timemachine 644", "share/fish/vendor_completions.d/timemachine.fish 644"} {
		if !strings.Contains(installed, "./usr/local/"+file) {
			t.Errorf("not installed: %s in\n%s", file, installed)
		}
	}
	program := exec.Command(filepath.Join(to, "usr/local/bin/timemachine"), "version")
	program.Env = []string{}
	if out, err := program.CombinedOutput(); err != nil || !strings.Contains(string(out), "timemachine ") || strings.Contains(string(out), "devel") {
		t.Errorf("version: %v %s", err, out)
	}
	if out, err := secureMake(clone, "uninstall", "DESTDIR="+to); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if left := tree(to); left != alone {
		t.Errorf("uninstall leaves, or takes: %s", firstDifferences(alone, left, 10))
	}
	folders, err := exec.Command("sh", "-c", `cd "$0" && find . -type d | sort`, to).Output()
	want := "./usr/local/bin ./usr/local/share ./usr/local/share/man ./usr/local/share/man/man1"
	if got := strings.Join(strings.Fields(string(folders)), " "); err != nil || got != ". ./usr ./usr/local "+want {
		t.Errorf("uninstall leaves the folders %s: %v", got, err)
	}
}

// TestInstallNeedsMake: where nothing is built, make install says what to type, and copies nothing.
// make help names the targets.
func TestInstallNeedsMake(t *testing.T) {
	clone, to := cloneTree(t, false), t.TempDir()
	out, err := secureMake(clone, "install", "DESTDIR="+to)
	if err == nil || !strings.Contains(out, "type make first, without sudo") {
		t.Errorf("%v %s", err, out)
	}
	if files, err := os.ReadDir(to); err != nil || len(files) > 0 {
		t.Errorf("it has copied %v %v", files, err)
	}
	out, err = secureMake(clone, "help")
	for _, target := range []string{"all", "first", "install", "uninstall", "test", "help"} {
		if err != nil || !strings.Contains(out, "\nmake "+target+" ") && !strings.HasPrefix(out, "make "+target+" ") {
			t.Errorf("make help does not name %s: %v %s", target, err, out)
		}
	}
}

// TestBuildInForeignClone: a clone that git does not read, since another user owns it, builds all
// the same.
func TestBuildInForeignClone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	clone := cloneTree(t, false)
	if out, err := exec.Command("chown", "-R", "nobody", clone).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := exec.Command("git", "-C", clone, "rev-parse").Run(); err == nil {
		t.Skip("git reads clones of other users here")
	}
	cmd := exec.Command("make", "-C", clone)
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=auto")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	out, err := exec.Command(filepath.Join(clone, "bin/timemachine"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "timemachine devel ") {
		t.Errorf("%v %s", err, out)
	}
}

// TestManualLint: mandoc finds nothing to say about the manual pages.
func TestManualLint(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Fatal("this test needs mandoc")
	}
	dir := t.TempDir()
	if code := bareApp(t, "man", dir).execute(context.Background()); code != 0 {
		t.Fatalf("exit %d", code)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(pages) < 25 {
		t.Fatal(err, pages)
	}
	if out, err := exec.Command("mandoc", append([]string{"-T", "lint", "-W", "style"}, pages...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFirst: make first makes a history of /etc and shows an accident that is undone, also when it
// is typed again. The commands that it names work.
func TestFirst(t *testing.T) {
	clone, home := cloneTree(t, false), t.TempDir()
	for range 2 {
		cmd := exec.Command("make", "-s", "first")
		cmd.Dir = clone
		cmd.Env = append(os.Environ(), "FIRST="+home+"/first", "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "HOME="+home)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		_, screen, _ := strings.Cut(string(out), "\nWhat changed last in /etc")
		for _, part := range []string{"  Add /etc/", " modified ", "\n-call the bank before noon\n", "\n$ cat notes/todo.txt\nmilk\ncall the bank before noon\na present for Ada\n"} {
			if !strings.Contains(screen, part) {
				t.Errorf("it does not show %q:\n%s", part, out)
			}
		}
		if n := strings.Count(screen, "\n"); n > 23 {
			t.Errorf("the last screen has %d lines:\n%s", n, screen)
		}
	}
	if _, err := os.Lstat(filepath.Join(home, ".local")); err == nil {
		t.Error("it leaves ~/.local behind")
	}
	cmd := exec.Command("sh", "-ec", `cd "$0/first"; PATH=$1/bin:$PATH; timemachine log /etc/passwd; timemachine verify -q`, home, clone)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "added") {
		t.Errorf("%v %s", err, out)
	}
}

// goEnv is the value of one of Go's variables, which a new home would change.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
