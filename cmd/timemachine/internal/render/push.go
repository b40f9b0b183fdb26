package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/remote"
	"timemachine/repo/when"
)

// SentDocument is what push --json prints.
type SentDocument struct {
	Destination string `json:"destination"`
	Remote      string `json:"remote"`
	URL         string `json:"url"`
	Branch      string `json:"branch"`
	Tip         string `json:"tip"`
	Sent        int    `json:"sent"`
	UpToDate    bool   `json:"up_to_date"`
}

// SentJSON is the document of a push.
func SentJSON(dest string, t *remote.Target, out *remote.Outcome) SentDocument {
	return SentDocument{Destination: terminal.Escape(dest), Remote: terminal.Escape(t.Label()), URL: terminal.Escape(t.URL()), Branch: t.Branch(),
		Tip: out.Tip.String(), Sent: out.Sent, UpToDate: out.UpToDate}
}

// PushLine is a push in one line.
func PushLine(t *remote.Target, out *remote.Outcome) string {
	at := terminal.Quote(t.Label()) + ", branch " + terminal.Quote(t.Branch())
	switch {
	case out.UpToDate:
		return at + ", has everything"
	case out.Partial:
		return "pushed " + Count(out.Sent, "commit") + " to " + at + "; the rest follows with the next run"
	}
	return "pushed " + Count(out.Sent, "commit") + " to " + at
}

// ProbeLine says whether a remote that answers has the branch.
func ProbeLine(t *remote.Target, has bool) string {
	line := "remote " + terminal.Quote(t.Label()) + " answers at " + terminal.Quote(t.URL())
	if has {
		return line + ", and has a branch " + terminal.Quote(t.Branch())
	}
	return line + ", without a branch " + terminal.Quote(t.Branch()) + " yet"
}

// LeavingLines are the lines about what a push sends: everything before a first one, else what not
// everybody may read.
func LeavingLines(t *remote.Target, l *remote.Leaving, first bool) (lines []string) {
	if first {
		lines = append(lines, fmt.Sprintf("to %s, branch %s, go %s of %s", terminal.Quote(t.Label()), terminal.Quote(t.Branch()), Count(l.Versions, "version"), Count(l.Sources, "file")))
	}
	if l.PrivateSources > 0 {
		line := fmt.Sprintf("%s may not be read by everybody here:", Count(l.PrivateSources, "file"))
		for _, s := range l.Private {
			line += " " + terminal.Quote(s)
		}
		if l.PrivateSources > len(l.Private) {
			line += " …"
		}
		lines = append(lines, line)
	}
	for _, f := range l.Large {
		lines = append(lines, fmt.Sprintf("%s has %s in commit %s: forges warn of files over 50 MiB, and refuse those over 100 MiB", terminal.Quote(f.Source), sizeText(f.Size), f.Commit.Short()))
	}
	return lines
}

// Push is what is known of the remote that runs push to.
type Push struct {
	Remote, Branch string // Branch is "" where the remote is not set up
	remote.State
}

// IsBehind tells whether the remote lacks what is older than the limit, or cannot be pushed to at
// all. A nil Push is never behind.
func (p *Push) IsBehind(now time.Time, limit time.Duration) bool {
	return p != nil && (p.Branch == "" || p.State.IsBehind(now, limit))
}

// Line is the line of a status.
func (p *Push) Line(c Clock) string {
	text := "push         to " + terminal.Quote(p.Remote)
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
		text += ": lacks " + Count(p.Lacking, "version") + ", the oldest captured " + c.moment(p.Oldest)
	default:
		text += ": has everything, " + c.moment(p.Done)
	}
	if p.Class != "" && !p.Since.IsZero() {
		text += "; fails since " + c.moment(p.Since)
	} else if p.Class != "" {
		text += ": " + terminal.Escape(p.Message)
	}
	return text
}

// Lines are the line of a status, and for a failure what is known of it, in 80 columns.
func (p *Push) Lines(c Clock) []string {
	lines := []string{p.Line(c)}
	if p.Class == "" || p.Since.IsZero() {
		return lines
	}
	more := terminal.Escape(p.Message)
	for _, line := range p.State.Lines {
		more += "\n\nremote: " + terminal.Escape(line)
	}
	more += "\n\ntried last " + c.moment(p.Tried) + "\n\ntried again by "
	if p.Next.IsZero() || p.Next.Before(c.Now) {
		more += "the next run"
	} else {
		more += "runs from " + when.Format(p.Next.In(c.Zone).Truncate(time.Second)) + " on"
	}
	if remote.Class(p.Class) == remote.Waiting {
		more += ", or when keys or settings change"
	}
	for line := range strings.SplitSeq(terminal.Wrap(more, 80-len(statusIndent)), "\n") {
		if line != "" {
			lines = append(lines, statusIndent+line)
		}
	}
	return lines
}

// statusIndent begins the further lines of a part of a status.
const statusIndent = "             "

// FailedPushDocument is what push --json prints where the remote cannot be pushed to.
type FailedPushDocument struct {
	Destination string          `json:"destination"`
	Remote      string          `json:"remote"`
	URL         string          `json:"url"`
	Branch      string          `json:"branch"`
	Failing     FailingDocument `json:"failing"`
	Hint        string          `json:"hint,omitempty"`
}

// FailedPushJSON is the document of a push that failed.
func FailedPushJSON(dest string, t *remote.Target, f *remote.Failure, hint string) FailedPushDocument {
	return FailedPushDocument{Destination: terminal.Escape(dest), Remote: terminal.Escape(t.Label()), URL: terminal.Escape(t.URL()), Branch: t.Branch(),
		Failing: FailingDocument{Class: string(f.Class()), Message: terminal.Escape(f.Why), Lines: escapeAll(append(slices.Clone(f.Lines), f.About...))}, Hint: hint}
}

func escapeAll(lines []string) []string {
	escaped := []string{}
	for _, line := range lines {
		escaped = append(escaped, terminal.Escape(line))
	}
	return escaped
}

// document is the push as JSON.
func (p *Push) document() *PushDocument {
	d := &PushDocument{Remote: p.Remote, Branch: p.Branch, Pushed: p.Seen, Ahead: p.Lacking, Diverged: p.Rewritten, Done: timeText(p.Done), Oldest: timeText(p.Oldest)}
	if p.Class != "" {
		d.Failing = &FailingDocument{Class: string(p.Class), Message: terminal.Escape(p.Message), Lines: escapeAll(p.State.Lines),
			Since: timeText(p.Since), Tried: timeText(p.Tried), Next: timeText(p.Next)}
	}
	return d
}
