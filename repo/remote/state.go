package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// State is what is known of a branch at a remote without asking the remote.
type State struct {
	Seen      bool      // it had a commit of this history when it was seen last
	Done      time.Time // when it had everything last; zero: never, or not known
	Lacking   int       // versions that it lacked when it was seen last
	Oldest    time.Time // the capture of the oldest of them
	Rewritten bool      // the branch here no longer holds what the remote has

	Class   Class // of the failure; "" where pushes do not fail
	Message string
	Lines   []string  // the first ones that the remote said
	Since   time.Time // the first failure
	Tried   time.Time // the last one
	Next    time.Time // when runs try again; zero: the next one does
}

// ErrUnreadable says that what is known of remotes cannot be read.
var ErrUnreadable = errors.New("what is known of remotes cannot be read")

// ReadState reads what is known of t, and counts what the remote lacks.
func ReadState(ctx context.Context, c *commits.Commits, t Target) (State, error) {
	var p runstate.Push
	if c.StateDir != nil {
		var err error
		if p, err = runstate.ReadPush(c.StateDir, t.configured(), t.Ref); err != nil {
			return State{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	}
	f := p.Failing
	s := State{Seen: !p.Seen.IsZero(), Done: p.Done, Class: Class(f.Class), Message: f.Message, Lines: f.Lines, Since: f.Since, Tried: f.Tried}
	tip, err := c.Tip()
	if err == nil && f.Class != "" {
		s.Next = nextTry(&p, &t, tip)
	}
	if err != nil || tip.IsZero() || tip == p.Seen {
		return s, err
	}
	err = c.Walk(ctx, tip, p.Seen, func(v record.Version, recorded bool) error {
		if recorded {
			s.Lacking++
			s.Oldest = v.CaptureTime()
		}
		return nil
	})
	var state *refusal.Error
	if errors.As(err, &state) && state.Kind == refusal.Rewritten {
		s.Rewritten, err = true, nil
	}
	return s, err
}

// IsBehind tells whether the remote lacks a version that is older than the limit. The age of a
// version from the future is not known: it was captured before the clock was set back. It is behind
// where the clock differs by more than the limit.
func (s *State) IsBehind(now time.Time, limit time.Duration) bool {
	return s.Lacking > 0 && now.Sub(s.Oldest).Abs() > limit
}
