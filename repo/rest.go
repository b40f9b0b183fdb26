package repo

import (
	"context"
	"time"
)

// restPatience is how long AtRest waits for a run at work.
const restPatience = time.Minute

// AtRest has look look at what a run changes beside the history, again and again, until it finds all of it right or no run
// was at work meanwhile; rest tells whether one of them is so. It gives up after a minute. Where it must keep runs out for
// the time of one look, it does.
func (r *destT) AtRest(ctx context.Context, look func() (right bool, err error)) (rest bool, err error) {
	for until := time.Now().Add(restPatience); ; {
		began := time.Now()
		rest, err := r.aside(look)
		if rest || err != nil || began.After(until) {
			return rest, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(max(lockPoll, 2*time.Since(began))):
		}
	}
}

// aside looks once, as the only writer where that can be had. A user who may not have the lock can still see it held.
func (r *destT) aside(look func() (right bool, err error)) (rest bool, err error) {
	had := r.lock != nil
	alone, err := r.TryLock()
	if err != nil {
		alone = !r.own.Flocked(lockName)
	}
	right, err := look()
	if r.lock != nil && !had {
		r.lock.Close()
		r.lock = nil
	}
	return alone || right, err
}
