package render

import (
	"fmt"
	"slices"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/remote"
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
	if t.IsRedirected() {
		lines = append(lines, "the configuration of git leads "+terminal.Quote(t.Label())+" to "+terminal.Quote(t.URL()))
	}
	if l.PrivateSources > 0 {
		line := fmt.Sprintf("%s may not be read by everybody here:", Count(l.PrivateSources, "file"))
		for _, s := range l.Private {
			line += " " + terminal.Quote(s)
		}
		if l.PrivateSources > len(l.Private) {
			line += " " + terminal.Ellipsis()
		}
		lines = append(lines, line)
	}
	for _, f := range l.Large {
		lines = append(lines, fmt.Sprintf("%s has %s in commit %s: forges warn of files over 50 MiB, and refuse those over 100 MiB", terminal.Quote(f.Source), SizeText(f.Size), f.Commit.Short()))
	}
	return lines
}

// FailedPushDocument is what push --json prints where the remote cannot be pushed to.
type FailedPushDocument struct {
	Destination string          `json:"destination"`
	Remote      string          `json:"remote"`
	URL         string          `json:"url"`
	Branch      string          `json:"branch"`
	Failing     FailingDocument `json:"failing"`
	Hint        string          `json:"hint,omitempty"`
}

// FailingDocument tells why pushes fail.
type FailingDocument struct {
	Class   string   `json:"class"`
	Message string   `json:"message"`
	Lines   []string `json:"lines"` // the remote's own words
	Since   string   `json:"since,omitempty"`
	Tried   string   `json:"tried,omitempty"`
	Next    string   `json:"next,omitempty"` // "": with the next run
}

// FailedPushJSON is the document of a push that failed.
func FailedPushJSON(dest string, t *remote.Target, f *remote.Failure, hint string) FailedPushDocument {
	return FailedPushDocument{Destination: terminal.Escape(dest), Remote: terminal.Escape(t.Label()), URL: terminal.Escape(t.URL()), Branch: t.Branch(),
		Failing: FailingDocument{Class: string(f.Class()), Message: terminal.Escape(f.Why), Lines: EscapeAll(append(slices.Clone(f.Lines), f.About...))}, Hint: hint}
}

// EscapeAll escapes lines for JSON and people; of none the list is empty, not null.
func EscapeAll(lines []string) []string {
	escaped := []string{}
	for _, line := range lines {
		escaped = append(escaped, terminal.Escape(line))
	}
	return escaped
}
