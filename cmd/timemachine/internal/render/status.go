package render

import (
	"fmt"
	"math"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/when"
	"timemachine/watch"
	"timemachine/watch/scan"
)

// statusLimit is the number of lines of one kind in a status that is not verbose.
const statusLimit = 20

// Status is the state of a destination and what a run would do now.
type Status struct {
	Destination   string
	Configuration string // "": what a run would do is left out
	Busy          bool
	Branch        string // "" where nothing is recorded yet
	Versions      int
	Newest        record.Version
	Last          history.LastRun
	Failed        *FailedRun // nil: the last run did not fail
	Push          *Push      // nil: runs do not push
	Upstream      *history.Upstream
	Sizes         history.Sizes
	Preview       *watch.Preview // nil where there is no configuration
	Hints         Hints          // gives the words for the preview's problems
}

// FailedRun is a run over the whole watch list that failed and recorded nothing more.
type FailedRun struct {
	When time.Time
	Why  string // in one line, escaped
}

// Clock tells moments: in a time zone, and how long ago they were.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

// Lines are the status for people. A verbose status has no limit on lines of one kind.
func (s *Status) Lines(c Clock, verbose bool) []string {
	lines := []string{"destination  " + terminal.Quote(s.Destination)}
	if s.Branch == "" {
		lines = append(lines, "history      nothing is recorded yet")
		if s.Failed != nil {
			lines = append(lines, LastRunLine(s.Last, s.Failed, c))
		}
	} else {
		lines = append(lines,
			fmt.Sprintf("history      %s on branch %s, the newest captured %s", Count(s.Versions, "version"), terminal.Quote(s.Branch), c.moment(s.Newest.CaptureTime())),
			LastRunLine(s.Last, s.Failed, c),
			fmt.Sprintf("size         .git %s, files %s, copies %s", sizeText(s.Sizes.Git), sizeText(s.Sizes.Files), sizeText(s.Sizes.Copies)))
		lines = append(lines, s.pushLines(c)...)
		if n := s.Last.Unwritten; n > 0 {
			lines = append(lines, "not written  "+Count(n, "version")+" beside the history, in files/ or copies/: each run tries again")
		}
	}
	if s.Busy {
		lines = append(lines, "now          a run is at work")
	}
	if s.Configuration == "" {
		return lines
	}
	if s.Preview == nil {
		return append(lines, "watch list   none at "+terminal.Quote(s.Configuration))
	}
	limit := statusLimit
	if verbose {
		limit = math.MaxInt
	}
	return append(lines, previewLines(s.Preview, limit, s.Hints)...)
}

// LastRunLine is the line about the last run. failed is nil unless that run failed.
func LastRunLine(l history.LastRun, failed *FailedRun, c Clock) string {
	if failed == nil {
		return "last run     " + c.ended(l)
	}
	return "last run     " + c.moment(failed.When) + ", failed: " + terminal.Escape(failed.Why) + "; before that: " + c.ended(l)
}

func (c Clock) ended(l history.LastRun) string {
	switch {
	case l.Ended.IsZero():
		return "none over everything is known"
	case l.Ended.Equal(l.Good):
		return c.moment(l.Ended) + ", all well"
	case l.Good.IsZero():
		return c.moment(l.Ended) + ", with problems; none without is known"
	}
	return c.moment(l.Ended) + ", with problems; the last without " + c.moment(l.Good)
}

// moment is a time with how long ago it was.
func (c Clock) moment(t time.Time) string {
	text := when.Format(t.In(c.Zone).Truncate(time.Second))
	switch age := c.Now.Sub(t).Truncate(time.Second); {
	case age < 0:
		return text + " (in the future)"
	case age < 2*time.Minute:
		return fmt.Sprintf("%s (%d s ago)", text, age/time.Second)
	case age < 2*time.Hour:
		return fmt.Sprintf("%s (%d min ago)", text, age/time.Minute)
	case age < 48*time.Hour:
		return fmt.Sprintf("%s (%d hours ago)", text, age/time.Hour)
	default:
		return fmt.Sprintf("%s (%d days ago)", text, age/(24*time.Hour))
	}
}

// pushLines are about where runs push to, else about where git does.
func (s *Status) pushLines(c Clock) []string {
	if s.Push != nil {
		return s.Push.Lines(c)
	}
	return []string{"push         " + pushText(s.Upstream)}
}

func pushText(u *history.Upstream) string {
	switch {
	case u == nil:
		return "not set up"
	case !u.Pushed:
		return "to " + terminal.Quote(u.Remote+"/"+u.Branch) + ", never done"
	case u.Diverged:
		return terminal.Quote(u.Remote+"/"+u.Branch) + " holds commits that are not here"
	case u.Ahead == 0:
		return terminal.Quote(u.Remote+"/"+u.Branch) + " is up to date"
	}
	return terminal.Quote(u.Remote+"/"+u.Branch) + " lacks " + Count(u.Ahead, "commit")
}

func previewLines(p *watch.Preview, limit int, say Hints) []string {
	var sure, unsure []string
	for _, e := range p.Changes {
		line := fmt.Sprintf("  %-8s  %s", eventWords(e.Events), terminal.Quote(e.Source))
		if e.Maybe {
			unsure = append(unsure, line)
		} else {
			sure = append(sure, line)
		}
	}
	head := fmt.Sprintf("a run now    would look at %s and record ", Count(p.Sources, "file"))
	if len(sure) == 0 {
		head += "nothing"
	} else {
		head += Count(len(sure), "version")
	}
	if again := len(unsure) + p.Rechecked; again > 0 {
		head += fmt.Sprintf(", maybe more: %s must be read to tell", Count(again, "file"))
	}
	lines := append([]string{head}, firstLines(sure, limit)...)
	if len(unsure) > 0 {
		lines = append(append(lines, "maybe:"), firstLines(unsure, limit)...)
	}
	for _, g := range []struct {
		title    string
		problems []scan.Problem
	}{{"would be left out:", p.Failing}, {"deletions held back:", p.Held}} {
		if len(g.problems) > 0 {
			lines = append(append(lines, g.title), firstLines(problemLines(g.problems, say), limit)...)
		}
	}
	if len(p.Missing) > 0 {
		var missing []string
		for _, path := range p.Missing {
			missing = append(missing, "  "+terminal.Quote(path))
		}
		lines = append(append(lines, "listed, and not there:"), firstLines(missing, limit)...)
	}
	return lines
}

func eventWords(events []record.Event) string {
	words := make([]string, len(events))
	for i, e := range events {
		words[i] = string(e)
	}
	return strings.Join(words, " or ")
}

func problemLines(problems []scan.Problem, say Hints) []string {
	var lines []string
	for _, p := range problems {
		line := "  " + ProblemText(p)
		if hint := say(p.Remedy); hint != "" {
			line += "\n    " + terminal.Escape(hint)
		}
		lines = append(lines, line)
	}
	return lines
}

// firstLines are the lines up to a limit, and one line with the number of the others.
func firstLines(lines []string, limit int) []string {
	if len(lines) <= limit {
		return lines
	}
	more := fmt.Sprintf("  … and %d more (-v shows them)", len(lines)-limit)
	return append(lines[:limit:limit], more)
}
