package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/repotest"
	"timemachine/watch/config"
)

// TestWeekOfRuns pushes after a run a minute for a week, with the remote away. It says so once, and
// once when the remote is back; in between it is tried now and then.
func TestWeekOfRuns(t *testing.T) {
	top := t.TempDir()
	src, dest, remote := filepath.Join(top, "src"), filepath.Join(top, "dest"), filepath.Join(top, "remote.git")
	if err := os.Mkdir(src, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(src, "a"), []byte("a\n"))
	write(t, filepath.Join(top, "config.dat"), []byte("watch: [src]\npush: {remote: ./remote.git, private: yes}\n"))
	now := time.Now()
	var out bytes.Buffer
	newApp := func() *app {
		a := &app{stdout: io.Discard, stderr: &out, now: func() time.Time { return now }, zone: time.UTC, dir: top, uid: os.Geteuid(),
			lookup: func(name string) (string, bool) {
				if name == "HOME" {
					return top, true
				}
				return os.LookupEnv(name)
			}}
		a.console = terminal.NewConsole(&out, terminal.ConsoleOptions{})
		a.journal = slog.New(slog.DiscardHandler)
		return a
	}
	a := newApp()
	if code := runApp(a, "-cl", top, "-d", dest, "init"); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	if code := runApp(newApp(), "-cl", top, "-d", dest); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	c, err := config.Load(filepath.Join(top, "config.dat"), newApp().watchEnv())
	if err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(dest, repo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	minute := func() {
		now = now.Add(time.Minute)
		newApp().pushAfter(context.Background(), r, &place{config: c.File, dest: dest}, c)
	}
	for range 7 * 24 * 60 {
		minute()
	}
	if lines := nonHints(out.String()); len(lines) != 1 || !strings.HasPrefix(lines[0], "WRN push to "+remote) {
		t.Errorf("a week without the remote says\n%s", out.String())
	}
	repotest.Git(t, top, "init", "-q", "--bare", remote)
	for range 61 {
		minute()
	}
	lines := nonHints(out.String())
	if len(lines) != 2 || !strings.Contains(lines[1], "works again (failed since") {
		t.Errorf("in all it says\n%s", out.String())
	}
	if got, want := repotest.Git(t, remote, "rev-parse", "main"), repotest.Git(t, dest, "rev-parse", "main"); got != want {
		t.Errorf("the remote is at %s, want %s", got, want)
	}
}

// runApp runs a command line, as execute does.
func runApp(a *app, args ...string) int {
	a.args = args
	return a.execute(context.Background())
}

// nonHints are the lines that are no hints.
func nonHints(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "hint: ") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}
