package logview

import (
	"fmt"
	"time"
)

// Ago tells how long ago a moment is, in the words and with the rounding of git.
func Ago(t, now time.Time) string {
	if t.After(now.Add(time.Second)) {
		return "in the future"
	}
	n := int64(max(0, now.Sub(t)) / time.Second)
	words := func(n int64, unit string) string {
		if n == 1 {
			return "1 " + unit + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, unit)
	}
	if n < 90 {
		return words(n, "second")
	}
	if n = (n + 30) / 60; n < 90 {
		return words(n, "minute")
	}
	if n = (n + 30) / 60; n < 36 {
		return words(n, "hour")
	}
	switch n = (n + 12) / 24; {
	case n < 14:
		return words(n, "day")
	case n < 70:
		return words((n+3)/7, "week")
	case n < 365:
		return words((n+15)/30, "month")
	case n < 1825:
		months := (n*12*2 + 365) / (365 * 2)
		years := fmt.Sprintf("%d years", months/12)
		if months < 24 {
			years = "1 year"
		}
		switch months % 12 {
		case 0:
			return years + " ago"
		case 1:
			return years + ", 1 month ago"
		}
		return fmt.Sprintf("%s, %d months ago", years, months%12)
	}
	return words((n+183)/365, "year")
}

// agoColumns are the columns of the longest Ago without years.
const agoColumns = 14

// briefAgo is Ago in agoColumns: years stand without months.
func briefAgo(t, now time.Time) string {
	if now.Sub(t) < 365*24*time.Hour {
		return Ago(t, now)
	}
	n := int(now.Sub(t).Hours() / 24 / 365)
	if n == 1 {
		return "1 year ago"
	}
	return fmt.Sprintf("%d years ago", n)
}

// date is a moment to the minute with its day of the week, or with its year where it is long ago.
func (s *Style) date(t time.Time) string {
	if d := s.Now.Sub(t); d > 300*24*time.Hour || d < -24*time.Hour {
		return t.In(s.Zone).Format("_2 Jan 2006 15:04")
	}
	return t.In(s.Zone).Format("Mon _2 Jan 15:04")
}

// dateColumns are the columns of the longest date.
const dateColumns = 17
