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

	committed int // versions since they were last counted in the log
}

// Without bounds, who owns a watched folder could fill the mail of who runs timemachine, and have
// the log rotated away.
const (
	mostOfAKind = 20  // problems of one kind that a run prints and logs, and versions that it logs
	mostOfAPath = 300 // bytes that are told of a path
)

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
	if r.committed++; r.committed <= mostOfAKind || r.app.console.Verbose {
		r.app.journal.Debug("committed", "event", string(v.Event), "source", shortPath(v.Source), "commit", v.Commit.String(),
			"blob", v.Blob.String(), "size", v.Size, "copy", shortPath(v.Copy))
	}
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
	key := p.Path + ": " + withoutNumbers(k.text)
	p.Path = shortPath(p.Path)
	if r.say(k.level, render.ProblemText(p), key, "path", p.Path) {
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

// end takes the bar off the screen and says how many problems and versions were not told.
func (r *runReport) end() {
	r.close()
	for _, key := range slices.Sorted(maps.Keys(r.kinds)) {
		if k := r.kinds[key]; k.n > mostOfAKind && !r.app.console.Verbose {
			r.say(k.level, fmt.Sprintf("and %d more (-v shows them): %s", k.n-mostOfAKind, k.text), "more: "+key)
		}
	}
	clear(r.kinds)
	if n := r.committed - mostOfAKind; n > 0 && !r.app.console.Verbose {
		r.app.journal.Debug("committed more", "versions", n)
	}
	r.committed = 0
}

// shortPath is a path for people: of a very long one the beginning and the end.
func shortPath(path string) string {
	if len(path) <= mostOfAPath {
		return path
	}
	return path[:mostOfAPath/2] + "[…]" + path[len(path)-mostOfAPath/2:]
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
