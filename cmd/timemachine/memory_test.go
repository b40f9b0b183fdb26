package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testApp is an app with the environment env; its clock reads *now.
func testApp(env map[string]string, now *time.Time) *app {
	return &app{
		lookup:  func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		now:     func() time.Time { return *now },
		journal: slog.New(slog.DiscardHandler),
	}
}

func TestWarningsAreRepeatedOnceADay(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 123456789, time.UTC)
	a := testApp(map[string]string{"XDG_STATE_HOME": t.TempDir()}, &now)
	const config, text = "/etc/caf\xe9", "/a\xff: cannot be read"
	for i, step := range []struct {
		after time.Duration
		gives bool
		want  bool
	}{
		{0, true, true},
		{time.Minute, true, false},
		{time.Minute, true, false},
		{time.Minute, false, false},
		{time.Minute, true, true}, // absent for one run, so printed again
		{23 * time.Hour, true, false},
		{time.Hour, true, true}, // a day since it was printed
		{time.Hour, true, false},
	} {
		now = now.Add(step.after)
		m := a.recall(config)
		if step.gives {
			if got := m.isNews(text); got != step.want {
				t.Errorf("run %d: news = %v, want %v", i, got, step.want)
			}
			if m.isNews(text) {
				t.Errorf("run %d: told twice", i)
			}
		}
		m.noteEnded("/dest")
		m.noteUse("/dest", 0)
		if err := m.save(); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(40 * 24 * time.Hour)
	m := a.recall(config)
	if err := m.save(); err != nil {
		t.Fatal(err)
	}
	if m = a.recall(config); len(m.Warnings) != 0 || !m.knows("/dest") {
		t.Errorf("after a month: %d warnings, knows the destination: %v", len(m.Warnings), m.knows("/dest"))
	}
}

func TestMemorySurvivesBadFiles(t *testing.T) {
	now := time.Now()
	a := testApp(map[string]string{"HOME": t.TempDir()}, &now)
	file := a.memoryFile("/c")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "{", "null", "[]", `{"config":"/other","destinations":{"/dest":{}}}`, `{"config":"/c","destinations":null}`} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		m := a.recall("/c")
		if m.knows("/dest") {
			t.Errorf("%q: believed", content)
		}
		m.noteUse("/dest", 0)
		if err := m.save(); err != nil {
			t.Errorf("%q: %v", content, err)
		}
		if !a.recall("/c").knows("/dest") {
			t.Errorf("%q: not replaced", content)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestMemoryWithoutHome(t *testing.T) {
	now := time.Now()
	a := testApp(nil, &now)
	m := a.recall("/c")
	m.noteUse("/dest", 0)
	if err := m.save(); err == nil {
		t.Error("saved without a place to save to")
	}
	a.account.home = "/from/passwd"
	if got, want := filepath.Dir(a.memoryFile("/c")), "/from/passwd/.local/state/timemachine"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMemoryFollowsNoLinkOfOthers: root keeps no memory behind a link of another user's, and
// believes no file of theirs, as in $HOME under sudo -E.
func TestMemoryFollowsNoLinkOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root only: files of another user")
	}
	const other = 12345
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	home, elsewhere := t.TempDir(), t.TempDir()
	a := testApp(map[string]string{"XDG_STATE_HOME": home}, &now)
	link := filepath.Join(home, "timemachine")
	if err := errors.Join(os.Symlink(elsewhere, link), os.Lchown(link, other, other)); err != nil {
		t.Fatal(err)
	}
	m := a.recall("/c")
	m.noteUse("/dest", 0)
	if err := m.save(); err == nil {
		t.Error("the memory is written behind the link")
	}
	if names, err := os.ReadDir(elsewhere); err != nil || len(names) > 0 {
		t.Errorf("behind the link there is %v, %v", names, err)
	}
	if err := errors.Join(os.Remove(link), m.save()); err != nil {
		t.Fatal(err)
	}
	if !a.recall("/c").knows("/dest") {
		t.Fatal("the memory is lost")
	}
	if err := os.Chown(m.file, other, other); err != nil {
		t.Fatal(err)
	}
	if a.recall("/c").knows("/dest") {
		t.Error("root believes a memory of another user's")
	}
}
