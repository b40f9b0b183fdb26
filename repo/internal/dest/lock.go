package dest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// lockPatience is how long Lock waits for another process, unless Options say otherwise.
const lockPatience = 10 * time.Minute

// Lock waits until this process is the only writer. It stays that until Close. Who may open the
// lock file can hold its lock for ever, with no run at work, so that Lock says what it waits for
// and gives up after a while: a *refusal.Error of kind Locked.
func (r *Dest) Lock(ctx context.Context) error {
	if taken, err := r.TryLock(); taken || err != nil {
		return err
	}
	patience := cmp.Or(r.Opts.LockPatience, lockPatience)
	holder := r.StateDir.FlockHolder(runstate.LockName)
	if r.Opts.Waiting != nil {
		r.Opts.Waiting(holder, patience)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := durable.Retry(waiting, r.TryLock)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		holder = r.StateDir.FlockHolder(runstate.LockName)
		err = &refusal.Error{Kind: refusal.Locked, Dest: r.Path,
			Msg:    fmt.Sprintf("%s has kept destination %s locked for %g minutes", refusal.Process(holder), record.Quote(r.Path), patience.Minutes()),
			Remedy: r.Remedy(refusal.RetryUnlocked, "")}
	}
	return err
}

// TryLock is Lock without waiting. It returns false where another process is the writer.
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

// Unlock lets other processes write. What this one reads stays open.
func (r *Dest) Unlock() error {
	if r.lock == nil {
		return nil
	}
	// A child that is being started shares the descriptor until its exec. Closing alone would leave
	// the lock to it.
	err := errors.Join(unix.Flock(int(r.lock.Fd()), unix.LOCK_UN), r.lock.Close())
	r.lock = nil
	return err
}

const (
	idlePatience = time.Minute           // how long WhenIdle waits for an active run
	idlePause    = 50 * time.Millisecond // the shortest pause between two checks
)

// WhenIdle calls look, which checks what runs change beside the history, until look finds
// everything right or no run was active during the call. settled tells whether one of these
// happened within a minute. While look works, no run can start where this process may take the
// lock.
func (r *Dest) WhenIdle(ctx context.Context, look func() (right bool, err error)) (settled bool, err error) {
	for until := time.Now().Add(idlePatience); ; {
		began := time.Now()
		settled, err := r.lookOnce(look)
		if settled || err != nil || began.After(until) {
			return settled, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(max(idlePause, 2*time.Since(began))):
		}
	}
}

// lookOnce calls look once, as the only writer where the lock is free. A user who may not take the
// lock can still see whether it is held.
func (r *Dest) lookOnce(look func() (right bool, err error)) (settled bool, err error) {
	alone, release := r.beAlone()
	defer release()
	right, err := look()
	return alone || right, err
}

// beAlone takes the lock where it is free. alone is false where a run is active. The caller calls
// release, which gives back a lock that was not held before. While one goroutine has called it, it
// tells others what that one has found, and that one too.
func (r *Dest) beAlone() (alone bool, release func()) {
	if !r.looking.TryLock() {
		return r.alone.Load(), func() {}
	}
	had := r.lock != nil
	alone, err := r.TryLock()
	if err != nil {
		alone = r.StateDir.FlockHolder(runstate.LockName) == 0
	}
	r.alone.Store(alone)
	return alone, func() {
		if r.lock != nil && !had {
			r.lock.Close()
			r.lock = nil
		}
		r.alone.Store(false)
		r.looking.Unlock()
	}
}

// WhileAlone calls f while no run is active. Where one is, it returns false and does not call f. It
// writes nothing, so that it serves readers too.
func (r *Dest) WhileAlone(f func()) bool {
	if r.StateDir != nil {
		if used, err := r.StateDir.Exists(runstate.LockName); used || err != nil {
			alone, release := r.beAlone()
			defer release()
			if !alone {
				return false
			}
		}
	}
	f()
	return true
}
