package config

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Keep says which versions keep a plain copy. The zero value keeps all; at most one field is set.
type Keep struct {
	None  bool
	For   time.Duration // those in force within this time
	Count int           // so many newest of each source
}

// keepUnits are what the units of a time are, in their order.
var keepUnits = map[string]time.Duration{
	"s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

const longestKept = 100 * 365 * 24 * time.Hour

var errKeep = errors.New("neither all nor none, a time such as 30d, nor a number of copies")

// parseKeep reads all, none, a number with s, m, h, d, w or y, or a number of copies.
func parseKeep(text string) (Keep, error) {
	switch text {
	case "all":
		return Keep{}, nil
	case "none":
		return Keep{None: true}, nil
	}
	digits := strings.TrimRight(text, "smhdwy")
	unit, known := keepUnits[text[len(digits):]]
	n, err := strconv.Atoi(digits)
	switch {
	case !onlyDigits(digits), !known && text != digits, err != nil && !errors.Is(err, strconv.ErrRange):
		return Keep{}, errKeep
	case n == 0:
		return Keep{}, errors.New("too little: none keeps no copy")
	case err != nil, known && n > int(longestKept/unit):
		return Keep{}, errors.New("too much: the most is 100y")
	case !known:
		return Keep{Count: n}, nil
	}
	return Keep{For: time.Duration(n) * unit}, nil
}
