package config

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"timemachine/repo/durable"
)

// sizeUnits are the bytes of each unit, in lower case.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
}

var errSize = errors.New("not a size such as 100MiB")

// parseSize reads a number of bytes: an integer, or a decimal number with a unit in any case. KB,
// MB, GB and TB are powers of 1000. KiB, MiB, GiB, TiB and the lone K, M, G, T are powers of 1024.
// It rounds down. The result is at least 0.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "abgikmtABGIKMT")
	unit, known := sizeUnits[strings.ToLower(text[len(digits):])]
	number := strings.TrimRight(digits, " ")
	whole, fraction, point := strings.Cut(number, ".")
	if !known || !onlyDigits(whole) || (point && (!onlyDigits(fraction) || unit == 1)) {
		return 0, fmt.Errorf("%q is %w", text, errSize)
	}
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("size %q is too large", text)
	}
	high, low := bits.Mul64(n, uint64(unit))
	part := fractionOf(fraction, unit)
	if high != 0 || low > math.MaxInt64-part {
		return 0, fmt.Errorf("size %q is too large", text)
	}
	return int64(low + part), nil
}

// fractionOf returns 0.digits of unit, rounded down. It drops digits after the ninth, which matter
// for a terabyte only.
func fractionOf(digits string, unit int64) uint64 {
	digits = (digits + "000000000")[:9]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0
	}
	high, low := bits.Mul64(n, uint64(unit))
	part, _ := bits.Div64(high, low, 1e9)
	return part
}

func onlyDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// FreeSpace is an amount of free space. The zero value stands for the default: 5 % of the file
// system or 1 GiB, and 5 % of its inodes or 65,536, whichever is less.
type FreeSpace struct {
	Bytes   int64   // at least 0; used when Percent is 0
	Percent float64 // 0 to 100, of the file system's size
	Set     bool    // given in the configuration
}

const floorPercent, floorBytes = 5, 1 << 30 // the default floor: the lesser of the two

// Floor returns the free bytes, of size in all, below which no copies are written.
func (f FreeSpace) Floor(size int64) int64 {
	switch {
	case !f.Set:
		return min(size/100*floorPercent, floorBytes)
	case f.Percent > 0:
		return int64(float64(size) / 100 * f.Percent)
	}
	return f.Bytes
}

// InodeFloor returns the free inodes, of all, below which no copies are written.
func (f FreeSpace) InodeFloor(all int64) int64 {
	if f.Percent > 0 || f.Set && f.Bytes == 0 {
		return int64(float64(all) / 100 * f.Percent)
	}
	return min(all/100*floorPercent, floorBytes>>14) // ext4 makes an inode for 16 KiB
}

// KeepsCopies tells whether a run writes copies with this free space.
func (c *Config) KeepsCopies(s durable.Space) bool {
	f := c.CopiesMinFree
	return !c.CopiesKeep.None && s.Free >= f.Floor(s.Size) && (s.Inodes == 0 || s.FreeInodes >= f.InodeFloor(s.Inodes))
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
