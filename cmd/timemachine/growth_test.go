package main

import (
	"context"
	"testing"
	"time"

	"timemachine/repo/history"
)

// TestPace counts what later runs recorded, without the first one, and nothing before a moment.
func TestPace(t *testing.T) {
	d := newDamaged(t) // three runs, each with one version
	h, err := history.Open(d.dest, history.Options{})
	d.check(err)
	defer h.Close()
	p, err := pace(context.Background(), h, time.Unix(0, 0))
	if d.check(err); p.Versions != 2 || p.Content != int64(len("two\n")+len("three\n")) || p.Copies != p.Content || p.Since.IsZero() {
		t.Errorf("%+v", p)
	}
	later := time.Now().Add(time.Hour)
	p, err = pace(context.Background(), h, later)
	if d.check(err); p.Versions != 0 || !p.Since.Equal(later) {
		t.Errorf("%+v", p)
	}
}
