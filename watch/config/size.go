package config

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
}

var errSize = errors.New("not a size such as 100MiB")

// parseSize reads a number of bytes: an integer, or a decimal number with a unit in any case. KB,
// MB, GB, TB count in thousands; KiB, MiB, GiB, TiB and the lone K, M, G, T in steps of 1024. A
// fraction of a byte is dropped. The result is at least 0.
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

// fractionOf returns 0.digits of unit, rounded down; digits past the ninth are less than a byte of
// anything but a terabyte and are dropped.
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
