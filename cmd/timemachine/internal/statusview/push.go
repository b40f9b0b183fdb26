package statusview

import (
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/remote"
)

// Push is what is known of the remote that runs push to.
type Push struct {
	Remote, Branch string // Branch is "" where the remote is not set up
	Remedy         string // for a remote that is not
	remote.State
}

// IsBehind tells whether the remote lacks what is older than the limit, or cannot be pushed to at
// all. A nil Push is never behind.
func (p *Push) IsBehind(now time.Time, limit time.Duration) bool {
	return p != nil && (p.Branch == "" || p.State.IsBehind(now, limit))
}

// Line is the line of a status.
func (p *Push) Line(c render.Clock) string { return terminal.Pad("push", labelWidth) + p.text(c) }

func (p *Push) text(c render.Clock) string {
	text := "to " + terminal.Quote(p.Remote)
	if p.Branch != "" {
		text += ", branch " + terminal.Quote(p.Branch)
	}
	switch {
	case p.Branch == "":
	case p.Rewritten:
		text += ": it has versions that are no longer on the branch here"
	case !p.Seen:
		text += ": never done"
	case p.Lacking > 0:
		text += ": lacks " + render.Count(p.Lacking, "version") + ", the oldest captured " + c.Moment(p.Oldest)
	default:
		text += ": has everything, " + c.Moment(p.Done)
	}
	if p.Class != "" && !p.Since.IsZero() {
		text += "; fails since " + c.Moment(p.Since)
	} else if p.Class != "" {
		text += ": " + terminal.Escape(p.Message)
	}
	return text
}

// addTo adds the line of a status, and for a failure what is known of it.
func (p *Push) addTo(to *page, c render.Clock) {
	to.row("push", p.text(c))
	if p.Remedy != "" {
		to.plain("hint: " + p.Remedy)
	}
	if p.Class == "" || p.Since.IsZero() {
		return
	}
	to.row("", terminal.Escape(p.Message))
	for _, line := range p.State.Lines {
		to.row("", "remote: "+terminal.Escape(line))
	}
	to.row("", "tried last "+c.Moment(p.Tried))
	again := "the next run"
	if !p.Next.IsZero() && !p.Next.Before(c.Now) {
		again = "runs from " + p.Next.In(c.Zone).Format(time.DateTime) + " on"
	}
	if remote.Class(p.Class) == remote.Waiting {
		again += ", or when keys or settings change"
	}
	to.row("", "tried again by "+again)
}

// document is the push as JSON.
func (p *Push) document() *PushDocument {
	d := &PushDocument{Remote: p.Remote, Branch: p.Branch, Pushed: p.Seen, Ahead: p.Lacking, Diverged: p.Rewritten, Done: render.TimeText(p.Done), Oldest: render.TimeText(p.Oldest)}
	if p.Class != "" {
		d.Failing = &render.FailingDocument{Class: string(p.Class), Message: terminal.Escape(p.Message), Lines: render.EscapeAll(p.State.Lines),
			Since: render.TimeText(p.Since), Tried: render.TimeText(p.Tried), Next: render.TimeText(p.Next)}
	}
	return d
}
