package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/preview"
	"timemachine/watch/scan"
)

// TestGit looks for git where cron does, and asks it for its version.
func TestGit(t *testing.T) {
	withGit := &config.Config{Push: &config.Push{Remote: "origin", With: config.PushGit}}
	for _, c := range []struct {
		name, script string
		mode         os.FileMode
		config       *config.Config
		want         string // "": nothing; else a regular expression
		note         bool
	}{
		{"new", "echo git version 2.39.5", 0o755, withGit, "", false},
		{"of Apple", "echo 'git version 2.50.1 (Apple Git-155)'", 0o755, nil, "", false},
		{"old", "echo git version 2.9.4", 0o755, nil, `git 2\.9, older than 2\.28`, true},
		{"not to be started", "echo git version 2.39.5", 0o644, nil, "in none of cron's folders", true},
		{"needed", "", 0o644, withGit, "in none of cron's folders", false},
		{"silent", "exit 3", 0o755, nil, "", false},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "git"), []byte("#!/bin/sh\n"+c.script+"\n"), c.mode); err != nil {
			t.Fatal(err)
		}
		found := checkGit(&Patient{Destination: "/d", Config: c.config, Say: hint.Speller{Program: "timemachine"}, User: User{CronPath: folder}})
		switch {
		case c.want == "" && len(found) > 0, c.want != "" && len(found) != 1:
			t.Errorf("%s: %+v", c.name, found)
		case c.want != "" && (found[0].Note != c.note || found[0].Remedy == "" || !regexp.MustCompile(c.want).MatchString(found[0].Text)):
			t.Errorf("%s: %+v", c.name, found)
		}
	}
}

// TestClockAfterItsRuns: a clock that is behind is noted also when runs have ended by it.
func TestClockAfterItsRuns(t *testing.T) {
	now := time.Date(2020, 1, 1, 0, 1, 0, 0, time.UTC)
	p := &Patient{Clock: render.Clock{Now: now, Zone: time.UTC}, Say: hint.Speller{Program: "timemachine"}, Last: history.LastRun{Ended: now}}
	for latest, want := range map[time.Time]int{{}: 0, now: 0, now.Add(clockSlack): 0, now.AddDate(6, 11, 0): 1} {
		p.Latest = latest
		found := checkClock(p)
		if len(found) != want || want == 1 && (!found[0].Note || found[0].Remedy == "" || !strings.HasSuffix(found[0].Text, "captured 2026-12-01 00:01:00 (in the future)")) {
			t.Errorf("%v: %+v", latest, found)
		}
	}
	p.Last.Ended, p.Latest = now.Add(time.Hour), now.Add(time.Hour)
	if found := checkClock(p); len(found) != 1 || found[0].Note {
		t.Errorf("a run that ended in the future: %+v", found)
	}
}

// TestNothingIsKnown: no check needs anything.
func TestNothingIsKnown(t *testing.T) {
	if r := Examine(&Patient{}); len(r.Findings) > 0 || r.NeedsHand() != 0 {
		t.Errorf("%+v", r.Findings)
	}
}

// TestWindowsRefuses tells names that Windows refuses from others.
func TestWindowsRefuses(t *testing.T) {
	for _, name := range []string{"aux", "AUX.txt", "con.tar.gz", "lpt1", "nul .x", "COM1", "lpt².log", "CONIN$", "a:b", "a.", "a ", "what?", `a\b`, "a\tb"} {
		if !windowsRefuses(name) {
			t.Errorf("%q passes", name)
		}
	}
	for _, name := range []string{"auxiliary", "a.aux", "com10", "com", "comb", "lpt0", ".git", "a b", "größe", "console.log"} {
		if windowsRefuses(name) {
			t.Errorf("%q is refused", name)
		}
	}
}

// TestClosedSources: who cannot read a file is told who could, and how to leave it out.
func TestClosedSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := scan.Problem{Path: file, Msg: "cannot be read", Err: unix.EACCES}
	for _, c := range []struct {
		uid     int
		problem scan.Problem
		maxSize int64
		want    string
	}{
		{os.Getuid() + 1, closed, 0, `^have root record it \(sudo timemachine setup .*/f\), or leave it out with: timemachine add '!.*/f'$`},
		{0, closed, 0, `^leave it out with: timemachine add '!.*/f'$`},
		{os.Getuid() + 1, scan.Problem{Path: file, Msg: "is larger"}, 4, `^take it \(max-size: 1KiB in /etc/t/config.dat\), or leave it out with: `},
		{os.Getuid() + 1, scan.Problem{Path: file, Msg: "cannot be read", Err: unix.EIO}, 5, `^leave it out with: `},
	} {
		p := &Patient{Configuration: "/etc/t/config.dat", Config: &config.Config{MaxSize: c.maxSize}, Say: hint.Speller{Program: "timemachine"}, User: User{UID: c.uid},
			Preview: &preview.Preview{Failing: []scan.Problem{c.problem}}, Hints: func(refusal.Remedy) string { return "" }}
		found := checkSources(p)
		if len(found) != 1 || !regexp.MustCompile(c.want).MatchString(found[0].Remedy) {
			t.Errorf("uid %d, %s: %+v", c.uid, c.problem.Msg, found)
		}
	}
}

// TestRoundedUp: a size for max-size takes the file.
func TestRoundedUp(t *testing.T) {
	for n, want := range map[int64]string{1: "1KiB", 1024: "1KiB", 1025: "2KiB", 7000 << 10: "7000KiB", 10<<20 + 1: "11MiB", 5 << 40: "5120GiB", 20 << 40: "20TiB"} {
		if got := roundedUp(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestFoundConfiguration: cron knows no variables of XDG.
func TestFoundConfiguration(t *testing.T) {
	p := &Patient{Configuration: "/home/a/conf/timemachine/config.dat", Config: &config.Config{}, User: User{AccountHome: "/home/a"},
		Scheduled: []Job{{Where: "crontab", Finds: "/home/a/.config/timemachine/config.dat"}}}
	found := checkEnvironment(p)
	if len(found) != 1 || !regexp.MustCompile(`crontab names no configuration: it finds .*/\.config/.*, and not .*/conf/`).MatchString(found[0].Text) {
		t.Errorf("%+v", found)
	}
}

// TestStoppedJobs: a job that is not at work makes no runs, and no late ones.
func TestStoppedJobs(t *testing.T) {
	p := &Patient{Config: &config.Config{}, Destination: "/d", Scheduled: []Job{{Where: "crontab", Every: 1, Stopped: "cron is not running", Remedy: "service cron start"}}}
	found := checkSchedule(p)
	if len(found) != 1 || found[0].Text != "crontab makes no runs: cron is not running" || found[0].Remedy != "service cron start" {
		t.Errorf("%+v", found)
	}
	if found := checkRuns(p); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}
