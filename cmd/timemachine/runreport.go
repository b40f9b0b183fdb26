package main

import (
	"context"
	"log/slog"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
	"timemachine/watch"
	"timemachine/watch/scan"
)

// runReport logs and prints what a run does. It collects the data of the summary and the JSON
// document.
type runReport struct {
	app      *app
	repeats  *memory // nil: print every problem, also repeated ones
	keep     bool    // remember versions and problems for the JSON document
	close    func()  // takes the progress bar off the screen
	files    map[string]struct{}
	versions []record.Version
	problems []scan.Problem
}

func (a *app) newRunReport(repeats *memory) *runReport {
	return &runReport{app: a, repeats: repeats, keep: a.flags.json, close: a.console.ShowBar("looking"), files: map[string]struct{}{}}
}

// Version reports a committed version.
func (r *runReport) Version(v record.Version) {
	r.files[v.Source] = struct{}{}
	if r.keep {
		r.versions = append(r.versions, v)
	}
	r.app.journal.Debug("committed", "event", string(v.Event), "source", v.Source, "commit", v.Commit.String(),
		"blob", v.Blob.String(), "size", v.Size, "copy", v.Copy)
	if r.app.console.Verbose {
		r.app.console.Info(string(v.Event)+" "+terminal.Quote(v.Source), "commit", v.Commit.Short())
	}
}

// Problem reports a source that could not be captured, or a warning.
func (r *runReport) Problem(p scan.Problem) {
	if r.keep {
		r.problems = append(r.problems, p)
	}
	level := slog.LevelError
	if p.Warning {
		level = slog.LevelWarn
	}
	text := render.ProblemText(p)
	r.app.journal.Log(context.Background(), level, text, "path", p.Path)
	if r.worthPrinting(withoutNumbers(text)) {
		r.app.console.Log(context.Background(), level, text)
		if r.app.console.Enabled(context.Background(), level) {
			r.app.console.Hint(speller().Words(p.Remedy))
		}
	}
}

func (r *runReport) worthPrinting(alarm string) bool {
	if r.repeats == nil {
		return true
	}
	news := r.repeats.isNews(alarm)
	return news || r.app.console.Terminal || r.app.console.Verbose
}

// withoutNumbers is a warning with its digits replaced. The free space in it differs every minute,
// and the warning stays the same.
func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, text)
}

// Progress moves the bar.
func (r *runReport) Progress(done, total int64) { r.app.console.MoveBar(done, total) }

// document is the run as JSON.
func (r *runReport) document(dest string, s *watch.Summary) render.RunDocument {
	return render.RunJSON(dest, s, r.versions, r.problems, speller().Words)
}
