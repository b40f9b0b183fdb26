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

// mostOld is how many older versions in a row end the count. Fewer are from a clock that was wrong
// for a while.
const mostOld = 1000

// pace counts what was captured from a moment on. Where the history is younger, it begins with the
// first run, and does not count what that recorded; where there are more than mostPaced commits,
// with the oldest run of these. sources gets the same for each source, without the moment; nil: it
// is not asked for.
func pace(ctx context.Context, h *history.History, since time.Time, sources map[string]*statusview.Pace) (statusview.Pace, error) {
	var sum, run statusview.Pace // of all later runs, and of the one at hand
	var held []record.Record     // of the run at hand, for sources
	end := func() {
		sum.Add(&run)
		for i := range held {
			of := sources[held[i].Source]
			if of == nil {
				of = &statusview.Pace{}
				sources[held[i].Source] = of
			}
			of.Count(&held[i])
		}
		run, held = statusview.Pace{}, held[:0]
	}
	scan, read, old := "", 0, 0
	err := h.Walk(ctx, h.Tip(), object.ID{}, func(v record.Version, recorded bool) error {
		if read++; read > mostPaced {
			return errEnough
		}
		if !recorded {
			return nil
		}
		at := v.CaptureTime()
		if at.Before(since) {
			if old++; old == mostOld {
				return errEnough
			}
			return nil
		}
		old = 0
		if at.After(sum.Latest) {
			sum.Latest = at
		}
		if v.Scan != scan {
			end()
			scan = v.Scan
		}
		run.Since = at
		run.Count(&v.Record)
		if sources != nil && !v.Folder {
			held = append(held, v.Record)
		}
		return nil
	})
	switch {
	case old > 0:
		end()
		sum.Since = since
	case sum.Since.IsZero(): // the walk has ended within the run at hand
		sum.Since = run.Since
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return sum, err
}
