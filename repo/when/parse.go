package when

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Forms shows by examples what Parse takes, in one line.
const Forms = "2026-11-23, 2026-11-23 10:15, 2026-11-23T10:15:30Z, 9:15, today, yesterday 9:15, 3d, 2h ago, 90 minutes ago, last week, " +
	"@1 (one version before the newest), a commit, HEAD~3"

// Error is a text that is neither a moment nor a version.
type Error struct {
	Text string
	Why  string // what is wrong with it, or ""
}

func (e *Error) Error() string {
	if e.Why == "" {
		return fmt.Sprintf("%q is neither a time nor a version", e.Text)
	}
	return fmt.Sprintf("%q: %s", e.Text, e.Why)
}

// Parse reads a When. What the text leaves out comes from now, whose location is the zone of local
// times. The error is an *Error. Parse does not look up a Revision: it accepts what git might take
// for one.
func Parse(text string, now time.Time) (When, error) {
	s := strings.TrimSpace(text)
	if commitName(s) {
		return When{Kind: Revision, Rev: s, Exact: true}, nil
	}
	for _, form := range []func(string, time.Time) (When, bool, error){back, dated, clock, named, weekday, last, ago} {
		w, mine, err := form(strings.ToLower(s), now)
		if err != nil {
			return When{}, &Error{Text: text, Why: err.Error()}
		}
		if !mine {
			continue
		}
		if !writable(w) {
			return When{}, &Error{Text: text, Why: "a time before the year 1 or after 9999"}
		}
		return w, nil
	}
	if !revision(s) {
		return When{}, &Error{Text: text}
	}
	return When{Kind: Revision, Rev: s, Exact: true}, nil
}

// commitName tells whether s is a commit's name, or what git abbreviates one to. So many days,
// which could be meant as well, are before any history.
func commitName(s string) bool {
	return len(s) >= 7 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// writable tells whether the year has four digits, here and in UTC.
func writable(w When) bool {
	if w.Kind != Moment {
		return true
	}
	year := func(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }
	return year(w.Time) && year(w.Time.UTC())
}

// back reads @1 and ~1.
func back(s string, _ time.Time) (When, bool, error) {
	if len(s) < 2 || s[0] != '@' && s[0] != '~' || !digits(s[1:]) {
		return When{}, false, nil
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || n > MaxBack {
		return When{}, false, fmt.Errorf("at most %d versions back", MaxBack)
	}
	return When{Kind: Back, Back: n, Exact: true}, true, nil
}

// named reads now, today and yesterday; the last two with or without a time of day.
func named(s string, now time.Time) (When, bool, error) {
	word, rest, _ := strings.Cut(s, " ")
	if s == "now" {
		return When{Kind: Moment, Time: now, Counted: true}, true, nil
	}
	d := dayOf(now)
	switch word {
	case "today":
	case "yesterday":
		d.d--
	default:
		return When{}, false, nil
	}
	return onDay(d, rest, now)
}

// weekday reads "monday", "last monday 9:15": the one before today.
func weekday(s string, now time.Time) (When, bool, error) {
	if rest, ok := strings.CutPrefix(s, "last "); ok {
		s = strings.TrimLeft(rest, " ")
	}
	word, rest, _ := strings.Cut(s, " ")
	for w := time.Sunday; w <= time.Saturday; w++ {
		if name := strings.ToLower(w.String()); word == name || word == name[:3] {
			d := dayOf(now)
			d.d -= (int(now.Weekday()-w)+6)%7 + 1
			return onDay(d, rest, now)
		}
	}
	return When{}, false, nil
}

// onDay reads the time of day after a day; without, it is the whole day.
func onDay(d day, rest string, now time.Time) (When, bool, error) {
	rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), "at "))
	if rest == "" {
		return wholeDay(d, now.Location()), true, nil
	}
	c, ok := clockOf(rest)
	if !ok {
		return When{}, false, fmt.Errorf("%q is no time of day", rest)
	}
	return moment(d, c, now.Location()), true, nil
}

// clock reads a time of day alone.
func clock(s string, now time.Time) (When, bool, error) {
	spelt := s == "noon" || s == "midnight"
	if !spelt && (len(s) < 3 || !digits(s[:1]) || s[1] != ':' && s[2] != ':') {
		return When{}, false, nil
	}
	c, ok := clockOf(s)
	if !ok {
		return When{}, false, errors.New("no such time of day")
	}
	return moment(dayOf(now), c, now.Location()), true, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// revision tells whether git could take s for a revision: the characters of
// git-check-ref-format(1), and ^ ~ { }.
func revision(s string) bool {
	if s == "" || s[0] == '-' || !utf8.ValidString(s) || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == ' ' || !unicode.IsPrint(r) || strings.ContainsRune(`:?*[\`, r)
	})
}
