package dest

import (
	"context"
	"fmt"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/internal/runstate"
)

// Lock makes this process the only writer, and waits until it can be. It lasts until Close.
func (r *Dest) Lock(ctx context.Context) error {
	return durable.Retry(ctx, r.TryLock)
}

// TryLock is Lock without waiting: false means that another process is the writer.
func (r *Dest) TryLock() (bool, error) {
	if r.lock != nil {
		return true, nil
	}
	f, err := r.StateDir.OpenLock(runstate.LockName)
	if err != nil {
		return false, r.obstructionError(r.StateDir, runstate.LockName, err)
	}
	taken, err := durable.TryFlock(f)
	if taken {
		r.lock = f
		return true, nil
	}
	f.Close()
	if err != nil {
		err = fmt.Errorf("lock %q: %w", r.StateDir.Path(runstate.LockName), err)
	}
	return false, err
}

const (
	idlePatience = time.Minute           // how long AtRest waits for a run at work
	idlePause    = 50 * time.Millisecond // the least between two of its looks
)

// WhenIdle has look look at what a run changes beside the history, again and again, until it finds
// all of it right or no run was at work meanwhile; rest tells whether one of them is so. It gives
// up after a minute. Where it must keep runs out for the time of one look, it does.
func (r *Dest) WhenIdle(ctx context.Context, look func() (right bool, err error)) (rest bool, err error) {
	for until := time.Now().Add(idlePatience); ; {
		began := time.Now()
		rest, err := r.lookOnce(look)
		if rest || err != nil || began.After(until) {
			return rest, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(max(idlePause, 2*time.Since(began))):
		}
	}
}

// lookOnce looks once, as the only writer where that can be had. A user who may not have the lock
// can still see it held.
func (r *Dest) lookOnce(look func() (right bool, err error)) (rest bool, err error) {
	had := r.lock != nil
	alone, err := r.TryLock()
	if err != nil {
		alone = !r.StateDir.IsFlocked(runstate.LockName)
	}
	right, err := look()
	if r.lock != nil && !had {
		r.lock.Close()
		r.lock = nil
	}
	return alone || right, err
}
