//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestQuestionIsInterrupted: Ctrl-C at a question ends the command, and nothing is changed.
func TestQuestionIsInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	words := func(more ...string) *exec.Cmd {
		cmd := exec.Command("timemachine", append([]string{"-cl", dir, "-d", filepath.Join(dir, "dest")}, more...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "TERM=xterm")
		return cmd
	}
	put := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("config.dat", "- w\n")
	put("w/a", "a")
	for _, more := range [][]string{{"init"}, {"run"}, {"run"}} {
		if out, err := words(more...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		if more[0] == "run" {
			put("w/b", "b")
		}
	}
	cmd := words("restore", filepath.Join(dir, "w"), "--at", "@1", "--exact")
	master := startOnTerminal(t, cmd, 80)
	screen := make(chan string)
	go func() {
		defer close(screen)
		buf, text := make([]byte, 4096), ""
		for {
			n, err := master.Read(buf)
			if text += string(buf[:n]); strings.Contains(text, "Type yes or no:") {
				screen <- text
				return
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case <-screen:
	case <-time.After(60 * time.Second):
		t.Fatal("nothing is asked")
	}
	if _, err := master.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("exit 0")
		}
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		t.Fatal("Ctrl-C does nothing")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "w/b")); err != nil || string(b) != "b" {
		t.Errorf("the file is %q, %v", b, err)
	}
}
