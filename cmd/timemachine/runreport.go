package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
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
	kinds    map[string]*problemKind // by their texts without path and numbers
}

// mostOfAKind is how many problems of one kind are printed and logged in a run. Without a bound,
// who owns a watched folder could fill the mail and the log of who runs timemachine.
const mostOfAKind = 20

// problemKind is a kind of problem in a run.
type problemKind struct {
	level slog.Level
	text  string // of the first one, without its path
	n     int
}

func (a *app) newRunReport(repeats *memory) *runReport {
	return &runReport{app: a, repeats: repeats, keep: a.flags.json, close: a.console.ShowBar("looking"), files: map[string]struct{}{},
		kinds: map[string]*problemKind{}}
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
	k := r.kind(p)
	if k.n++; k.n > mostOfAKind && !r.app.console.Verbose {
		return
	}
	if r.say(k.level, render.ProblemText(p), p.Path+": "+withoutNumbers(k.text), "path", p.Path) {
		r.app.console.Hint(speller().Words(p.Remedy))
	}
}

// kind is the kind of a problem.
func (r *runReport) kind(p scan.Problem) *problemKind {
	level := slog.LevelError
	if p.Warning {
		level = slog.LevelWarn
	}
	p.Path = ""
	text := render.ProblemText(p)
	key := withoutNumbers(text)
	if r.kinds[key] == nil {
		r.kinds[key] = &problemKind{level: level, text: text}
	}
	return r.kinds[key]
}

// say logs a line and prints it, unless the last run has printed one with the same key. It tells
// whether the line was printed.
func (r *runReport) say(level slog.Level, text, key string, attrs ...any) bool {
	ctx := context.Background()
	r.app.journal.Log(ctx, level, text, attrs...)
	if r.repeats != nil && !r.repeats.isNews(key) && !r.app.console.Terminal && !r.app.console.Verbose {
		return false
	}
	r.app.console.Log(ctx, level, text)
	return r.app.console.Enabled(ctx, level)
}

// end takes the bar off the screen and says how many problems were not printed.
func (r *runReport) end() {
	r.close()
	for _, key := range slices.Sorted(maps.Keys(r.kinds)) {
		if k := r.kinds[key]; k.n > mostOfAKind && !r.app.console.Verbose {
			r.say(k.level, fmt.Sprintf("and %d more (-v shows them): %s", k.n-mostOfAKind, k.text), "more: "+key)
		}
	}
	clear(r.kinds)
}

// withoutNumbers is a message with its digits replaced. The free space in it differs every minute,
// and the message stays the same.
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
