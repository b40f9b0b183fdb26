package layout

import (
	"fmt"
	"strings"
	"time"
)

const stampLayout = "2006-01-02T15-04-05.000000Z"

// The seconds of the years 1 to 9999, which stampLayout can write.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// Stamp is the time in a copy's name: UTC, to the microsecond, rounded down, without colon or
// space. A time outside the years 1 to 9999 is in seconds since 1970, "@-62135596801.500000Z",
// rounded down as well.
func Stamp(t time.Time) string {
	if sec := t.Unix(); sec < firstSecond || sec > lastSecond {
		return fmt.Sprintf("@%d.%06dZ", sec, t.Nanosecond()/1000)
	}
	return t.UTC().Format(stampLayout)
}

// beginsWithStamp tells whether a component begins as a copy's name: with a stamp and "-" or "~".
func beginsWithStamp(name string) bool {
	n := stampLen(name)
	return n > 0 && n < len(name) && (name[n] == '-' || name[n] == '~')
}

// stampLen is the length of the stamp that the name begins with, or 0.
func stampLen(name string) int {
	if rest, ok := strings.CutPrefix(name, "@"); ok {
		rest = strings.TrimPrefix(rest, "-")
		fraction := strings.TrimLeft(rest, "0123456789")
		if len(fraction) == len(rest) || !shaped(fraction, ".ddddddZ") {
			return 0
		}
		return len(name) - len(fraction) + len(".ddddddZ")
	}
	const shape = "dddd-dd-ddTdd-dd-dd.ddddddZ"
	if !shaped(name, shape) {
		return 0
	}
	return len(shape)
}

// shaped tells whether the name begins with the shape, in which d stands for a digit.
func shaped(name, shape string) bool {
	if len(name) < len(shape) {
		return false
	}
	for i := range len(shape) {
		digit := '0' <= name[i] && name[i] <= '9'
		if shape[i] == 'd' && !digit || shape[i] != 'd' && name[i] != shape[i] {
			return false
		}
	}
	return true
}
