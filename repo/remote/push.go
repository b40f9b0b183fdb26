package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/outgoing"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Options is what a push needs from its surroundings.
type Options struct {
	Surroundings
	Now func() time.Time

	// AfterRun pushes only when that is due, and not beside another process that pushes. The
	// deadline of the context then ends the push, and what was sent until then counts.
	AfterRun bool

	// Waiting is told that another process pushes, 0 for an unknown one, and how long it is waited
	// for.
	Waiting func(holder int, patience time.Duration)

	// Begin is told what leaves, before it does; first: the remote lacks the branch. Where files
	// leave that not everybody may read, and the settings do not allow that, the push goes on where
	// Begin returns true, which allows later ones, too.
	Begin    func(l *Leaving, first, allowed bool) (bool, error)
	Progress func(done, total int64)       // commits; nil: not told
	Log      func(msg string, args ...any) // important actions; nil: none
}

// Outcome is what a push has done.
type Outcome struct {
	Tip      object.ID // of the branch here
	Before   object.ID // of the branch at the remote; zero: it had none
	Sent     int       // commits
	UpToDate bool      // the remote had everything
	Skipped  bool      // it was not due, or another process pushes
	Partial  bool      // the deadline came first: the next push goes on
	News     bool      // a failure, or that it works again, which no earlier push has told
	Since    time.Time // when pushes began to fail that work again
}

// Push brings the branch at the remote up to date with the recorded one. Where it cannot, the error
// is a *Failure, which the state keeps, and the history is as before. t has the address then that
// was pushed to.
func Push(ctx context.Context, c *commits.Commits, t *Target, o Options) (Outcome, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	lock, taken, err := takeLock(ctx, c, &o)
	if err != nil || !taken {
		return Outcome{Skipped: true}, err
	}
	defer lock.Close()
	x := &exchange{c: c, t: t, o: &o}
	if x.state, err = runstate.ReadPush(c.StateDir, t.configured(), t.Ref); err != nil {
		o.Log("what is known of the remote cannot be read", "cause", err.Error())
	}
	if x.tip, err = c.Tip(); err != nil {
		return Outcome{}, err
	}
	if x.tip.IsZero() {
		return Outcome{}, &refusal.Error{Kind: refusal.NoVersions, Dest: c.Path, Msg: fmt.Sprintf("destination %s holds no versions yet", record.Quote(c.Path)),
			Remedy: refusal.Remedy{Kind: refusal.RunFirst}}
	}
	if o.AfterRun && !isDue(&x.state, t, x.tip, o.Now()) {
		return Outcome{Skipped: true}, nil
	}
	out, err := x.run(ctx)
	out.Tip = x.tip
	begun := x.state.Failing.Since
	var failed *Failure
	switch {
	case errors.As(err, &failed):
		out.News = noteFailure(&x.state, t, failed, x.tip, out.Before, o.Now(), o.AfterRun)
	case err != nil:
		return out, err
	case out.Skipped:
		x.state.Failing.Tried = o.Now()
	default:
		seen := x.tip
		if out.Partial {
			seen = x.state.Seen
		}
		out.News, out.Since = noteSuccess(&x.state, seen, o.Now(), out.Partial), begun
	}
	x.save()
	return out, err
}

// Probe asks a remote whether it has the branch, and changes nothing. other is the *Failure that a
// push will have where the branch holds another history.
func Probe(ctx context.Context, c *commits.Commits, t *Target, o Options) (has bool, other *Failure, err error) {
	x := &exchange{c: c, t: t, o: &o}
	if err = x.choose(ctx); err != nil {
		return false, nil, err
	}
	defer x.carrier.close()
	refs, err := x.refs(ctx)
	before, has := refs[t.Ref]
	if err != nil || !has {
		return has, nil, err
	}
	if x.tip, err = c.Tip(); err != nil {
		return has, nil, err
	}
	if x.tip.IsZero() {
		return has, t.newFailure(OtherHistory, "", nil), nil
	}
	if err = x.checkBefore(ctx, before); errors.As(err, &other) {
		return has, other, nil
	}
	return has, nil, err
}

// Due tells whether a push after a run would do anything.
func Due(c *commits.Commits, t Target, now time.Time) (bool, error) {
	state, err := runstate.ReadPush(c.StateDir, t.configured(), t.Ref)
	if err != nil {
		return false, err
	}
	tip, err := c.Tip()
	return err == nil && !tip.IsZero() && isDue(&state, &t, tip, now), err
}

// patience is how long a person's push waits for another one. Who may open the lock file can hold
// its lock with no push at work.
const patience = 10 * time.Minute

// takeLock makes this process the only one that pushes.
func takeLock(ctx context.Context, c *commits.Commits, o *Options) (lock *durable.File, taken bool, err error) {
	lock, err = c.StateDir.OpenLock(runstate.PushLockName)
	if err != nil {
		return nil, false, err
	}
	if taken, err = durable.TryFlock(lock); err == nil && !taken && !o.AfterRun {
		if o.Waiting != nil {
			o.Waiting(c.StateDir.FlockHolder(runstate.PushLockName), patience)
		}
		waiting, end := context.WithTimeout(ctx, patience)
		defer end()
		err = durable.Flock(waiting, lock)
		if taken = err == nil; errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = &refusal.Error{Kind: refusal.Locked, Dest: c.Path, Msg: fmt.Sprintf("%s has kept pushes of %s locked for %g minutes",
				refusal.Process(c.StateDir.FlockHolder(runstate.PushLockName)), record.Quote(c.Path), patience.Minutes())}
		}
	}
	if !taken {
		lock.Close()
	}
	return lock, taken, err
}

// The largest batches. They are small enough for some headway over a poor line, and large enough to
// cost little where there is a good one.
const (
	batchObjects = 500_000
	batchBytes   = 64 << 20
)

// carrier speaks with a remote. Its errors are a *Failure, or that of the context.
type carrier interface {
	// refs lists the branches that the remote has.
	refs(ctx context.Context) (map[string]object.ID, error)
	// send moves the branch at the remote from old, zero for none, to the end of a batch.
	send(ctx context.Context, lacking *outgoing.Outgoing, b outgoing.Batch, old object.ID) error
	// close ends what is open.
	close()
}

// exchange is one push.
type exchange struct {
	c       *commits.Commits
	t       *Target
	o       *Options
	carrier carrier
	state   runstate.Push
	tip     object.ID
}

// save writes the state. Losing it costs one exchange.
func (x *exchange) save() {
	if err := runstate.WritePush(x.c.StateDir, x.state); err != nil {
		x.o.Log("what is known of the remote cannot be written", "cause", err.Error())
	}
}

// run pushes. After an error, Before of the outcome is what the remote has, where that is known.
func (x *exchange) run(ctx context.Context) (out Outcome, err error) {
	err = x.choose(ctx)
	if x.state.URL != x.t.URL() { // what is known, and agreed to, is of another place
		var serr error
		if x.state, serr = runstate.ReadPushAt(x.c.StateDir, x.t.configured(), x.t.URL(), x.t.Ref); serr != nil {
			x.o.Log("what is known of the remote cannot be read", "cause", serr.Error())
		}
	}
	if err != nil {
		return out, err
	}
	defer x.carrier.close()
	has, err := x.refs(ctx)
	if err != nil {
		return out, err
	}
	out.Before = has[x.t.Ref]
	if out.Before == x.tip {
		out.UpToDate = true
		return out, nil
	}
	if x.o.AfterRun && isRefusedAgain(&x.state, x.tip, out.Before) {
		out.Skipped = true
		return out, nil
	}
	leaving, err := x.leaving(ctx, has, out.Before)
	if err != nil {
		return out, err
	}
	if err := x.begin(leaving, out.Before.IsZero()); err != nil {
		return out, err
	}
	out.Sent, out.Partial, err = x.send(ctx, has, leaving)
	if err == nil && !out.Partial {
		err = x.confirm(ctx)
		if ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) { // the next push asks
			x.state.Seen, out.Partial, err = object.ID{}, true, nil
		}
	}
	return out, x.explain(ctx, leaving, err)
}

// choose chooses what speaks with the remote.
func (x *exchange) choose(ctx context.Context) error {
	return x.within(ctx, func(ctx context.Context) (err error) {
		x.carrier, err = x.t.carrier(ctx, x.c, x.o)
		return err
	})
}

// refs asks for what the remote has.
func (x *exchange) refs(ctx context.Context) (map[string]object.ID, error) {
	var has map[string]object.ID
	err := x.within(ctx, func(ctx context.Context) (err error) {
		has, err = x.carrier.refs(ctx)
		return err
	})
	return has, err
}

// within calls f with a context that ends after the time of one exchange. A deadline that has
// passed is a *Failure.
func (x *exchange) within(ctx context.Context, f func(context.Context) error) error {
	limited, end := context.WithTimeout(ctx, x.t.Timeout)
	defer end()
	err := f(limited)
	if limited.Err() != nil && err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		failed := x.t.newFailure(NoAnswer, fmt.Sprintf("within %s", x.t.Timeout), nil)
		failed.Err = context.DeadlineExceeded
		return failed
	}
	return err
}

// begin says what leaves, and stops where that is not allowed.
func (x *exchange) begin(l *Leaving, first bool) error {
	allowed := l.PrivateSources == 0 || x.t.Private || x.state.Private
	agreed, err := x.o.Begin(l, first, allowed)
	if err != nil {
		return err
	}
	if agreed && !allowed {
		x.state.Private, allowed = true, true
	}
	if !allowed {
		text := l.privateText()
		if x.t.IsRedirected() {
			text += ", to " + x.t.URL() + " by the configuration of git"
		}
		return x.t.newFailure(PrivateFiles, text, nil)
	}
	return nil
}

// send sends what the remote lacks, batch by batch.
func (x *exchange) send(ctx context.Context, has map[string]object.ID, leaving *Leaving) (sent int, partial bool, err error) {
	var known []object.ID
	for _, id := range has {
		known = append(known, id)
	}
	lacking, err := outgoing.Find(ctx, x.c, x.tip, known)
	if err != nil {
		return 0, false, err
	}
	old, limit := has[x.t.Ref], batchObjects
	if x.state.Batch > 0 {
		limit = min(limit, x.state.Batch)
	}
	batches := lacking.Batches(limit, batchBytes)
	if len(batches) == 0 { // another branch there has all of it
		batches = []outgoing.Batch{{Tip: x.tip}}
	}
	for _, b := range batches {
		begun := time.Now()
		err := x.within(ctx, func(ctx context.Context) error { return x.carrier.send(ctx, lacking, b, old) })
		if errors.Is(err, context.DeadlineExceeded) {
			if sent > 0 && ctx.Err() != nil {
				return sent, true, nil
			}
			return sent, false, x.tooSlow(b, err)
		}
		if err != nil {
			return sent, false, err
		}
		old, sent = b.Tip, sent+b.Commits
		x.state.Seen = b.Tip
		if time.Since(begun) < x.t.Timeout/4 {
			x.state.Batch = min(2*x.state.Batch, batchObjects)
		}
		x.save()
		if x.o.Progress != nil {
			x.o.Progress(int64(sent), int64(lacking.Commits()))
		}
	}
	return sent, false, nil
}

// tooSlow halves the batches of the next push. Where one commit takes too long, the failure says
// so.
func (x *exchange) tooSlow(b outgoing.Batch, err error) error {
	if b.Commits > 1 {
		x.state.Batch = max(1, b.Objects/2)
		return err
	}
	failed := x.t.newFailure(NoAnswer, fmt.Sprintf("within %s, for %d bytes", x.t.Timeout, b.Bytes), nil)
	failed.Remedy = refusal.Remedy{Kind: refusal.RaiseTimeout, Remote: x.t.Label()}
	failed.Err = err
	return failed
}

// confirm asks the remote for its branch, which must be at the tip.
func (x *exchange) confirm(ctx context.Context) error {
	has, err := x.refs(ctx)
	if err != nil {
		return err
	}
	if now := has[x.t.Ref]; now != x.tip {
		return x.t.newFailure(Lost, now.Short(), nil)
	}
	return nil
}
