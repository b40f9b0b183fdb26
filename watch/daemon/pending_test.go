package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// taken returns the names of what is taken at a time.
func taken(p *pending, now time.Time) (names []string) {
	for _, r := range p.take(now) {
		names = append(names, filepath.Base(r.path))
	}
	slices.Sort(names)
	return names
}

// TestPathsRest: a path is taken when it has rested, one that does not rest after five seconds, and
// one that is missing with what has come meanwhile.
func TestPathsRest(t *testing.T) {
	folder, start := t.TempDir(), time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	there := func(name string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := newPending(500 * time.Millisecond)
	want := func(seconds float64, names ...string) {
		t.Helper()
		if got := taken(p, at(seconds)); !slices.Equal(got, names) {
			t.Errorf("after %v s %q, want %q", seconds, got, names)
		}
	}
	p.add(there("a"), false, false, at(0))
	p.add(there("a"), false, false, at(0.3))
	p.add(there("b"), false, false, at(0.4))
	want(0.7)
	want(0.82, "a")
	want(0.92, "b")
	want(2)

	for i := range 60 {
		p.add(there("busy"), false, false, at(3+float64(i)*0.1))
	}
	want(7.9)
	want(8.02, "busy")

	p.add(filepath.Join(folder, "old"), false, true, at(10))
	p.add(there("new"), true, false, at(10.4))
	want(10.6)
	want(10.95, "new", "old")

	p.add(there("c"), false, false, at(20))
	back := p.take(at(21))
	p.putBack(back)
	p.forgetBefore(at(19))
	want(21, "c")
	p.add(there("c"), false, false, at(30))
	p.forgetBefore(at(31))
	want(40)
}

// TestFloodOfPaths: many paths wait for one another, and too many are forgotten.
func TestFloodOfPaths(t *testing.T) {
	start := time.Now()
	p := newPending(500 * time.Millisecond)
	for i := range manyPaths + 10 {
		p.add(fmt.Sprint(i), true, false, start.Add(time.Duration(i)*time.Millisecond))
	}
	if got := p.take(start.Add(700 * time.Millisecond)); len(got) > 0 {
		t.Errorf("%d are taken while others come", len(got))
	}
	if got := p.take(start.Add(3 * time.Second)); len(got) != manyPaths+10 {
		t.Errorf("%d are taken", len(got))
	}
	for i := range mostPaths {
		if !p.add(fmt.Sprint(i), true, false, start) {
			t.Fatalf("%d are too many", i)
		}
	}
	if p.add("one more", true, false, start) || p.count() != 0 {
		t.Errorf("%d are left", p.count())
	}
}

// TestSignsOfLife: the service manager hears of life while the daemon wakes up, or works.
func TestSignsOfLife(t *testing.T) {
	v := watchOver(0, nil)
	defer v.end()
	now := time.Now()
	if !v.isAlive(now, 0) || v.isAlive(now.Add(time.Minute), time.Hour) {
		t.Error("waiting")
	}
	v.begin()
	if !v.isAlive(now.Add(time.Minute), time.Second) || !v.isAlive(now.Add(150*time.Second), 2*time.Second) {
		t.Error("a run that works is taken for dead")
	}
	if v.isAlive(now.Add(300*time.Second), 2*time.Second) {
		t.Error("a run that hangs is taken for alive")
	}
	v.rest()
}

// TestFewWakeupsAtRest: a daemon for which there is nothing to do wakes up seldom, but often enough
// for its signs of life, and soon after a change of the configuration was seen.
func TestFewWakeupsAtRest(t *testing.T) {
	now := time.Now()
	d := &daemon{stirred: now.Add(-wakeful)}
	if got := d.tick(now); got != tick {
		t.Errorf("after %v of rest: %v", wakeful, got)
	}
	if got := d.tick(now.Add(time.Second)); got != slowTick {
		t.Errorf("after more: %v", got)
	}
	v := vigil{signed: now}
	if !v.isAlive(now.Add(slowTick+9*time.Second), 0) {
		t.Error("a wait at rest counts as no life")
	}
	if v.isAlive(now.Add(slowTick+11*time.Second), 0) {
		t.Error("a wait without end counts as life")
	}
}
