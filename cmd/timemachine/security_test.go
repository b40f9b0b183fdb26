package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// walk calls visit for everything below the folder.
func walk(t *testing.T, dir string, visit func(path string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			visit(path, info)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestClosedToOthers has a umask that gives everybody all rights. Git works on the destination with
// the usual umask.
func TestClosedToOthers(t *testing.T) {
	d := newDamaged(t)
	write(t, d.file, []byte("a secret\n"))
	if err := os.Chmod(d.file, 0o600); err != nil {
		t.Fatal(err)
	}
	d.dest += "2" // a new one
	for _, args := range []string{"init", "run", "compact", "copies rebuild", "verify --repair"} {
		cmd := exec.Command("sh", "-c", `umask 0; exec timemachine -cl "$0" -d "$1" `+args, filepath.Dir(d.dest), d.dest)
		cmd.Env = d.env()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", args, err, out)
		}
	}
	repotest.Git(t, d.dest, "gc", "-q")
	for _, dir := range []string{"", ".git", "files", "copies"} {
		if st, err := os.Stat(filepath.Join(d.dest, dir)); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%q: %v %v", dir, st.Mode(), err)
		}
	}
	walk(t, d.dest, func(path string, info fs.FileInfo) {
		if info.Mode().Perm()&0o077 != 0 && info.Mode().IsRegular() {
			t.Errorf("%s is %v", path, info.Mode())
		}
	})
}

// TestCopiesGainNothing: a copy has no permission that its source has not, and never runs as
// another user.
func TestCopiesGainNothing(t *testing.T) {
	d := newDamaged(t)
	for mode, want := range map[uint32]fs.FileMode{0o4755: 0o755, 0o2711: 0o711, 0o600: 0o600, 0o200: 0o200, 0o000: 0} {
		write(t, d.file, fmt.Appendf(nil, "with mode %o\n", mode))
		if err := syscall.Chmod(d.file, mode); err != nil {
			t.Fatal(err)
		}
		if out, code := d.timemachine(); code != 0 && os.Geteuid() == 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
		newest := strings.TrimSpace(repotest.Git(t, d.dest, "log", "-1", "--format=%(trailers:key=Copy,valueonly)"))
		st, err := os.Lstat(filepath.Join(d.dest, newest))
		if err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 && st.Mode() != want {
			t.Errorf("copy of mode %o is %v", mode, st.Mode())
		}
		if err := os.Chmod(d.file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoProgramOfGitsIsRun names a program in every setting of git's that takes one, in the
// repository's configuration and the user's. It then runs every command that opens a destination.
func TestNoProgramOfGitsIsRun(t *testing.T) {
	d := newDamaged(t)
	trap := filepath.Join(filepath.Dir(d.dest), "trap")
	sprung := trap + ".sprung"
	if err := os.WriteFile(trap, []byte("#!/bin/sh\necho \"$0 $*\" >> '"+strings.ReplaceAll(sprung, "'", `'\''`)+"'\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	settings := ""
	for _, s := range []string{"core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.gitProxy", "core.alternateRefsCommand", "diff.external",
		"gpg.program", "credential.helper", "sequence.editor", "interactive.diffFilter", "uploadpack.packObjectsHook", "pager.log"} {
		section, key, _ := strings.Cut(s, ".")
		settings += fmt.Sprintf("[%s]\n\t%s = %s\n", section, key, trap)
	}
	settings += fmt.Sprintf("[commit]\n\tgpgSign = true\n[filter \"x\"]\n\tclean = %[1]s\n\tsmudge = %[1]s\n\tprocess = %[1]s\n\trequired\n[diff \"x\"]\n\ttextconv = %[1]s\n\tcommand = %[1]s\n[core]\n\thooksPath = %[2]s\n",
		trap, filepath.Dir(trap)+"/hooks")
	for _, dir := range []string{filepath.Dir(trap) + "/hooks", d.git("hooks")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, hook := range []string{"pre-commit", "post-commit", "post-checkout", "reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-auto-gc", "post-rewrite", "pre-push"} {
			if err := os.Symlink(trap, filepath.Join(dir, hook)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(t, filepath.Join(filepath.Dir(d.dest), ".gitconfig"), []byte(settings))
	old, err := os.ReadFile(d.git("config"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, d.git("included"), []byte(settings))
	write(t, d.git("config"), append(old, settings+"[include]\n\tpath = included\n"...))
	write(t, d.git("info/attributes"), []byte("* filter=x diff=x\n"))
	write(t, d.file, []byte("changed\n"))
	for _, args := range [][]string{{"run"}, {"list", "-v"}, {"verify"}, {"verify", "--repair"}, {"compact"}, {"copies", "rebuild"}, {"log"}, {"log", d.file},
		{"show", d.file}, {"diff", d.file, "@1", "@0"}, {"init", "--adopt"}, {"run"}} {
		if out, code := d.timemachine(args...); code != 0 {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
	}
	d.pushBuiltIn()
	if said, err := os.ReadFile(sprung); err == nil {
		t.Errorf("run: %s", said)
	}
	cmd := exec.Command("git", "-C", d.dest, "status")
	cmd.Env = append(d.env(), "GIT_CONFIG_GLOBAL=")
	if out, err := cmd.CombinedOutput(); !exists(sprung) {
		t.Errorf("the trap does not work: git status does not spring it: %v %s", err, out)
	}
}

// pushBuiltIn pushes without git: to a folder, to a server that wants a password, and to one that
// there is none of.
func (d *damaged) pushBuiltIn() {
	d.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	top := filepath.Dir(d.dest)
	remote := filepath.Join(top, "remote.git")
	repotest.Git(d.t, top, "init", "-q", "--bare", remote)
	for i, c := range []struct {
		url  string
		code int
	}{{remote, 0}, {server.URL + "/x.git", 1}, {"ssh://git@127.0.0.1:9/x.git", 1}} {
		config := filepath.Join(top, fmt.Sprint("push", i))
		write(d.t, config, fmt.Appendf(nil, "watch: ['%s']\npush: {remote: '%s', with: builtin, private: yes}\n", d.file, c.url))
		if out, code := d.timemachine("-c", config, "push"); code != c.code {
			d.t.Errorf("push to %s: exit %d: %s", c.url, code, out)
		}
	}
}

// TestPlantedLinks puts a link in the place of each folder and file of a destination in turn.
// Nothing outside the destination is changed or made.
func TestPlantedLinks(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	var names []string
	walk(t, d.dest, func(path string, _ fs.FileInfo) {
		if rel, _ := filepath.Rel(d.dest, path); rel != "." {
			names = append(names, rel)
		}
	})
	whole := d.dest + ".whole"
	if err := os.Rename(d.dest, whole); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if !strings.Contains(name, "objects/pack") && !strings.HasPrefix(name, "files") && !strings.HasPrefix(name, "copies") && i%2 == 1 || testing.Short() && i%8 != 0 {
			continue
		}
		outside := repotest.InMemory(t)
		if out, err := exec.Command("cp", "-a", whole, d.dest).CombinedOutput(); err != nil {
			t.Fatalf("cp: %s", out)
		}
		target := filepath.Join(outside, "target")
		if err := os.Rename(filepath.Join(d.dest, name), target); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(d.dest, name)); err != nil {
			t.Fatal(err)
		}
		before := listing(t, outside)
		write(t, d.file, fmt.Appendf(nil, "with a link at %s\n", name))
		for _, args := range [][]string{{"run"}, {"verify", "--repair"}, {"copies", "rebuild"}, {"compact"}} {
			d.timemachine(args...)
		}
		if after := listing(t, outside); after != before {
			t.Errorf("a link at %s: outside there was\n%s\nthere is\n%s", name, before, after)
		}
		if err := os.RemoveAll(d.dest); err != nil {
			t.Fatal(err)
		}
	}
}

// listing is what a folder holds, with sizes, modes and times of change.
func listing(t *testing.T, dir string) string {
	var b strings.Builder
	walk(t, dir, func(path string, info fs.FileInfo) {
		if path == dir {
			return
		}
		fmt.Fprintf(&b, "%s %v %d %v\n", strings.TrimPrefix(path, dir), info.Mode(), info.Size(), info.ModTime().UnixNano())
	})
	return b.String()
}

// TestNothingWaits puts a FIFO in the place of each file of a destination in turn. To open it for
// reading would wait for a writer for ever.
func TestNothingWaits(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	var files []string
	walk(t, d.git(""), func(path string, info fs.FileInfo) {
		if info.Mode().IsRegular() {
			files = append(files, path)
		}
	})
	for i, file := range files {
		if testing.Short() && i%4 != 0 {
			continue
		}
		aside := file + ".aside"
		if err := os.Rename(file, aside); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"run"}, {"verify"}} {
			done := time.AfterFunc(time.Minute, func() { panic("it waits for " + file) })
			d.timemachine(args...)
			done.Stop()
		}
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.Rename(aside, file); err != nil {
			t.Fatal(err)
		}
	}
	d.timemachine()
	repotest.MustCheck(t, d.dest)
}

// TestSwappedSources exchanges a watched file with a link to a secret, a FIFO and a folder while
// runs scan it. The secret is never recorded, and no run waits.
func TestSwappedSources(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	base := filepath.Dir(d.dest)
	src := filepath.Join(base, "hostile")
	secret := filepath.Join(base, "secrets", "key")
	for _, dir := range []string{filepath.Join(src, "sub"), filepath.Dir(secret)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, secret, []byte("the secret\n"))
	write(t, filepath.Join(src, "sub", "key"), []byte("harmless\n"))
	if out, code := d.timemachine("add", src); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			swap(src, secret, i)
		}
	}()
	for range 40 {
		d.timemachine()
	}
	close(end)
	<-ended
	for _, line := range repotest.Lines(t, d.dest, "rev-list", "--objects", "main") {
		id, path, _ := strings.Cut(line, " ")
		if strings.HasSuffix(path, "key") && repotest.Git(t, d.dest, "cat-file", "-p", id) == "the secret\n" {
			t.Fatal("the secret is in the history")
		}
	}
}

// swap puts something else in the place of the watched file, or of its folder. A step that fails
// works the next time.
func swap(src, secret string, i int) {
	file, folder := filepath.Join(src, "sub", "key"), filepath.Join(src, "sub")
	switch i % 4 {
	case 0:
		os.Symlink(secret, file+".new")
		os.Rename(file+".new", file)
	case 1:
		syscall.Mkfifo(file+".new", 0o600)
		os.Rename(file+".new", file)
	case 2:
		os.Rename(folder, folder+".away")
		os.Symlink(filepath.Dir(secret), folder)
		time.Sleep(200 * time.Microsecond)
		os.Remove(folder)
		os.Rename(folder+".away", folder)
	case 3:
		os.WriteFile(file+".new", fmt.Appendf(nil, "harmless %d\n", i), 0o600)
		os.Rename(file+".new", file)
	}
	time.Sleep(100 * time.Microsecond)
}
