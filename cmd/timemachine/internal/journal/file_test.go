package journal

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	logName     = "timemachine.log"
	writers     = 3
	writerLines = 400
	writerMax   = 16 << 10
)

// trusting refuses no log.
func trusting(string) error { return nil }

// writerVariable holds the name of the writer and its log in a process of TestProcessesShareTheLog.
const writerVariable = "TIMEMACHINE_TEST_WRITER"

// TestWriterProcess is such a process. It writes numbered lines to the log.
func TestWriterProcess(t *testing.T) {
	name, path, _ := strings.Cut(os.Getenv(writerVariable), " ")
	if path == "" {
		t.Skip("runs as a process of TestProcessesShareTheLog")
	}
	j := New(path, trusting, time.Now)
	j.max, j.keep = writerMax, 1000
	log := slog.New(slog.NewTextHandler(j, nil))
	for i := range writerLines {
		log.Warn("line", "writer", name, "n", i)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestProcessesShareTheLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logName)
	var cmds []*exec.Cmd
	for i := range writers {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=w%d %s", writerVariable, i, path))
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	files := append(Rotated(path), path)
	if len(files) < 3 {
		t.Fatalf("no rotation: %q", files)
	}
	var all strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() > writerMax || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %d bytes, mode %v", file, err, info.Size(), info.Mode())
		}
		all.Write(data)
	}
	for i := range writers {
		for n := range writerLines {
			if want := fmt.Sprintf("msg=line writer=w%d n=%d\n", i, n); strings.Count(all.String(), want) != 1 {
				t.Fatalf("%q is there %d times", want, strings.Count(all.String(), want))
			}
		}
	}
	if got := strings.Count(all.String(), "\n"); got != writers*writerLines {
		t.Errorf("%d lines, want %d", got, writers*writerLines)
	}
}

func TestJournalBuffersUntilItMatters(t *testing.T) {
	path := filepath.Join(t.TempDir(), logName)
	now := time.Now()
	j := New(path, trusting, func() time.Time { return now })
	log := slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
	expect := func(lines int) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil && lines > 0 {
			t.Fatal(err)
		}
		if got := strings.Count(string(data), "\n"); got != lines {
			t.Fatalf("%d lines on disk, want %d", got, lines)
		}
	}
	log.Debug("quiet", "level", "level=ERROR")
	expect(0)
	log.Error("loud")
	expect(2)
	log.Debug("quiet")
	expect(2)
	now = now.Add(flushEach)
	log.Debug("late")
	expect(4)
	log.Info("last")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	expect(5)
}

func TestJournalGoesOnWithoutALock(t *testing.T) {
	dir := t.TempDir()
	unlock, locked, err := lockFolder(dir, 0)
	if err != nil || !locked {
		t.Fatalf("locked %v, %v", locked, err)
	}
	defer unlock()
	j := New(filepath.Join(dir, logName), trusting, time.Now)
	j.hurry = true
	fmt.Fprintln(j, "level=ERROR one")
	fmt.Fprintln(j, " level=ERROR two")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(j.Path); string(data) != "level=ERROR one\n level=ERROR two\n" {
		t.Errorf("%q", data)
	}
}

func TestJournalRefusesOddFiles(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"link":     func(path string) error { return os.Symlink("/dev/null", path) },
		"dangling": func(path string) error { return os.Symlink("nowhere", path) },
		"folder":   func(path string) error { return os.Mkdir(path, 0o700) },
		"FIFO":     func(path string) error { return exec.Command("mkfifo", path).Run() },
	} {
		path := filepath.Join(t.TempDir(), logName)
		if err := prepare(path); err != nil {
			t.Fatal(err)
		}
		j := New(path, trusting, time.Now)
		fmt.Fprintln(j, "x level=ERROR y")
		fmt.Fprintln(j, "x level=ERROR z")
		if err := j.Close(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJournalKeepsThreeOldLogs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logName)
	users := filepath.Join(dir, "timemachine-old.log")
	if err := os.WriteFile(users, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		j := New(path, trusting, time.Now)
		j.max = 100
		fmt.Fprintf(j, "%d%s\n", i, strings.Repeat("x", 80))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // the names of old logs tell milliseconds
	}
	old := Rotated(path)
	if len(old) != keepOld {
		t.Fatalf("%q, want %d", old, keepOld)
	}
	for i, file := range append(old, path) {
		if data, err := os.ReadFile(file); err != nil || data[0] != byte('4'+i) {
			t.Errorf("%s begins with %.1q, %v", file, data, err)
		}
	}
	if _, err := os.Stat(users); err != nil {
		t.Error(err)
	}
}
