package daemon

import "time"

// sleepClock tells for how long the machine was suspended. Go's monotonic clock stands still then;
// a clock that was set looks the same.
type sleepClock struct{ last time.Time }

func newSleepClock() *sleepClock { return &sleepClock{last: time.Now()} }

// slept returns for how long the machine was suspended since it was last asked.
func (c *sleepClock) slept() time.Duration {
	now := time.Now()
	awake, all := now.Sub(c.last), now.Round(0).Sub(c.last.Round(0))
	c.last = now
	return all - awake
}
