package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/watch/scan"
)

// problemReport logs and prints problems, the first ones of each kind.
type problemReport struct {
	app     *app
	repeats *memory                 // nil: print every problem, also repeated ones
	kinds   map[string]*problemKind // by their texts without path and numbers
}

// Without bounds, who owns a watched folder or the destination could fill the mail of who runs
// timemachine, and have the log rotated away.
const (
	mostOfAKind = 20  // problems of one kind that are logged and mailed; versions that a run logs
	mostShown   = 3   // problems of one kind that are printed on a terminal: status lists them all
	mostKinds   = 20  // kinds that are told apart; problems of further kinds count as one kind
	mostOfAPath = 300 // bytes that are told of a path
)

// problemKind is a kind of problem.
type problemKind struct {
	level slog.Level
	text  string // of the first one, without its path
	once  bool   // is told once, not by each run
	n     int
}

func (a *app) newProblemReport(repeats *memory) problemReport {
	return problemReport{app: a, repeats: repeats, kinds: map[string]*problemKind{}}
}

// report logs and prints a problem.
func (r *problemReport) report(p scan.Problem) {
	k := r.kind(p)
	if k.n++; k.n > mostOfAKind && !r.app.console.Verbose {
		return
	}
	text := render.ProblemText(withoutPath(p))
	key := p.Path + ": " + withoutNumbers(text)
	if p.Once {
		if !r.isFirst(key) {
			return
		}
		key = "notice: " + key // not the error about the same path, which is news
	}
	p.Path = shortPath(p.Path)
	if r.say(levelOf(p), render.ProblemText(p), key, k.n <= r.mostPrinted(), "path", p.Path) {
		r.app.console.Hint(r.app.speller().Words(p.Remedy))
	}
}

// mostPrinted is how many problems of one kind are printed. A person at a terminal sees what kinds
// there are; a mail is all that there is to read.
func (r *problemReport) mostPrinted() int {
	switch {
	case r.app.console.Verbose:
		return math.MaxInt
	case r.app.console.Terminal:
		return mostShown
	}
	return mostOfAKind
}

func withoutPath(p scan.Problem) scan.Problem {
	p.Path = ""
	return p
}

func levelOf(p scan.Problem) slog.Level {
	if p.Warning {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// kind is the kind of a problem.
func (r *problemReport) kind(p scan.Problem) *problemKind {
	text := render.ProblemText(withoutPath(p))
	key := withoutNumberedWords(text)
	if p.Once {
		key = "once: " + key
	}
	if r.kinds[key] == nil && len(r.kinds) >= mostKinds {
		key, text = "", "problems of other kinds"
	}
	if r.kinds[key] == nil {
		r.kinds[key] = &problemKind{level: levelOf(p), text: text, once: p.Once}
	}
	return r.kinds[key]
}

// isFirst tells whether to tell what is told once. Names that differ in their digits only count as
// one: a program may name its socket after its process. Verbose runs tell it again.
func (r *problemReport) isFirst(key string) bool {
	first := r.app.memory == nil || r.app.memory.isFirst("once: "+withoutNumbers(key))
	return first || r.app.console.Verbose
}

// say logs a line and prints it where it is to be shown, unless the last run has said one with the
// same key. It tells whether the line was printed.
func (r *problemReport) say(level slog.Level, text, key string, shown bool, attrs ...any) bool {
	ctx := context.Background()
	r.app.journal.Log(ctx, level, text, attrs...)
	if r.repeats != nil && !r.repeats.isNews(key) && !r.app.console.Terminal && !r.app.console.Verbose {
		return false
	}
	if !shown {
		return false
	}
	r.app.console.Log(ctx, level, text)
	return r.app.console.Enabled(ctx, level)
}

// sayMore says how many problems were not told.
func (r *problemReport) sayMore() {
	for _, key := range slices.Sorted(maps.Keys(r.kinds)) {
		k := r.kinds[key]
		told := k.n <= r.mostPrinted()
		if more := "more: " + withoutNumbers(k.text); !told && (!k.once || r.isFirst(more)) {
			r.say(k.level, fmt.Sprintf("and %d more (-v shows them): %s", k.n-r.mostPrinted(), k.text), more, true)
		}
	}
	clear(r.kinds)
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

// withoutNumberedWords is a message without the words that hold a digit, such as a commit's name.
func withoutNumberedWords(text string) string {
	words := strings.Fields(text)
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") }), " ")
}
