package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"timemachine/repo/record"
	"timemachine/watch"
)

// report tells the log and the console what a run does, and gathers what the summary and the JSON document need.
type report struct {
	app      *app
	repeats  *memory // nil: print each problem, also one that the last run gave
	keep     bool    // remember versions and problems for the JSON document
	files    map[string]struct{}
	versions []record.Version
	problems []watch.Problem
}

func (a *app) newReport(repeats *memory) *report {
	if a.console.terminal && !a.console.quiet {
		a.console.bar = newBar(a.stderr, a.now, "looking")
	}
	return &report{app: a, repeats: repeats, keep: a.flags.json, files: map[string]struct{}{}}
}

// Version notes a committed version.
func (r *report) Version(v record.Version) {
	r.files[v.Source] = struct{}{}
	if r.keep {
		r.versions = append(r.versions, v)
	}
	r.app.journal.Debug("committed", "event", string(v.Event), "source", v.Source, "commit", v.Commit.String(),
		"blob", v.Blob.String(), "size", v.Size, "copy", v.Copy)
	if r.app.console.verbose {
		r.app.console.Info(string(v.Event)+" "+quote(v.Source), "commit", v.Commit.Short())
	}
}

// Problem notes a source that could not be captured, or a warning.
func (r *report) Problem(p watch.Problem) {
	if r.keep {
		r.problems = append(r.problems, p)
	}
	level := slog.LevelError
	if p.Warning {
		level = slog.LevelWarn
	}
	text := problemText(p)
	r.app.journal.Log(context.Background(), level, text, "path", p.Path)
	if r.worthPrinting(withoutNumbers(text)) {
		r.app.console.Log(context.Background(), level, text)
		if r.app.console.Enabled(context.Background(), level) {
			r.app.console.hint(p.Hint)
		}
	}
}

func (r *report) worthPrinting(alarm string) bool {
	if r.repeats == nil {
		return true
	}
	news := r.repeats.news(alarm)
	return news || r.app.console.terminal || r.app.console.verbose
}

// withoutNumbers is what two wordings of one alarm have in common: the free space it tells differs every minute.
func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, text)
}

// Progress moves the bar.
func (r *report) Progress(done, total int64) {
	if b := r.app.console.bar; b != nil {
		b.set(done, total)
	}
}

// close takes the bar off the screen.
func (r *report) close() {
	if b := r.app.console.bar; b != nil {
		b.close()
		r.app.console.bar = nil
	}
}

// problemText is one sentence that names the path and, where the message leaves it out, the cause.
func problemText(p watch.Problem) string {
	text := p.Msg
	if p.Path != "" && !strings.Contains(text, p.Path) && !strings.Contains(text, quote(p.Path)) {
		text = quote(p.Path) + ": " + text
	}
	if p.Err != nil && !strings.Contains(text, cause(p.Err)) {
		text += ": " + cause(p.Err)
	}
	return harmless(text)
}

// summary is a run in one line.
func (r *report) summary(s *watch.Summary) string {
	text := "nothing changed"
	if s.Versions > 0 {
		text = fmt.Sprintf("%s of %s (%s) in %s", count(s.Versions, "version"), count(len(r.files), "file"), events(s), brief(s.Elapsed))
	}
	if s.Problems > 0 {
		text += "; " + count(s.Problems, "problem")
	}
	return text
}
