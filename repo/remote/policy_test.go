package remote

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
)

var (
	ours   = object.Hash(object.Blob, []byte("ours"))
	newer  = object.Hash(object.Blob, []byte("newer"))
	theirs = object.Hash(object.Blob, []byte("theirs"))
)

// simulate makes a run a minute. fails tells why a push fails in a minute, false where it does not.
// It returns the minutes with a push, and those in which a line is printed.
func simulate(minutes int, tip func(minute int) object.ID, fails func(minute int) (Reason, bool)) (pushes, lines []int) {
	target := sampleTarget("ssh://git@host/a.git")
	var state runstate.Push
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for m := range minutes {
		now := begin.Add(time.Duration(m)*time.Minute + time.Duration(m%7)*time.Second)
		if !isDue(&state, target, tip(m), now) {
			continue
		}
		pushes = append(pushes, m)
		news := false
		if r, failed := fails(m); failed {
			news = noteFailure(&state, target, target.newFailure(r, "", nil), tip(m), theirs, now, true)
		} else {
			news = noteSuccess(&state, tip(m), now, false)
		}
		if news {
			lines = append(lines, m)
		}
	}
	return pushes, lines
}

const week = 7 * 24 * 60

// TestWeekWithoutRemote: one line when it begins, one when it works again, whatever the reason is
// and however often it changes; a version is recorded every ten minutes.
func TestWeekWithoutRemote(t *testing.T) {
	tip := func(minute int) object.ID {
		return object.Hash(object.Blob, []byte{byte(minute / 10), byte(minute / 2560)})
	}
	for r, what := range reasons {
		pushes, lines := simulate(week+120, tip, func(minute int) (Reason, bool) { return r, minute < week })
		if len(lines) != 2 || lines[0] != 0 || lines[1] < week || lines[1] > week+60 {
			t.Errorf("%s: lines in minutes %v", what.words, lines)
		}
		if len(pushes) > 7*24+30 || len(pushes) < 7*24 {
			t.Errorf("%s: %d pushes", what.words, len(pushes))
		}
	}
	network := []Reason{NoName, NoListener, NoRoute, Broken, NoAnswer, ServerError}
	_, lines := simulate(week+120, tip, func(minute int) (Reason, bool) { return network[minute%len(network)], minute < week })
	if len(lines) != 2 {
		t.Errorf("a poor network: lines in minutes %v", lines)
	}
	// a line for each class, once
	mixed := []Reason{NoName, NoLogin, Declined, NoRepository}
	_, lines = simulate(week+120, tip, func(minute int) (Reason, bool) { return mixed[minute/60%len(mixed)], minute < week })
	if len(lines) != len(mixed)+1 {
		t.Errorf("a remote that changes: lines in minutes %v", lines)
	}
}

// TestBackoff: after 1, 2, 4 … 60 minutes, and in the minute that cron runs a little early.
func TestBackoff(t *testing.T) {
	same := func(int) object.ID { return ours }
	pushes, _ := simulate(300, same, func(int) (Reason, bool) { return NoName, true })
	want := []int{0, 1, 3, 7, 15, 31, 63, 123, 183, 243}
	if len(pushes) != len(want) {
		t.Fatalf("%v", pushes)
	}
	for i := range want {
		if pushes[i] != want[i] {
			t.Fatalf("%v", pushes)
		}
	}
}

// TestWhenDue: what makes a run push.
func TestWhenDue(t *testing.T) {
	now := time.Unix(1e9, 0)
	target := sampleTarget("/srv/a.git")
	failing := func(r Reason, ago time.Duration) runstate.Push {
		var p runstate.Push
		noteFailure(&p, target, target.newFailure(r, "", nil), ours, theirs, now.Add(-ago), true)
		return p
	}
	private := *target
	private.Private = true
	for _, c := range []struct {
		what   string
		state  runstate.Push
		target *Target
		tip    object.ID
		due    bool
	}{
		{"nothing is known", runstate.Push{}, target, ours, true},
		{"the remote has it", runstate.Push{Seen: ours}, target, ours, false},
		{"a new version", runstate.Push{Seen: ours}, target, newer, true},
		{"just failed", failing(NoName, 0), target, newer, false},
		{"a minute ago", failing(NoName, time.Minute), target, newer, true},
		{"the clock was set back", failing(NoName, -time.Hour), target, ours, true},
		{"no key, a minute ago", failing(NoLogin, time.Minute), target, newer, false},
		{"no key, an hour ago", failing(NoLogin, time.Hour), target, ours, true},
		{"refused, nothing new", failing(Declined, 30*time.Minute), target, ours, false},
		{"refused, a new version", failing(Declined, time.Minute), target, newer, true},
		{"refused, an hour ago", failing(Declined, time.Hour), target, ours, true},
		{"gone", failing(NoRepository, 30*time.Minute), target, newer, false},
		{"private files", failing(PrivateFiles, time.Minute), target, newer, false},
		{"private files are allowed now", failing(PrivateFiles, time.Minute), &private, newer, true},
	} {
		if got := isDue(&c.state, c.target, c.tip, now); got != c.due {
			t.Errorf("%s: due %t", c.what, got)
		}
	}
	refused := failing(Declined, time.Hour)
	if !isRefusedAgain(&refused, ours, theirs) || isRefusedAgain(&refused, newer, theirs) || isRefusedAgain(&refused, ours, newer) {
		t.Error("a refusal is not compared with both branches")
	}
}

// TestRepairedMeanwhile: what a person repairs on this machine makes the next run push, and nothing
// else does before the hour is over.
func TestRepairedMeanwhile(t *testing.T) {
	now := time.Unix(1e9, 0)
	home, folder := t.TempDir(), filepath.Join(t.TempDir(), "r.git")
	target := sampleTarget("ssh://git@host/a.git")
	target.home, target.folder = home, folder
	for _, c := range []struct {
		reason Reason
		path   string
		due    bool
	}{
		{HostKeyUnknown, home + "/.ssh/known_hosts", true},
		{NoLogin, home + "/.netrc", true},
		{NoLogin, home + "/notes", false},
		{NoLogin, folder + "/HEAD", false},
		{NoRepository, home + "/.netrc", false},
		{NoRepository, folder + "/HEAD", true},
		{Declined, home + "/.netrc", false},
	} {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		var p runstate.Push
		noteFailure(&p, target, target.newFailure(c.reason, "", nil), ours, theirs, now, true)
		if isDue(&p, target, ours, now.Add(time.Minute)) {
			t.Errorf("%s is tried again with nothing changed", reasons[c.reason].words)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(c.path), 0o700), os.WriteFile(c.path, []byte(c.path), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := isDue(&p, target, ours, now.Add(time.Minute)); got != c.due {
			t.Errorf("%s, and %s was written: due %t", reasons[c.reason].words, c.path, got)
		}
	}
}

// TestToldByHand: a failure that a person's push has told is tried by the next run, and printed by
// it, once.
func TestToldByHand(t *testing.T) {
	now := time.Unix(1e9, 0)
	target := sampleTarget("ssh://git@host/a.git")
	for r, what := range reasons {
		var p runstate.Push
		noteFailure(&p, target, target.newFailure(r, "", nil), ours, theirs, now, false)
		if !isDue(&p, target, ours, now.Add(time.Second)) {
			t.Errorf("%s: the next run does not try", what.words)
		}
		if isRefusedAgain(&p, ours, theirs) {
			t.Errorf("%s: the next run passes it over", what.words)
		}
		if !noteFailure(&p, target, target.newFailure(r, "", nil), ours, theirs, now, true) {
			t.Errorf("%s: the first run says nothing", what.words)
		}
		if isDue(&p, target, ours, now.Add(time.Second)) || noteFailure(&p, target, target.newFailure(r, "", nil), ours, theirs, now, true) {
			t.Errorf("%s: it is told again", what.words)
		}
	}
}

// TestBehindInTheFuture: a version that was captured while the clock was ahead makes a remote be
// behind, since it is not known for how long.
func TestBehindInTheFuture(t *testing.T) {
	now := time.Unix(1e9, 0)
	for by, want := range map[time.Duration]bool{-time.Minute: false, -time.Hour: true, time.Minute: false, time.Hour: true} {
		s := State{Lacking: 1, Oldest: now.Add(by)}
		if got := s.IsBehind(now, 5*time.Minute); got != want {
			t.Errorf("captured %v from now: behind %v", by, got)
		}
	}
}
