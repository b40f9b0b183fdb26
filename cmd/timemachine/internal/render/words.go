package render

import (
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
)

// Count is a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// CountBoth is a number of files and of folders, without the noun of which there are none.
func CountBoth(files, folders int) string {
	switch {
	case folders == 0:
		return Count(files, "file")
	case files == 0:
		return Count(folders, "folder")
	}
	return Count(files, "file") + " and " + Count(folders, "folder")
}

// plural is count for nouns with a plural of their own.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// brief is a duration, rounded for people.
func brief(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return d.Round(time.Second).String()
}

// SizeText is a number of bytes for people.
func SizeText(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, units := float64(n)/(1<<10), "KMGTPE"
	for f >= 1<<10 {
		f, units = f/(1<<10), units[1:]
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[:1] + "iB"
}

// LocalTime is a moment for people: to the second, with its offset from UTC.
func LocalTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}

// Minute is a moment for people, to the minute.
func Minute(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }

// VersionText names a version by its commit and by the moment from which it was in force, as log
// shows them.
func VersionText(commit object.ID, since time.Time, zone *time.Location) string {
	return "version " + commit.Short() + " of " + LocalTime(since, zone)
}

// FirstLine is the first line of an error's text.
func FirstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
