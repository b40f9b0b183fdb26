package when

import (
	"fmt"
	"time"
)

// wholeDay is a day's first moment, and the next one's.
func wholeDay(d day, loc *time.Location) When {
	w := moment(d, tod{}, loc)
	next := d
	next.d++
	w.End = moment(next, tod{}, loc).Time
	return w
}

// moment is a local date and time. A time that the clocks skip is the moment of their change; a
// time that they show twice is the first of the two.
func moment(d day, c tod, loc *time.Location) When {
	wall := time.Date(d.y, d.m, d.d, c.h, c.m, c.s, c.ns, time.UTC)
	t := time.Date(d.y, d.m, d.d, c.h, c.m, c.s, c.ns, loc)
	if !onClock(t).Equal(wall) {
		return skipped(t, wall)
	}
	w := When{Kind: Moment, Time: t}
	start, end := t.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue
		}
		for _, side := range []time.Time{change.Add(-1), change} {
			_, offset := side.Zone()
			other := wall.Add(-time.Duration(offset) * time.Second).In(loc)
			if !other.Equal(t) && onClock(other).Equal(wall) {
				first, second := t, other
				if second.Before(first) {
					first, second = second, first
				}
				w.Time = first
				w.Note = fmt.Sprintf("the clocks show it twice: this is the first; the other is %s", Format(second))
			}
		}
	}
	return w
}

// skipped finds the change of the clocks, near t, that left wall out.
func skipped(t, wall time.Time) When {
	w := When{Kind: Moment, Time: t}
	start, end := t.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if !change.IsZero() && onClock(change.Add(-1)).Before(wall) && onClock(change).After(wall) {
			w.Time = change
			w.Note = "the clocks skip " + wall.Format("15:04") + ": this is when they do"
		}
	}
	return w
}

// onClock is what the clocks of t's zone show at t, as if it were UTC, so that it can be compared.
func onClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
