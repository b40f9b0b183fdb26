//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// terminalWatch is a watch that was started on a terminal.
type terminalWatch struct {
	*testing.T
	dir    string
	cmd    *exec.Cmd
	master *os.File
	mu     sync.Mutex
	screen bytes.Buffer
}

// startTerminalWatch starts one, after the words of before. Its standard error goes to the terminal
// unless stderr is a file.
func startTerminalWatch(t *testing.T, stderr *os.File, before ...string) *terminalWatch {
	w := &terminalWatch{T: t, dir: t.TempDir()}
	for name, text := range map[string]string{"w/a": "a", "w/b": "b", "config.dat": "- w\n"} {
		file := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(w.dir, "dest"), 0o755); err != nil {
		t.Fatal(err)
	}
	words := append(before, w.words("watch", "--interval", "1s", "--events", "none")...)
	w.cmd = exec.Command(words[0], words[1:]...)
	w.cmd.Env = w.env()
	if stderr != nil {
		w.cmd.Stderr = stderr
	}
	w.master = startOnTerminal(t, w.cmd, 200)
	t.Cleanup(func() { w.cmd.Process.Kill(); w.cmd.Wait() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := w.master.Read(buf)
			w.mu.Lock()
			w.screen.Write(buf[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	w.until("begun", func() bool { return strings.Contains(w.log(), "watched: each change is recorded") })
	return w
}

func (w *terminalWatch) words(command ...string) []string {
	return append([]string{"timemachine", "-cl", w.dir, "-d", filepath.Join(w.dir, "dest")}, command...)
}

func (w *terminalWatch) env() []string {
	return append(os.Environ(), "HOME="+w.dir, "XDG_STATE_HOME="+filepath.Join(w.dir, "state"), "TERM=xterm", "TZ=UTC", "JOURNAL_STREAM=")
}

func (w *terminalWatch) until(what string, holds func() bool) {
	w.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("never %s; the log has %s", what, w.log())
		}
	}
}

func (w *terminalWatch) log() string {
	b, _ := os.ReadFile(filepath.Join(w.dir, "timemachine.log"))
	return string(b)
}

func (w *terminalWatch) shown() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return escapes.ReplaceAllString(strings.ReplaceAll(w.screen.String(), "\r\n", "\n"), "")
}

// status is what status says of the schedule.
func (w *terminalWatch) status() string {
	words := w.words("status")
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = w.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("%v: %s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "\nschedule")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// ended waits for the end, and compares the last line of the log.
func (w *terminalWatch) ended(why string) {
	w.Helper()
	if err := w.cmd.Wait(); err != nil {
		w.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(w.log()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, "watch ends: "+why) {
		w.Errorf("the log ends with %s", last)
	}
}

// TestWatchOnTerminal: a watch says what it watches and how it ends, is silent while nothing
// changes, and tells of what it records. status knows of it while it runs, and not longer.
func TestWatchOnTerminal(t *testing.T) {
	t.Parallel()
	w := startTerminalWatch(t, nil)
	if got := w.status(); !strings.HasPrefix(got, "watch is running, pid ") {
		t.Errorf("status says %q", got)
	}
	w.until("looked again", func() bool { return strings.Count(w.log(), "run ends") > 2 })
	if err := os.WriteFile(filepath.Join(w.dir, "w", "a"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.until("told", func() bool { return strings.Contains(w.shown(), "1 version of ") })
	if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil { // from another terminal
		t.Fatal(err)
	}
	looks := strings.Count(w.log(), "run ends")
	w.until("gone on", func() bool { return strings.Count(w.log(), "run ends") > looks+1 })
	if _, err := io.WriteString(w.master, "\x03"); err != nil {
		t.Fatal(err)
	}
	w.ended("interrupt")
	if got := w.status(); strings.Contains(got, "running") {
		t.Errorf("status says %q after the end", got)
	}
	shown := w.shown()
	for _, part := range []string{"watching 1 entry of " + w.dir + "/config.dat, recording to " + w.dir + "/dest; Ctrl-C ends it\n",
		"\n2 files watched: each change is recorded when it has rested (no events); all is looked at each 1s\n", "  1 version of ", "watch ends: interrupt"} {
		if !strings.Contains(shown, part) {
			t.Errorf("%q is not in %s", part, shown)
		}
	}
	if strings.Contains(shown, "nothing changed") {
		t.Errorf("it tells of nothing: %s", shown)
	}
}

// TestWatchTerminalClosed: a watch ends with its terminal, wherever its messages go, and its log
// says why.
func TestWatchTerminalClosed(t *testing.T) {
	t.Parallel()
	t.Run("messages on it", func(t *testing.T) {
		w := startTerminalWatch(t, nil)
		w.master.Close()
		w.ended("hangup: its terminal was closed")
	})
	t.Run("messages in a file", func(t *testing.T) {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		w := startTerminalWatch(t, out)
		w.master.Close()
		w.ended("hangup: its terminal was closed")
	})
	t.Run("a hangup from more than one", func(t *testing.T) {
		w := startTerminalWatch(t, nil)
		w.master.Close()
		_ = w.cmd.Process.Signal(syscall.SIGHUP)
		w.ended("hangup: its terminal was closed")
	})
}

// TestWatchGoesOnWithoutReader: a watch that ignores the hangup goes on when its terminal is
// closed, and so does one whose messages nobody reads any more. One line in the log says so.
func TestWatchGoesOnWithoutReader(t *testing.T) {
	t.Parallel()
	goesOn := func(w *terminalWatch) {
		w.Helper()
		for _, text := range []string{"one", "another"} {
			if err := os.WriteFile(filepath.Join(w.dir, "w", text), []byte(text), 0o755); err != nil {
				w.Fatal(err)
			}
			w.until("recorded", func() bool {
				_, err := os.Stat(filepath.Join(w.dir, "dest", "files", w.dir, "w", text))
				return err == nil
			})
		}
		if n := strings.Count(w.log(), "messages can no longer be printed"); n != 1 {
			w.Errorf("the log says %d times that they cannot be printed: %s", n, w.log())
		}
		if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			w.Fatal(err)
		}
		w.ended("terminated")
	}
	t.Run("the terminal", func(t *testing.T) {
		w := startTerminalWatch(t, nil, "sh", "-c", `trap "" HUP; exec "$@"`, "sh")
		w.master.Close()
		goesOn(w)
	})
	t.Run("a pipe", func(t *testing.T) {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer write.Close()
		w := startTerminalWatch(t, write, "sh", "-c", `exec "$@" -v`, "sh")
		read.Close()
		goesOn(w)
	})
}
