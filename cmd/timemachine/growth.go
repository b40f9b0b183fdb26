package main

import (
	"context"
	"errors"
	"time"

	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// mostPaced is the number of commits that are read at most to tell how much a history grows.
const mostPaced = 100_000

// pace counts what was captured from a moment on. Where the history is younger, it begins with the
// first run, and does not count what that recorded; where there are more than mostPaced commits,
// with the oldest run of these.
func pace(ctx context.Context, h *history.History, since time.Time) (statusview.Pace, error) {
	var sum, run statusview.Pace // of all later runs, and of the one at hand
	scan, read := "", 0
	err := h.Walk(ctx, h.Tip(), object.ID{}, func(v record.Version, recorded bool) error {
		if read++; read > mostPaced {
			return errEnough
		}
		if !recorded {
			return nil
		}
		at := v.CaptureTime()
		if at.Before(since) {
			sum.Add(&run)
			sum.Since = since
			return errEnough
		}
		if v.Scan != scan {
			sum.Add(&run)
			run, scan = statusview.Pace{}, v.Scan
		}
		run.Since = at
		run.Count(&v.Record)
		return nil
	})
	if sum.Since.IsZero() { // the walk has ended within the run at hand
		sum.Since = run.Since
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return sum, err
}
