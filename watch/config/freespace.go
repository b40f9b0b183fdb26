package config

import (
	"fmt"
	"strconv"
	"strings"
)

// FreeSpace is an amount of free space. The zero value stands for the default: 5 % of the file
// system or 1 GiB, whichever is less.
type FreeSpace struct {
	Bytes   int64   // at least 0; counts when Percent is 0
	Percent float64 // 0 to 100, of the file system's size
	Set     bool    // told by the configuration
}

// The default floor of free space for copies: whichever of the two is less.
const (
	floorPercent = 5
	floorBytes   = 1 << 30
)

// Floor is the free space, of size bytes in all, below which no copies are written.
func (f FreeSpace) Floor(size int64) int64 {
	switch {
	case !f.Set:
		return min(size/100*floorPercent, floorBytes)
	case f.Percent > 0:
		return int64(float64(size) / 100 * f.Percent)
	}
	return f.Bytes
}

// KeepsCopies tells whether copies are written at all, and where free of size bytes are left on the
// disk.
func (c *Config) KeepsCopies(free, size int64) bool {
	return !c.CopiesNone && free >= c.CopiesMinFree.Floor(size)
}

// parseFree reads a size, or a percentage such as 5% or 2.5 %.
func parseFree(text string) (FreeSpace, error) {
	number, percent := strings.CutSuffix(text, "%")
	if !percent {
		n, err := parseSize(text)
		return FreeSpace{Bytes: n, Set: true}, err
	}
	number = strings.TrimRight(number, " ")
	whole, fraction, point := strings.Cut(number, ".")
	p, err := strconv.ParseFloat(number, 64)
	if !onlyDigits(whole) || (point && !onlyDigits(fraction)) || err != nil || p > 100 {
		return FreeSpace{}, fmt.Errorf("%q is not between 0%% and 100%%", text)
	}
	return FreeSpace{Percent: p, Set: true}, nil
}
