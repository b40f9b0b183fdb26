package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadingWithGit runs every command of the help topic. The destination holds something for each
// of them to print.
func TestReadingWithGit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	top, dest := gitStory(t)
	tried := 0
	for line := range strings.Lines(strings.ReplaceAll(readingHelp, "\\\n", "")) {
		text, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "  ")
		if !indented {
			continue
		}
		tried++
		text = strings.ReplaceAll(text, "/etc/", top+"/etc/")
		text = strings.ReplaceAll(text, " files/etc", " files"+top+"/etc")
		cmd := exec.Command("sh", "-c", text)
		cmd.Dir = dest
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_PAGER=cat", "LC_ALL=C.UTF-8")
		var complaint strings.Builder
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		differs := strings.Contains(text, "--no-index") && cmd.ProcessState.ExitCode() == 1
		if err != nil && !differs || complaint.Len() > 0 {
			t.Errorf("%s\n%v %s", text, err, complaint.String())
		}
		silent := strings.Contains(text, "hosts.back") || strings.Contains(text, "fsck")
		if len(out) == 0 && !silent {
			t.Errorf("%s\nprints nothing", text)
		}
	}
	if tried < 20 {
		t.Errorf("%d commands found in the help", tried)
	}
	sameFile(t, filepath.Join(dest, "hosts.back"), filepath.Join(dest, "files", top, "etc/hosts"))
}

// sameFile compares content, mode and mtime. files/ has all three of the newest version.
func sameFile(t *testing.T, a, b string) {
	t.Helper()
	var infos [2]os.FileInfo
	var data [2]string
	for i, name := range []string{a, b} {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if infos[i], err = os.Stat(name); err != nil {
			t.Fatal(err)
		}
		data[i] = string(body)
	}
	if data[0] != data[1] || infos[0].Mode() != infos[1].Mode() || !infos[0].ModTime().Equal(infos[1].ModTime()) {
		t.Errorf("%q %v %v\nis not\n%q %v %v", data[0], infos[0].Mode(), infos[0].ModTime(), data[1], infos[1].Mode(), infos[1].ModTime())
	}
}

// gitStory makes a history of one hour: a file that changes, a change of mode, a folder, a
// deletion. A last change is not recorded by any run.
func gitStory(t *testing.T) (top, dest string) {
	top, dest = t.TempDir(), filepath.Join(t.TempDir(), "dest")
	put := func(name, data string) {
		t.Helper()
		name = filepath.Join(top, "etc", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(ago time.Duration, args ...string) {
		t.Helper()
		a := bareApp(t, append([]string{"-c", filepath.Join(top, "config.dat"), "-d", dest}, args...)...)
		a.now = func() time.Time { return time.Now().Add(-ago) }
		var said strings.Builder
		a.stderr = &said
		if code := a.execute(context.Background()); code != 0 {
			t.Fatalf("exit %d: %s", code, said.String())
		}
	}
	put("hosts", "127.0.0.1 localhost\n")
	put("nginx/nginx.conf", "worker_processes 1;\n")
	put("old.conf", "gone soon\n")
	run(time.Hour, "add", filepath.Join(top, "etc"))
	put("hosts", "127.0.0.1 localhost\n10.0.0.7 printer\n")
	put("nginx/nginx.conf", "worker_processes 4;\n")
	run(40*time.Minute, "run")
	if err := os.Chmod(filepath.Join(top, "etc/hosts"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(top, "etc/old.conf")); err != nil {
		t.Fatal(err)
	}
	run(20*time.Minute, "run")
	put("nginx/nginx.conf", "worker_processes 8;\n")
	run(5*time.Minute, "run")
	put("nginx/nginx.conf", "worker_processes 16;\n")
	run(0, "run")
	put("hosts", "127.0.0.1 localhost\n10.0.0.8 printer\n")
	return top, dest
}
