package daemon

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleepClock tells for how long the machine was suspended.
type sleepClock struct {
	asleep time.Duration // since the machine's start, when it was last asked
	read   func() time.Duration
}

func newSleepClock() *sleepClock { return &sleepClock{asleep: timeAsleep(), read: timeAsleep} }

// slept returns for how long the machine was suspended since it was last asked.
func (c *sleepClock) slept() time.Duration {
	before := c.asleep
	c.asleep = c.read()
	return c.asleep - before
}

// timeAsleep is how long the machine was suspended since its start: one clock counts that time, the
// other does not (clock_gettime(2)).
func timeAsleep() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
