package repo

import (
	"strings"
	"time"
)

// cleanIdent makes a name that cannot break out of a commit's header: without <, >, control bytes,
// and without the white space and punctuation at its ends that git itself would strip.
func cleanIdent(s, otherwise string) string {
	s = strings.Map(func(c rune) rune {
		if c == '<' || c == '>' || c < 0x20 || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	s = strings.Trim(s, " .,:;\"'\\")
	if s == "" {
		return otherwise
	}
	return s
}

// clampDate brings a time into what git's dates can say: not before 1970, not after the year 9999.
// The record keeps the true time.
func clampDate(t time.Time) time.Time {
	if t.Unix() < 0 {
		return time.Unix(0, 0)
	}
	if last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); t.After(last) {
		return last
	}
	return t
}
