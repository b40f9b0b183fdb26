package when

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// now is a Monday in Berlin, five past ten, an hour ahead of UTC.
func now(t testing.TB) time.Time {
	return time.Date(2026, 11, 23, 10, 5, 30, 250_000_000, zone(t, "Europe/Berlin"))
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-23T04:48:12.5Z":         "2026-11-23 04:48:12.5 +00:00",
		"2026-11-23t04:48:12.174276174z": "2026-11-23 04:48:12.174276174 +00:00",
		"2026-11-23T04:48:12-05:30":      "2026-11-23 04:48:12 -05:30",
		"2026-11-23 04:48 +0100":         "2026-11-23 04:48 +01:00",
		"2026-11-23 04:48 UTC":           "2026-11-23 04:48 +00:00",
		"2026-11-23":                     "2026-11-23 00:00 +01:00",
		"2026-7-3":                       "2026-07-03 00:00 +02:00",
		"2026-11-23 10:15":               "2026-11-23 10:15 +01:00",
		"2026-11-23T10:15":               "2026-11-23 10:15 +01:00",
		"2026-07-23 10:15:30":            "2026-07-23 10:15:30 +02:00",
		"2026-07-23  9:15:30.000000001":  "2026-07-23 09:15:30.000000001 +02:00",
		"9:15":                           "2026-11-23 09:15 +01:00",
		"23:59:59":                       "2026-11-23 23:59:59 +01:00",
		"now":                            "2026-11-23 10:05:30.25 +01:00",
		"today":                          "2026-11-23 00:00 +01:00",
		"Today 8:00":                     "2026-11-23 08:00 +01:00",
		"yesterday":                      "2026-11-22 00:00 +01:00",
		"yesterday 9:15":                 "2026-11-22 09:15 +01:00",
		"yesterday at 9:15:07":           "2026-11-22 09:15:07 +01:00",
		"yesterday noon":                 "2026-11-22 12:00 +01:00",
		"midnight":                       "2026-11-23 00:00 +01:00",
		"noon":                           "2026-11-23 12:00 +01:00",
		"2026-11-21 noon":                "2026-11-21 12:00 +01:00",
		"sunday":                         "2026-11-22 00:00 +01:00",
		"Mon":                            "2026-11-16 00:00 +01:00", // today is one
		"last tuesday at 9:15":           "2026-11-17 09:15 +01:00",
		"last  fri":                      "2026-11-20 00:00 +01:00",
		"3d":                             "2026-11-20 10:05:30.25 +01:00",
		"3 days ago":                     "2026-11-20 10:05:30.25 +01:00",
		"2h ago":                         "2026-11-23 08:05:30.25 +01:00",
		"90 minutes ago":                 "2026-11-23 08:35:30.25 +01:00",
		"1h30m":                          "2026-11-23 08:35:30.25 +01:00",
		"1 day 2 hours ago":              "2026-11-22 08:05:30.25 +01:00",
		"1 day and 2 hours ago":          "2026-11-22 08:05:30.25 +01:00",
		"1 day, 2 hours ago":             "2026-11-22 08:05:30.25 +01:00",
		"an hour ago":                    "2026-11-23 09:05:30.25 +01:00",
		"a week ago":                     "2026-11-16 10:05:30.25 +01:00",
		"0s":                             "2026-11-23 10:05:30.25 +01:00",
		"2w":                             "2026-11-09 10:05:30.25 +01:00",
		"1mo":                            "2026-10-23 10:05:30.25 +02:00",
		"2 years ago":                    "2024-11-23 10:05:30.25 +01:00",
		"last week":                      "2026-11-16 10:05:30.25 +01:00",
		"last  month":                    "2026-10-23 10:05:30.25 +02:00",
		"LAST YEAR":                      "2025-11-23 10:05:30.25 +01:00",
		"  yesterday  ":                  "2026-11-22 00:00 +01:00",
		// also the beginning of a commit's name
		"1000d": "2024-02-27 10:05:30.25 +01:00",
		"30d":   "2026-10-24 10:05:30.25 +02:00",
	} {
		w, err := Parse(text, now(t))
		if err != nil || w.Kind != Moment || w.String() != want || w.Note != "" {
			t.Errorf("%q: %v, note %q, error %v; want %s", text, w, w.Note, err, want)
		}
	}
}

// TestEveryCommitIsARevision: however a commit's name begins, it is no time, nor is what git writes
// after it.
func TestEveryCommitIsARevision(t *testing.T) {
	for i := range 20000 {
		sum := sha1.Sum([]byte{byte(i), byte(i >> 8)})
		name := strings.NewReplacer("a", "1", "b", "2", "c", "d", "e", "d").Replace(hex.EncodeToString(sum[:]))
		for _, suffix := range []string{"", "~0", "^", "~3^2"} {
			if w, err := Parse(name+suffix, now(t)); err != nil || w.Kind != Revision || w.Rev != name+suffix {
				t.Fatalf("%q: %v, %v", name+suffix, w, err)
			}
		}
	}
}

func TestVersionsAndRevisions(t *testing.T) {
	for text, want := range map[string]When{
		"@0":           {Kind: Back, Back: 0},
		"@12":          {Kind: Back, Back: 12},
		"~1":           {Kind: Back, Back: 1},
		"5f0c1a2b3c":   {Kind: Revision, Rev: "5f0c1a2b3c"},
		"HEAD":         {Kind: Revision, Rev: "HEAD"},
		"HEAD~3":       {Kind: Revision, Rev: "HEAD~3"},
		"@":            {Kind: Revision, Rev: "@"},
		"@{1}":         {Kind: Revision, Rev: "@{1}"},
		"main@{1}":     {Kind: Revision, Rev: "main@{1}"},
		"origin/Main^": {Kind: Revision, Rev: "origin/Main^"},
		"3x":           {Kind: Revision, Rev: "3x"},
		"2026-feature": {Kind: Revision, Rev: "2026-feature"},
		"20261123":     {Kind: Revision, Rev: "20261123"},
		"123456d":      {Kind: Revision, Rev: "123456d"},
		"99999999999d": {Kind: Revision, Rev: "99999999999d"},
		"38248752160d978bea80b2b505ad80e901a3df7e":  {Kind: Revision, Rev: "38248752160d978bea80b2b505ad80e901a3df7e"},
		"12D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D": {Kind: Revision, Rev: "12D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D"},
	} {
		want.Exact = true
		if got, err := Parse(text, now(t)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestDays(t *testing.T) {
	for text, end := range map[string]string{
		"2026-11-23": "2026-11-24 00:00 +01:00", "today": "2026-11-24 00:00 +01:00", "yesterday": "2026-11-23 00:00 +01:00",
		"2026-10-24": "2026-10-25 00:00 +02:00", "2026-10-25": "2026-10-26 00:00 +01:00", "2026-02-28": "2026-03-01 00:00 +01:00",
	} {
		if w, err := Parse(text, now(t)); err != nil || Format(w.End) != end || w.Exact {
			t.Errorf("%q: ends %s, %v", text, Format(w.End), err)
		}
	}
	for _, text := range []string{"2026-11-23 10:15", "today 9:00", "3d", "now", "2026-11-23T00:00:00Z"} {
		if w, err := Parse(text, now(t)); err != nil || !w.End.IsZero() {
			t.Errorf("%q: ends %s, %v", text, w.End, err)
		}
	}
}

// TestClockChanges goes through the hours that a zone skips or shows twice.
func TestClockChanges(t *testing.T) {
	for _, c := range []struct{ zone, now, text, want, note string }{
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-03-29 01:59", "2026-03-29 01:59 +01:00", ""},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-03-29 02:30", "2026-03-29 03:00 +02:00", "skip 02:30"},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-03-29 02:00", "2026-03-29 03:00 +02:00", "skip 02:00"},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-03-29 03:00", "2026-03-29 03:00 +02:00", ""},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-10-25 02:30", "2026-10-25 02:30 +02:00", "the other is 2026-10-25 02:30 +01:00"},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-10-25 02:00", "2026-10-25 02:00 +02:00", "twice"},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-10-25 03:00", "2026-10-25 03:00 +01:00", ""},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "2026-10-25 02:30 +01:00", "2026-10-25 02:30 +01:00", ""},
		{"Europe/Berlin", "2026-10-25T12:00:00Z", "1d", "2026-10-24 13:00 +02:00", ""}, // 25 hours
		{"Europe/Berlin", "2026-10-25T12:00:00Z", "24h", "2026-10-24 14:00 +02:00", ""},
		{"Europe/Berlin", "2026-03-30T00:30:00Z", "1d", "2026-03-29 03:00 +02:00", "skip 02:30"},
		{"Europe/Berlin", "2026-03-31T10:00:00Z", "1mo", "2026-02-28 12:00 +01:00", ""},
		{"Europe/Berlin", "2024-02-29T10:00:00Z", "1y", "2023-02-28 11:00 +01:00", ""},
		// no midnight
		{"America/Sao_Paulo", "2018-12-01T12:00:00Z", "2018-11-04", "2018-11-04 01:00 -02:00", "skip 00:00"},
		{"America/Havana", "2026-12-01T12:00:00Z", "2026-11-01", "2026-11-01 00:00 -04:00", "twice"},
		// half an hour
		{"Australia/Lord_Howe", "2026-12-01T12:00:00Z", "2026-10-04 02:15", "2026-10-04 02:30 +11:00", "skip"},
		// no such day
		{"Pacific/Apia", "2012-02-01T12:00:00Z", "2011-12-30 12:00", "2011-12-31 00:00 +14:00", "skip"},
		{"UTC", "2026-11-23T12:00:00Z", "2026-03-29 02:30", "2026-03-29 02:30 +00:00", ""},
		{"Europe/Berlin", "2026-11-23T12:00:00Z", "1890-01-01 12:00", "1890-01-01 12:00 +00:53:28", ""},
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		w, err := Parse(c.text, now.In(zone(t, c.zone)))
		if err != nil || w.String() != c.want || !strings.Contains(w.Note, c.note) || (c.note == "") != (w.Note == "") {
			t.Errorf("%s %q: %s, note %q, error %v; want %s", c.zone, c.text, w, w.Note, err, c.want)
		}
	}
}

func TestNonsense(t *testing.T) {
	for _, text := range []string{"", " ", "next week", "5 foos", "2026-02-30", "2026-13-01", "2026-11-23 25:00", "2026-11-23 10", "2026-11-23 10:15 +99:00",
		"2026-11-23 10:15:60", "25:00", "9:5", "last fortnight", "99999999999 d", "9999 years ago", "@99999999999999999999",
		"a..b", "-x", "what?", "x\x1b[31m", "\xff", "0000-01-01", "2026-11-23 ", "10:00:00.", "9999999999h"} {
		w, err := Parse(text, now(t))
		var e *Error
		if text == "2026-11-23 " {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if !errors.As(err, &e) || strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q: %+v, %v", text, w, err)
		}
	}
}

// FuzzParse has every result say what it means in a form that is read the same way, whatever the
// zone.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-11-23T04:48:12.5Z", "2026-03-29 02:30", "yesterday 9:15", "1 day 2 hours ago", "last week", "@1", "HEAD~3", "9999999h", "0001-01-01", "9999-12-31 23:59:59.9", "a week ago"} {
		f.Add(s, int64(1795424730), uint8(1))
	}
	names := []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "Asia/Kathmandu"}
	f.Fuzz(func(t *testing.T, text string, unix int64, z uint8) {
		if unix < 0 || unix > 1<<38 {
			return
		}
		now := time.Unix(unix, 5).In(zone(t, names[int(z)%len(names)]))
		w, err := Parse(text, now)
		if err != nil {
			if w != (When{}) {
				t.Errorf("%q: %+v with an error", text, w)
			}
			return
		}
		again, err := Parse(w.String(), now)
		if err != nil || again.Kind != w.Kind || !again.Time.Equal(w.Time) || again.Back != w.Back || again.Rev != w.Rev {
			t.Errorf("%q is %s, which is %+v, %v", text, w, again, err)
		}
		if !w.End.IsZero() && !w.End.After(w.Time) && names[int(z)%len(names)] != "Pacific/Apia" {
			t.Errorf("%q: a day from %s to %s", text, w.Time, w.End)
		}
	})
}
