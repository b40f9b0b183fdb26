package main

import "testing"

// TestGarbagePercent: little memory may grow to 32 MiB, more by half, much by 16 MiB, and very much
// by a quarter.
func TestGarbagePercent(t *testing.T) {
	for mib, want := range map[uint64]int{0: 700, 8: 300, 16: 100, 30: 50, 40: 40, 48: 33, 60: 26, 64: 25, 96: 25, 1000: 25} {
		if got := garbagePercent(mib << 20); got != want {
			t.Errorf("%d MiB may grow by %d%%, want %d", mib, got, want)
		}
	}
}
