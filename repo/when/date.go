package when

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// day is a date on the calendar; time.Date carries what exceeds a month.
type day struct {
	y int
	m time.Month
	d int
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

// tod is a time of day.
type tod struct{ h, m, s, ns int }

// dated reads a date, with or without a time of day and an offset from UTC, also as in RFC 3339.
func dated(s string, now time.Time) (When, bool, error) {
	if len(s) < 8 || !digits(s[:4]) || s[4] != '-' || !digits(s[5:6]) {
		return When{}, false, nil
	}
	date, rest := s, ""
	if i := strings.IndexAny(s, " t"); i >= 0 {
		date, rest = s[:i], strings.TrimSpace(s[i+1:])
		if rest == "" {
			return When{}, false, errors.New("no time of day after the date")
		}
	}
	d, ok := dateOf(date)
	if !ok {
		return When{}, false, errors.New("no such day")
	}
	if rest == "" {
		return wholeDay(d, now.Location()), true, nil
	}
	rest, zone, ok := cutOffset(rest)
	if !ok {
		return When{}, false, errors.New("no such offset from UTC")
	}
	c, ok := clockOf(rest)
	if !ok {
		return When{}, false, errors.New("no such time of day")
	}
	if zone == nil {
		return moment(d, c, now.Location()), true, nil
	}
	return When{Kind: Moment, Time: time.Date(d.y, d.m, d.d, c.h, c.m, c.s, c.ns, zone), Exact: true}, true, nil
}

// dateOf reads year-month-day. A day that the month does not have is no date.
func dateOf(s string) (day, bool) {
	f := strings.Split(s, "-")
	if len(f) != 3 || len(f[0]) != 4 || len(f[1]) > 2 || len(f[2]) > 2 || !digits(f[1]) || !digits(f[2]) {
		return day{}, false
	}
	y, _ := strconv.Atoi(f[0])
	m, _ := strconv.Atoi(f[1])
	d, _ := strconv.Atoi(f[2])
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return day{y, time.Month(m), d}, y > 0 && int(t.Month()) == m && t.Day() == d
}

// clockOf reads hour:minute[:second[.fraction]], noon and midnight, with which a day begins.
func clockOf(s string) (c tod, ok bool) {
	switch s {
	case "noon":
		return tod{h: 12}, true
	case "midnight":
		return tod{}, true
	}
	s, fraction, dotted := strings.Cut(s, ".")
	f := strings.Split(s, ":")
	if len(f) < 2 || len(f) > 3 || dotted && (len(f) != 3 || !digits(fraction) || len(fraction) > 9) {
		return c, false
	}
	limits := []struct {
		to  *int
		end int
	}{{&c.h, 24}, {&c.m, 60}, {&c.s, 60}}
	for i, word := range f {
		if len(word) > 2 || i > 0 && len(word) != 2 || !digits(word) {
			return c, false
		}
		if *limits[i].to, _ = strconv.Atoi(word); *limits[i].to >= limits[i].end {
			return c, false
		}
	}
	if dotted {
		c.ns, _ = strconv.Atoi((fraction + "000000000")[:9])
	}
	return c, true
}

// cutOffset takes z, utc, +01:00, +0100 or +01:00:30 off the end. zone is nil where there is none.
func cutOffset(s string) (rest string, zone *time.Location, ok bool) {
	for _, word := range []string{"utc", "z"} {
		if rest, found := strings.CutSuffix(s, word); found {
			return strings.TrimSpace(rest), time.UTC, true
		}
	}
	i := strings.LastIndexAny(s, "+-")
	if i < 0 {
		return s, nil, true
	}
	for _, layout := range []string{"-07:00", "-0700", "-07:00:00"} {
		if t, err := time.Parse(layout, s[i:]); err == nil {
			_, offset := t.Zone()
			return strings.TrimSpace(s[:i]), time.FixedZone("", offset), true
		}
	}
	return s, nil, false
}
