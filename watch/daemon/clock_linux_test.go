package daemon

import (
	"testing"
	"time"
)

// TestSleepClock tells each suspend once.
func TestSleepClock(t *testing.T) {
	asleep := 7 * time.Hour // before
	c := sleepClock{asleep: asleep, read: func() time.Duration { return asleep }}
	for _, more := range []time.Duration{0, time.Minute, 0, 8 * time.Hour, 0} {
		asleep += more
		if got := c.slept(); got != more {
			t.Errorf("slept %v, want %v", got, more)
		}
	}
	if got := newSleepClock().slept(); got < 0 || got > time.Second {
		t.Errorf("this machine slept for %v", got)
	}
}
