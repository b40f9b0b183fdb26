package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeLayout is RFC 3339 with nine digits of nanoseconds, so that all mtimes have the same length.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// The seconds of the years 1 to 9999, which RFC 3339 can write.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// FormatTime writes an mtime: RFC 3339 in UTC with nine digits of nanoseconds. Outside the years 1
// to 9999 it is "@seconds.nanoseconds" since 1970. The nanoseconds always count forward: half a
// second before second -2 ends is @-2.500000000.
func FormatTime(t time.Time) string { return string(appendTime(nil, t)) }

func appendTime(b []byte, t time.Time) []byte {
	if sec := t.Unix(); sec < firstSecond || sec > lastSecond {
		return fmt.Appendf(b, "@%d.%09d", sec, t.Nanosecond())
	}
	return t.UTC().AppendFormat(b, timeLayout)
}

var errTime = errors.New("want RFC 3339 with nanoseconds, or @seconds.nanoseconds")

// ParseTime is the inverse of FormatTime; the time is in UTC. It accepts no other zone, and not
// fewer digits.
func ParseTime(s string) (time.Time, error) {
	if count, ok := strings.CutPrefix(s, "@"); ok {
		return parseCount(count)
	}
	if len(s) != len(timeLayout) || s[19] != '.' || s[29] != 'Z' {
		return time.Time{}, errTime
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Unix() < firstSecond {
		return time.Time{}, errTime
	}
	return t, nil
}

func parseCount(s string) (time.Time, error) {
	seconds, fraction, ok := strings.Cut(s, ".")
	if !ok || len(fraction) != 9 || strings.HasPrefix(seconds, "+") {
		return time.Time{}, errTime
	}
	sec, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, errTime
	}
	ns, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil {
		return time.Time{}, errTime
	}
	return time.Unix(sec, int64(ns)).UTC(), nil
}
