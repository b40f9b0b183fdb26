package main

import (
	"fmt"
	"strings"
	"time"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/repo/when"
	"timemachine/watch"
)

// statusLines is how many lines of one kind are shown without -v.
const statusLines = 20

// printStatus writes the status for people.
func (a *app) printStatus(s *state) error {
	lines := []string{"destination  " + quote(s.place.dest)}
	if s.branch == "" {
		lines = append(lines, "history      nothing is recorded yet")
		if s.failed != nil {
			lines = append(lines, a.lastRunText(s.last, s.failed))
		}
	} else {
		lines = append(lines,
			fmt.Sprintf("history      %s on branch %s, the newest captured %s", count(s.versions, "version"), quote(s.branch), a.moment(s.newest.Captured)),
			a.lastRunText(s.last, s.failed),
			fmt.Sprintf("size         .git %s, files %s, copies %s", sizeText(s.sizes.Git), sizeText(s.sizes.Files), sizeText(s.sizes.Copies)),
			"push         "+pushText(s.upstream))
	}
	if s.busy {
		lines = append(lines, "now          a run is at work")
	}
	if s.preview == nil {
		lines = append(lines, "watch list   none at "+quote(s.place.config))
	} else {
		lines = append(lines, a.previewLines(s.preview)...)
	}
	return a.print(strings.Join(lines, "\n"))
}

func (a *app) lastRunText(l repo.LastRun, failed *failedRun) string {
	if failed == nil {
		return "last run     " + a.endedText(l)
	}
	return "last run     " + a.moment(failed.When) + ", failed: " + harmless(failed.Why) + "; before that: " + a.endedText(l)
}

func (a *app) endedText(l repo.LastRun) string {
	switch {
	case l.Ended.IsZero():
		return "none over everything is known"
	case l.Ended.Equal(l.Good):
		return a.moment(l.Ended) + ", all well"
	case l.Good.IsZero():
		return a.moment(l.Ended) + ", with problems; none without is known"
	}
	return a.moment(l.Ended) + ", with problems; the last without " + a.moment(l.Good)
}

// moment is a time and how long ago that was.
func (a *app) moment(t time.Time) string {
	text := when.Format(t.In(a.zone).Truncate(time.Second))
	switch age := a.now().Sub(t).Truncate(time.Second); {
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

func pushText(u *repo.Upstream) string {
	switch {
	case u == nil:
		return "not set up"
	case !u.Pushed:
		return "to " + quote(u.Remote+"/"+u.Branch) + ", never done"
	case u.Diverged:
		return quote(u.Remote+"/"+u.Branch) + " holds commits that are not here"
	case u.Ahead == 0:
		return quote(u.Remote+"/"+u.Branch) + " is up to date"
	}
	return quote(u.Remote+"/"+u.Branch) + " lacks " + count(u.Ahead, "commit")
}

func (a *app) previewLines(p *watch.Preview) []string {
	var sure, unsure []string
	for _, e := range p.Changes {
		line := fmt.Sprintf("  %-8s  %s", eventWords(e.Events), quote(e.Source))
		if e.Maybe {
			unsure = append(unsure, line)
		} else {
			sure = append(sure, line)
		}
	}
	head := fmt.Sprintf("a run now    would look at %s and record ", count(p.Sources, "file"))
	if len(sure) == 0 {
		head += "nothing"
	} else {
		head += count(len(sure), "version")
	}
	if again := len(unsure) + p.Again; again > 0 {
		head += fmt.Sprintf(", maybe more: %s must be read to tell", count(again, "file"))
	}
	lines := append([]string{head}, a.some(sure)...)
	if len(unsure) > 0 {
		lines = append(append(lines, "maybe:"), a.some(unsure)...)
	}
	for _, g := range []struct {
		title    string
		problems []watch.Problem
	}{{"would be left out:", p.Failing}, {"deletions held back:", p.Held}} {
		if len(g.problems) > 0 {
			lines = append(append(lines, g.title), a.some(problemLines(g.problems))...)
		}
	}
	if len(p.Missing) > 0 {
		var missing []string
		for _, path := range p.Missing {
			missing = append(missing, "  "+quote(path))
		}
		lines = append(append(lines, "listed, and not there:"), a.some(missing)...)
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

func problemLines(problems []watch.Problem) []string {
	var lines []string
	for _, p := range problems {
		line := "  " + problemText(p)
		if p.Hint != "" {
			line += "\n    " + harmless(p.Hint)
		}
		lines = append(lines, line)
	}
	return lines
}

// some are the first lines; all of them with -v.
func (a *app) some(lines []string) []string {
	if a.flags.verbose || len(lines) <= statusLines {
		return lines
	}
	more := fmt.Sprintf("  … and %d more (-v shows them)", len(lines)-statusLines)
	return append(lines[:statusLines:statusLines], more)
}
