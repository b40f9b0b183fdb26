package main

import (
	"context"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/repo/history"
)

// TestPace counts what later runs recorded, without the first one, and nothing before a moment.
func TestPace(t *testing.T) {
	d := newDamaged(t) // three runs, each with one version
	h, err := history.Open(d.dest, history.Options{})
	d.check(err)
	defer h.Close()
	sources := map[string]*statusview.Pace{}
	p, err := pace(context.Background(), h, time.Unix(0, 0), sources)
	if d.check(err); p.Versions != 2 || p.Content != int64(len("two\n")+len("three\n")) || p.Copies != p.Content || p.Since.IsZero() {
		t.Errorf("%+v", p)
	}
	var sum statusview.Pace
	for _, of := range sources {
		sum.Add(of)
	}
	if sum.Versions != p.Versions || sum.Content != p.Content || sum.Copies != p.Copies {
		t.Errorf("all sources: %+v, and each: %+v", p, sum)
	}
	later := time.Now().Add(time.Hour)
	p, err = pace(context.Background(), h, later, nil)
	if d.check(err); p.Versions != 0 || !p.Since.Equal(later) {
		t.Errorf("%+v", p)
	}
}
