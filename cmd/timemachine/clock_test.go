package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo/history"
)

// TestWarningsAfterTheClockWasAhead: what was printed by a clock that was a year ahead is printed
// again soon, and what was printed two hours ahead is not.
func TestWarningsAfterTheClockWasAhead(t *testing.T) {
	right := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	now := right
	a := testApp(map[string]string{"XDG_STATE_HOME": t.TempDir()}, &now)
	for i, step := range []struct {
		now  time.Time
		news bool
	}{
		{right.Add(2 * time.Hour), true},
		{right, false},
		{right.AddDate(1, 0, 0), true},
		{right.Add(time.Minute), true},
		{right.Add(2 * time.Minute), false},
	} {
		now = step.now
		m := a.recall("/c")
		if news := m.isNews("a warning"); news != step.news {
			t.Errorf("step %d: a warning is news: %v", i, news)
		}
		m.noteUse("/dest", 0)
		m.noteEnded("/dest")
		if err := m.save(); err != nil {
			t.Fatal(err)
		}
	}
	now = right.AddDate(1, 0, 0)
	m := a.recall("/c")
	m.isFirst("a notice")
	if err := m.save(); err != nil {
		t.Fatal(err)
	}
	if !m.isNewFailure(context.Canceled) || m.isNewFailure(context.Canceled) {
		t.Error("a failure is not printed once")
	}
	if m.now = right; !m.isNewFailure(context.Canceled) {
		t.Error("a failure that was printed in the future is not printed again")
	}
	now = right
	if m = a.recall("/c"); m.save() != nil || !a.recall("/c").isFirst("a notice") {
		t.Error("a notice of the future is not forgotten")
	}
}

// TestFailuresAfterTheClockWasAhead: a run that has ended in the future does not hide one that
// fails now. One that has ended since does.
func TestFailuresAfterTheClockWasAhead(t *testing.T) {
	now := time.Now()
	m := &memory{now: now, Destinations: map[string]usedPlace{"/dest": {Failed: &failedNote{When: now.Add(-time.Minute), Why: "full"}}}}
	for ended, want := range map[time.Duration]bool{-time.Hour: true, -time.Second: false, time.Hour: true} {
		if got := m.lastFailure("/dest", history.LastRun{Ended: now.Add(ended)}); (got != nil) != want {
			t.Errorf("a run ended %v from now: %v", ended, got)
		}
	}
}

// TestPaceWithAWrongClock: runs of a clock that was years behind for a while do not end the count
// of what was recorded in the last month, and one that went back hides no later capture.
func TestPaceWithAWrongClock(t *testing.T) {
	d := newDamaged(t) // three runs
	now := time.Now()
	for _, at := range []time.Time{now.AddDate(-6, 0, 0), now, now.Add(-2 * time.Hour)} {
		write(t, d.file, []byte(at.String()))
		a := systemApp()
		a.lookup = func(name string) (string, bool) { return filepath.Dir(d.dest), name == "HOME" }
		a.args, a.now = []string{"-q", "-d", d.dest, "-c", d.file + ".dat", "run"}, func() time.Time { return at }
		write(t, d.file+".dat", []byte("- \""+d.file+"\"\n"))
		if code := a.execute(context.Background()); code != 0 {
			t.Fatalf("exit %d", code)
		}
	}
	h, err := history.Open(d.dest, history.Options{})
	d.check(err)
	defer h.Close()
	since := now.AddDate(0, -1, 0)
	p, err := pace(context.Background(), h, since, nil)
	if d.check(err); p.Versions != 4 || p.Latest.Before(now.Add(-time.Second)) {
		t.Errorf("%d versions since %v, not 4, the latest captured %v", p.Versions, p.Since, p.Latest)
	}
}
