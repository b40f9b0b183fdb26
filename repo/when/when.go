// Package when reads what a person writes for a moment or a version: "yesterday 9:15", "2h ago",
// "2026-11-23", "@1", "5f0c1a2b3c".
//
// It is pure: the caller passes the present moment and the time zone, and nothing is looked up.
//
// # Forms
//
//	2026-11-23T04:48:12.5Z       RFC 3339; also with a space for the T, and with "Z" or "+01:00"
//	                             after a space
//	2026-11-23                   a day: its first moment
//	2026-11-23 10:15[:30[.5]]    local time
//	10:15[:30]                   local time today
//	noon, midnight               times of day, too: yesterday noon; midnight begins the day
//	monday, last monday 9:15     the one before today
//	now, today, yesterday        the last two mean the first moment of the day, or a time of it:
//	                             yesterday 9:15
//	3d, 2h ago, 1h30m            that long before now; s, m (minutes), h, d, w, and the words:
//	                             90 minutes ago, 1 day 2 hours ago
//	last week                    hour, day, week, month, year: one of them before now
//	@1, ~1                       that many versions before the newest
//	everything else              a revision of git's: a commit's name or the start of one, HEAD~3,
//	                             main, main@{1}
//
// Days, weeks, months and years count on the calendar: 1d before ten o'clock is ten o'clock, also
// across a change of the clocks. A local time that the clocks skip is the moment of their change. A
// local time that they show twice is the first of the two. When.Note says what was chosen.
//
// A word that is a time in one of the forms above is never a revision: a branch called "today" is
// refs/heads/today.
package when

import (
	"strconv"
	"time"
)

// Kind says which of its fields a When is about.
type Kind int

// The kinds. The zero value is none of them.
const (
	Moment   Kind = iota + 1 // Time
	Back                     // N versions before the newest
	Revision                 // Rev, which git's rules resolve
)

// When is a moment or a version that a person named.
type When struct {
	Kind Kind
	Time time.Time // of a Moment, in the zone that was passed in or written
	End  time.Time // of a Moment that is a whole day: the first moment of the next day; else zero
	Back int       // 0 is the newest; at most MaxBack
	Rev  string    // not empty
	// Exact is true where nothing had to be supplied: an RFC 3339 time, a number of versions, a
	// revision.
	Exact bool
	// Counted is true where the time was counted from the present moment, with its fraction of a
	// second.
	Counted bool
	// Note says what was chosen where a local time occurs twice or never; "" elsewhere.
	Note string
}

// MaxBack is the largest N of @N.
const MaxBack = 1 << 30

// String says without ambiguity what was meant: "2026-11-01 00:00 +01:00", "@1" or the revision.
func (w When) String() string {
	switch w.Kind {
	case Moment:
		return Format(w.Time)
	case Back:
		return "@" + strconv.Itoa(w.Back)
	}
	return w.Rev
}

// Format writes a moment with its offset. It leaves out seconds and fractions that are zero.
func Format(t time.Time) string {
	clock, zone := "2006-01-02 15:04", " -07:00"
	switch {
	case t.Nanosecond() != 0:
		clock = "2006-01-02 15:04:05.999999999"
	case t.Second() != 0:
		clock = "2006-01-02 15:04:05"
	}
	if _, offset := t.Zone(); offset%60 != 0 { // before standard time
		zone = " -07:00:00"
	}
	return t.Format(clock + zone)
}
