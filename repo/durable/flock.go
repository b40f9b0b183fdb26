package durable

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// The pauses of Retry: each is twice as long as the one before, from the first to the longest.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = 50 * time.Millisecond
)

// Retry calls try until it says done or returns an error, which Retry returns. It tries at least
// once. When ctx ends it returns ctx.Err().
func Retry(ctx context.Context, try func() (done bool, err error)) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// descriptor is an open file, of this package or of package os.
type descriptor interface{ Fd() uintptr }

// Flock takes the exclusive flock(2) of an open file, and waits until it can have it. The lock
// lasts until the file is closed. When ctx ends it returns ctx.Err().
func Flock(ctx context.Context, f descriptor) error {
	return Retry(ctx, func() (bool, error) { return TryFlock(f) })
}

// TryFlock is Flock without waiting: false where another process has the lock.
func TryFlock(f descriptor) (bool, error) {
	err := ignoringEINTR(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// TryFlock takes the folder's own flock(2), which lasts until the folder is closed; false where
// another process has it.
func (d *Dir) TryFlock() (bool, error) {
	taken, err := TryFlock(d)
	return taken, d.fail("flock", "", err)
}
