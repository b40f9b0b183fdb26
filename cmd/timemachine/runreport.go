package main

import (
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
	"timemachine/watch"
	"timemachine/watch/scan"
)

// runReport logs and prints what a run does. It collects the data of the summary and the JSON
// document.
type runReport struct {
	problemReport
	keep    bool   // remember versions and problems for the JSON document
	close   func() // takes the progress bar off the screen
	files   map[string]struct{}
	folders map[string]struct{}
	renamed map[string]string // the new names by the old ones
	// how many of them are folders
	renamedFolders int
	versions       []record.Version
	problems       []scan.Problem

	watching bool // it is a look of watch, which is silent where nothing has changed
	part     bool // of a run over some paths: what is told once is left to one over everything

	committed int // versions since they were last counted in the log
}

func (a *app) newRunReport(repeats *memory) *runReport {
	return &runReport{problemReport: a.newProblemReport(repeats), keep: a.flags.json, close: a.console.ShowBar("looking"), files: map[string]struct{}{}, folders: map[string]struct{}{}, renamed: map[string]string{}}
}

// Version reports a committed version.
func (r *runReport) Version(v record.Version) {
	if v.Folder {
		r.folders[v.Source] = struct{}{}
	} else {
		r.files[v.Source] = struct{}{}
	}
	if r.keep {
		r.versions = append(r.versions, v)
	}
	if r.committed++; r.committed <= mostOfAKind || r.app.console.Verbose {
		r.app.journal.Debug("committed", "event", string(v.Event), "source", shortPath(v.Source), "commit", v.Commit.String(),
			"blob", v.Blob.String(), "size", v.Size, "copy", shortPath(v.Copy))
	}
	if v.RenamedFrom != "" {
		r.renamed[v.RenamedFrom] = v.Source
		if v.Folder {
			r.renamedFolders++
		}
	}
	if r.app.console.Verbose {
		r.app.console.Info(r.deed(&v), "commit", v.Commit.Short())
	}
}

// deed says what a version is of, in the words of log.
func (r *runReport) deed(v *record.Version) string {
	text := string(v.Event) + " " + terminal.Quote(v.Source)
	switch to := r.renamed[v.Source]; {
	case v.RenamedFrom != "":
		return text + " (renamed from " + terminal.Quote(v.RenamedFrom) + ")"
	case v.Event == record.Deleted && to != "":
		return text + " (renamed to " + terminal.Quote(to) + ")"
	}
	return text
}

// Problem reports a source that could not be captured, or a warning.
func (r *runReport) Problem(p scan.Problem) {
	if r.keep {
		r.problems = append(r.problems, p)
	}
	if !r.part || !p.Once {
		r.report(p)
	}
}

// end takes the bar off the screen and says how many problems and versions were not told.
func (r *runReport) end() {
	r.close()
	r.sayMore()
	if n := r.committed - mostOfAKind; n > 0 && !r.app.console.Verbose {
		r.app.journal.Debug("committed more", "versions", n)
	}
	r.committed = 0
}

// Progress moves the bar.
func (r *runReport) Progress(done, total int64) { r.app.console.MoveBar(done, total) }

// document is the run as JSON.
func (r *runReport) document(dest string, s *watch.Summary) render.RunDocument {
	return render.RunJSON(dest, s, r.versions, r.problems, r.app.speller().Words)
}
