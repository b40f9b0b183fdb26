package main

import (
	"context"
	"fmt"
	"time"

	"timemachine/cmd/timemachine/internal/folderview"
	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// quickly is how long before another run a run counts as one in quick succession.
const quickly = 5 * time.Minute

// quickRuns are the runs that changed or deleted something at or below a folder shortly before the
// runs that a restore undoes. One mishap can be spread over all of them.
type quickRuns struct {
	path    string
	runs    int
	sources int            // that they changed or deleted
	first   *history.Entry // the oldest version of the first of them
}

// quickRunsBefore finds the runs in quick succession before those that a restore of a folder
// undoes; nil for none. undone tells of each version at or below the path, newest first, whether it
// is of the runs that are undone or later. Runs that only added or restored something do not count,
// nor what a restore has undone since; with deletions, nothing but deletions does.
func (a *app) quickRunsBefore(ctx context.Context, h *history.History, path string, undone func(*history.Entry) bool, deletions bool) (*quickRuns, error) {
	if file, err := h.IsFile(ctx, path); err != nil || file {
		return nil, err
	}
	q := &quickRuns{path: path}
	sources := map[string]bool{}
	undoneTo := map[string]object.ID{} // the version that a restore has brought a source back to
	var oldest time.Time               // the oldest version that is undone
	var last, counted string
	for e, err := range h.Log(ctx, history.LogOptions{Path: path, ByRun: true}) {
		if err != nil {
			return nil, err
		}
		switch {
		case undone(&e):
			oldest = e.CaptureTime()
			continue
		case e.Scan != last && oldest.Sub(e.CaptureTime()) > quickly:
			return q.orNone(), nil
		}
		last = e.Scan
		if to, is := undoneTo[e.Source]; is && e.Commit != to {
			continue
		}
		delete(undoneTo, e.Source)
		if e.Event == record.Restored {
			undoneTo[e.Source] = e.RestoredFrom
		}
		counts := e.Event != record.Added && e.Event != record.Restored
		if counts && (!deletions || e.Event == record.Deleted) {
			if e.Scan != counted {
				q.runs++
			}
			counted, sources[e.Source] = e.Scan, true
			q.sources = len(sources)
		}
		if e.Scan == counted {
			q.first = &e
		}
	}
	return q.orNone(), nil
}

// orNone is nil for no runs.
func (q *quickRuns) orNone() *quickRuns {
	if q.runs == 0 {
		return nil
	}
	return q
}

// upTo tells of versions, newest first, that they are later than the state that a point recorded.
func upTo(p history.Point) func(*history.Entry) bool {
	reached := false
	return func(e *history.Entry) bool {
		reached = reached || e.Commit == p.Commit
		return !reached
	}
}

// downTo tells of versions, newest first, that they are of a run or later.
func downTo(scan string) func(*history.Entry) bool {
	met := false
	return func(e *history.Entry) bool {
		met = met || e.Scan == scan
		return !met || e.Scan == scan
	}
}

// at is a WHEN for the state before all of the runs. It stays right when there are more runs, as
// the number of runs back does not.
func (q *quickRuns) at() string { return q.first.Commit.Short() + "~1" }

// line says what the runs did.
func (q *quickRuns) line(o *restoreOptions, zone *time.Location) string {
	where := "there, too"
	if len(o.paths) > 1 {
		where = "at or below " + terminal.Quote(q.path)
	}
	return fmt.Sprintf("%s in the %d minutes before that, from %s on, changed or deleted %s %s", render.Count(q.runs, "run"),
		int(quickly.Minutes()), render.Minute(q.first.CaptureTime(), zone), render.Count(q.sources, "path"), where)
}

// hint is the command that undoes the runs, too.
func (q *quickRuns) hint(a *app, h *history.History, o *restoreOptions) string {
	command := a.spellOn(h, "restore", hint.ShellWord(q.path), "--at", q.at())
	if len(o.paths) == 1 && !o.deleted {
		command = a.again("--at", q.at())
	}
	return "as it was before all of them: " + command
}

// document is the runs as JSON.
func (q *quickRuns) document() folderview.RunsBefore {
	return folderview.RunsBefore{PathDocument: render.PathsJSON([]string{q.path})[0], Runs: q.runs, Changed: q.sources,
		First: render.TimeText(q.first.CaptureTime()), At: q.at()}
}
