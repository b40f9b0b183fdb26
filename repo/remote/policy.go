package remote

import (
	"slices"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
)

const (
	longestWait = time.Hour
	// slack lets a run that cron starts some seconds early count for its minute.
	slack = 10 * time.Second
)

// isDue tells whether a run pushes: the remote lacks the tip, as far as is known, and a failed push
// has been waited for.
func isDue(p *runstate.Push, t *Target, tip object.ID, now time.Time) bool {
	f := &p.Failing
	since := now.Sub(f.Tried) + slack
	switch class := Class(f.Class); {
	case f.Class == "":
		return p.Seen != tip
	case since < 0: // the clock was set back
		return true
	case f.Settings != t.settings(): // the user has changed something
		return true
	case class == Transient || class == Refused && f.Tip != tip:
		return since >= backoff(f.Tries)
	default:
		return since >= longestWait
	}
}

// backoff is how long to wait after so many failures in a row: 1, 2, 4 … 60 minutes.
func backoff(tries int) time.Duration {
	return min(longestWait, time.Minute<<min(max(tries-1, 0), 6))
}

// isRefusedAgain tells that nothing has changed since the last refusal, on either side.
func isRefusedAgain(p *runstate.Push, tip, remote object.ID) bool {
	f := &p.Failing
	return Class(f.Class) == Refused && f.Tip == tip && f.Remote == remote
}

// noteFailure takes a failure into the state. news tells that it is to be printed: it is the first
// of its class since the last push that succeeded.
func noteFailure(p *runstate.Push, t *Target, failed *Failure, tip, remote object.ID, now time.Time) (news bool) {
	f := &p.Failing
	class := string(failed.Class())
	if f.Class == "" {
		f.Since = now
	}
	if f.Class != class {
		f.Tries = 0
	}
	f.Class, f.Message, f.Tried, f.Tip, f.Remote, f.Settings = class, failed.Msg, now, tip, remote, t.settings()
	f.Tries++
	if news = !slices.Contains(f.Said, class); news {
		f.Said = append(f.Said, class)
	}
	return news
}

// noteSuccess takes into the state that the remote has a commit: the tip, unless the push is
// partial. news tells that a failure had been printed before.
func noteSuccess(p *runstate.Push, seen object.ID, now time.Time, partial bool) (news bool) {
	news = len(p.Failing.Said) > 0
	p.Seen, p.Failing = seen, runstate.Failing{}
	if !partial {
		p.Done = now
	}
	return news
}
