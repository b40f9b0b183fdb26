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
	now = now.Add(slack)
	switch {
	case f.Class == "":
		return p.Seen != tip
	case now.Before(f.Tried): // the clock was set back
		return true
	}
	return !now.Before(nextTry(p, t, tip))
}

// nextTry is when runs try a failed push again; zero: the next one does.
func nextTry(p *runstate.Push, t *Target, tip object.ID) time.Time {
	f := &p.Failing
	switch class := Class(f.Class); {
	case f.Settings != t.settings(class): // the user has changed something
		return time.Time{}
	case !slices.Contains(f.Said, f.Class): // it was told by hand alone
		return time.Time{}
	case class == Transient || class == Refused && f.Tip != tip:
		return f.Tried.Add(backoff(f.Tries))
	}
	return f.Tried.Add(longestWait)
}

// backoff is how long to wait after so many failures in a row: 1, 2, 4 … 60 minutes.
func backoff(tries int) time.Duration {
	return min(longestWait, time.Minute<<min(max(tries-1, 0), 6))
}

// isRefusedAgain tells that nothing has changed since the last refusal that a run has told, on
// either side.
func isRefusedAgain(p *runstate.Push, tip, remote object.ID) bool {
	f := &p.Failing
	return Class(f.Class) == Refused && slices.Contains(f.Said, f.Class) && f.Tip == tip && f.Remote == remote
}

// noteFailure takes a failure into the state. news tells that a run is to print it: no run has
// printed one of its class since the last push that succeeded. What a person's push tells may be
// read by nobody else.
func noteFailure(p *runstate.Push, t *Target, failed *Failure, tip, remote object.ID, now time.Time, afterRun bool) (news bool) {
	f := &p.Failing
	class := string(failed.Class())
	if f.Class == "" {
		f.Since = now
	}
	if f.Class != class {
		f.Tries = 0
	}
	f.Class, f.Message, f.Tried, f.Tip, f.Remote, f.Settings = class, failed.Why, now, tip, remote, t.settings(failed.Class())
	f.Tries++
	f.Lines = failed.Lines[:min(len(failed.Lines), runstate.MaxLines)]
	if news = !slices.Contains(f.Said, class); news && afterRun {
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
