package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"time"

	"timemachine/cmd/timemachine/internal/logview"
	"timemachine/cmd/timemachine/internal/pickaxe"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// logJob is one log in progress.
type logJob struct {
	app    *app
	ctx    context.Context
	o      logOptions
	h      *history.History
	list   history.LogOptions // without a limit
	format *logview.Format    // nil: none
	search *pickaxe.Search    // nil: none
	isFile bool               // the path is a file, whose versions have numbers
	style  logview.Style
	some   bool // a version was listed
	summed bool // a run was summed up
	newest *history.Entry
	count  int // versions listed
	oldest int // the largest number of a listed version
	// how many versions are newer than the newest that is listed
	newestBack int

	more    int               // versions of the run that the limit cut
	renames map[string]string // of the run of renamesOf: the new names by the old ones
	// the run that renames is of
	renamesOf string

	renamedTo string // the name that the file has now; "" for the one asked for
}

// listed is a version with the number by which it is asked for; below 0 for none.
type listed struct {
	history.Entry
	back int
}

// checkViews refuses flags that do not go together, and reads those that can be wrong.
func (j *logJob) checkViews() (err error) {
	o := &j.o
	views := 0
	for _, given := range []bool{o.patch || o.stat, o.runs, o.flat, o.oneline, o.format != ""} {
		if given {
			views++
		}
	}
	switch {
	case views > 1:
		return &usageError{msg: "of -p or --stat, --runs, --flat, --oneline and --format log takes one", hint: usageHint}
	case o.patch && o.stat:
		return &usageError{msg: "-p and --stat exclude each other", hint: usageHint}
	case o.textSet && o.linesSet:
		return &usageError{msg: "-S and -G exclude each other", hint: usageHint}
	case o.textSet && o.text == "" || o.linesSet && o.lines == "":
		return &usageError{msg: "-S and -G need something to search for", hint: j.app.spell("log", "-S", "TEXT", "PATH")}
	case j.app.flags.json && (o.patch || o.stat || o.oneline || o.format != ""):
		return &usageError{msg: "--json goes with neither -p, --stat, --oneline nor --format", hint: "log --json lists versions, diff --json compares them"}
	case o.oneline:
		j.format, err = logview.ParseFormat("%h %s")
	case o.format != "":
		if j.format, err = logview.ParseFormat(o.format); err != nil {
			return &usageError{msg: "--format: " + err.Error(), hint: "it may hold " + logview.Placeholders + ", or be oneline"}
		}
	}
	if o.textSet || o.linesSet {
		j.search = &pickaxe.Search{Text: o.text, Longest: render.MaxText}
	}
	if o.linesSet {
		if j.search.Lines, err = regexp.Compile(o.lines); err != nil {
			return &usageError{msg: "-G " + terminal.InQuotes(o.lines) + ": " + err.Error(), hint: "-S searches for a text as it is"}
		}
	}
	return err
}

// write writes the log in the form that is asked for.
func (j *logJob) write(w io.Writer) (err error) {
	a := j.app
	path := j.list.Path
	if path == "" {
		path = "/"
	}
	if j.isFile, err = j.h.IsFile(j.ctx, path); err != nil {
		return err
	}
	j.style = a.logStyle(path)
	if j.isFile {
		j.style.Base = filepath.Dir(path)
	}
	grouped := a.stdoutTerminal && !a.flags.json && !j.isFile && !j.o.flat && !j.o.patch && !j.o.stat && j.format == nil
	if grouped || j.o.runs {
		err = j.writeRuns(w)
	} else {
		err = j.writeVersions(w)
	}
	if err != nil {
		return err
	}
	if j.search != nil && j.search.TooLong {
		a.console.Warn("contents over 16 MiB were not searched; -S searches these, too")
	}
	if !j.some && !a.flags.json {
		text, err := j.nothing()
		if err != nil {
			return err
		}
		a.console.Notice(text)
	}
	if j.some && a.stdoutTerminal && !a.flags.json && !a.flags.quiet && j.format == nil {
		return j.writeFooter(w)
	}
	return nil
}

// nothing says why nothing is listed.
func (j *logJob) nothing() (string, error) {
	path := terminal.Quote(j.list.Path)
	switch {
	case j.o.since != "" || j.o.until != "":
		return "no versions in that range", nil
	case !j.o.deleted:
		return "no such versions", nil
	case j.o.path == "":
		return "nothing is deleted", nil
	case !j.isFile:
		return "nothing is deleted at or below " + path, nil
	}
	_, err := j.h.At(j.ctx, j.list.Path, history.Point{})
	var absent *history.AbsentError
	if !errors.As(err, &absent) {
		return path + " is not deleted", err
	}
	names, err := j.h.Renames(j.ctx, &absent.Deleted)
	if err != nil || names[j.list.Path] == "" {
		return "no such versions", err
	}
	return path + " is not deleted: it was renamed to " + terminal.Quote(names[j.list.Path]), nil
}

// logStyle is the style of a log on this terminal; paths are relative to base.
func (a *app) logStyle(base string) logview.Style {
	return logview.Style{Columns: a.terminalColumns(), Colour: a.colours(), Zone: a.zone, Now: a.now(), Base: base}
}

// writeVersions writes one line for each version, as text or JSON, or the form of --format.
func (j *logJob) writeVersions(w io.Writer) error {
	first := true
	for v, err := range j.entries() {
		if err != nil {
			return err
		}
		if first && j.app.stdoutTerminal && !j.app.flags.json && j.format == nil {
			if err := j.writeHeading(w); err != nil {
				return err
			}
		}
		j.note(&v)
		if err := j.writeVersion(w, &v, first); err != nil {
			return err
		}
		first = false
		if b, ok := w.(*bufio.Writer); ok && j.app.stdoutTerminal {
			if err := b.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// note remembers what the footer tells of.
func (j *logJob) note(v *listed) {
	j.some = true
	j.oldest = max(j.oldest, v.back)
	if j.count++; j.newest == nil || j.o.reverse {
		j.newest, j.newestBack = &v.Entry, v.back
	}
}

// writeHeading names the file or folder that is asked for.
func (j *logJob) writeHeading(w io.Writer) error {
	if j.list.Path == "" || j.list.Path == "/" {
		return nil
	}
	_, err := io.WriteString(w, j.style.Heading(j.list.Path))
	return err
}

func (j *logJob) writeVersion(w io.Writer, v *listed, first bool) error {
	a := j.app
	if a.flags.json {
		return render.WriteJSONLine(w, render.EntryJSON(&v.Entry))
	}
	var text string
	switch {
	case j.format != nil:
		c, err := j.h.Commits().Store.ReadCommit(v.Commit)
		if err != nil {
			return err
		}
		if text = j.format.Text(v.Commit, c, a.now()); a.stdoutTerminal {
			out := terminal.NewEscapingWriter(w)
			if _, err := io.WriteString(out, text); err != nil {
				return err
			}
			return out.Close()
		}
	case !a.stdoutTerminal:
		to, err := j.newName(v)
		if err != nil {
			return err
		}
		text = render.EntryLine(&v.Entry, to, a.zone) + "\n"
	case j.isFile && !j.o.flat:
		to, err := j.newName(v)
		if err != nil {
			return err
		}
		if v.back == 0 {
			j.renamedTo = to
		}
		text = j.style.FileVersion(&v.Entry, v.back, to)
	default:
		text = j.style.FlatVersion(&v.Entry)
	}
	if (j.o.patch || j.o.stat) && !first {
		text = "\n" + text
	}
	if _, err := io.WriteString(w, text); err != nil || !j.o.patch && !j.o.stat {
		return err
	}
	return j.writeChange(w, &v.Entry)
}

// newName is the name that a deleted file got in the same run; "" for none, and of what is there.
func (j *logJob) newName(v *listed) (string, error) {
	if v.Event != record.Deleted || j.o.strict {
		return "", nil
	}
	if j.renames == nil || v.Scan == "" || v.Scan != j.renamesOf {
		names, err := j.h.Renames(j.ctx, &v.Entry)
		if err != nil {
			return "", err
		}
		j.renames, j.renamesOf = names, v.Scan
	}
	return j.renames[v.Source], nil
}

// writeRuns writes the versions run by run. Where the limit cuts a run it is the oldest one.
func (j *logJob) writeRuns(w io.Writer) error {
	j.list.ByRun = true
	newRun := func() *logview.Run { return &logview.Run{Reversed: j.o.reverse, Until: j.list.Until} }
	run, runs := newRun(), 1
	for v, err := range j.entries() {
		if err != nil {
			return err
		}
		if !run.Takes(&v.Entry) {
			next := v.CaptureTime()
			same := run.Time.Truncate(time.Minute).Equal(next.Truncate(time.Minute))
			run.Seconds = run.Seconds || same
			if j.o.reverse && runs == 1 {
				run.More = j.more
			}
			if err := j.writeRun(w, run); err != nil {
				return err
			}
			run = newRun()
			run.Seconds = same
			runs++
		}
		j.note(&v)
		run.Add(&v.Entry)
	}
	if run.Versions == 0 {
		return nil
	}
	if !j.o.reverse || runs == 1 {
		run.More = j.more
	}
	return j.writeRun(w, run)
}

func (j *logJob) writeRun(w io.Writer, run *logview.Run) error {
	a := j.app
	if e := run.Unexplained(); e != nil && !j.o.strict {
		names, err := j.h.Renames(j.ctx, e)
		if err != nil {
			return err
		}
		run.RenamedTo = names
	}
	switch {
	case a.flags.json:
		return render.WriteJSONLine(w, run.JSON())
	case !a.stdoutTerminal:
		return logview.WriteRun(w, run, a.zone)
	}
	if j.count == run.Versions { // the first one
		if err := j.writeHeading(w); err != nil {
			return err
		}
	}
	text, all := j.style.RunLine(run), true
	if !j.o.runs {
		text, all = j.style.Run(run)
	}
	j.summed = j.summed || !all
	_, err := io.WriteString(w, text)
	return err
}

// writeChange writes what -p or --stat tell of a version.
func (j *logJob) writeChange(w io.Writer, e *history.Entry) error {
	c, err := j.comparison(e)
	if err != nil || c == nil {
		return err
	}
	a := j.app
	one := func(yield func(*render.Comparison, error) bool) { yield(c, nil) }
	if j.o.stat {
		text := render.StatLine(c)
		if a.stdoutTerminal {
			text = terminal.Cut(text, j.style.Columns)
		}
		if text != "" {
			_, err = io.WriteString(w, text+"\n")
		}
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return render.WriteDiff(w, one, render.DiffStyle{Colour: a.colours(), Columns: a.textColumns(), Zone: a.zone})
}

// comparison is the difference of a version from the one before it; nil for none, as of a folder
// that is new.
func (j *logJob) comparison(e *history.Entry) (*render.Comparison, error) {
	before, err := j.versionBefore(e)
	if err != nil {
		return nil, err
	}
	d := &diffJob{app: j.app, h: j.h, toH: j.h, ctx: j.ctx}
	p := pair{source: e.Source}
	if !e.Ends() {
		p.to = d.recordedState(j.h, *e)
	}
	if before != nil {
		if before.Since.IsZero() { // the label of a diff tells it
			at, err := j.h.At(j.ctx, before.Source, history.Point{Commit: before.Commit})
			if err != nil {
				return nil, err
			}
			before = &at
		}
		if p.from = d.recordedState(j.h, *before); before.Source != e.Source {
			p.from.Source = before.Source
		}
	}
	if p.leaveOutFolder(); !p.from.There && !p.to.There {
		return nil, nil
	}
	return d.compare(&p)
}
