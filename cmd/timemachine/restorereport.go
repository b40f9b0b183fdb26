package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/folderview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/restore"
)

// restoreReport prints and logs what a restore does.
type restoreReport struct {
	app    *app
	h      *history.History
	o      restoreOptions
	offers []offer
	before []*quickRuns
	target string // the folder to which everything is restored; "": to its own path

	exactable bool // --exact is not given, and could be
}

// errNotConfirmed ends a restore that somebody decided against.
var errNotConfirmed = &failure{msg: "nothing was changed"}

// confirm lists what is removed, and asks whether to.
func (d *restoreReport) confirm(p *restore.Plan) error {
	lines := folderview.RemovedLines(p, d.app.flags.verbose, d.app.zone)
	if len(lines) == 0 || d.o.yes {
		return nil
	}
	for _, line := range lines {
		d.app.console.Announce(line)
	}
	if !d.app.askYes("remove all of that? It is recorded first.") {
		return errNotConfirmed
	}
	return nil
}

// print prints the plan, done or not, and names what was not restored.
func (d *restoreReport) print(p *restore.Plan) error {
	for i := range p.Steps {
		p.Steps[i].Err = d.app.withVerifyHint(p.Steps[i].Err)
	}
	var err error
	if d.app.flags.json {
		var offered []string
		for i := range d.offers {
			offered = append(offered, d.offers[i].paths()...)
		}
		doc := folderview.PlanJSON(p, d.o.dryRun, offered)
		for _, q := range d.before {
			doc.Before = append(doc.Before, q.document())
		}
		err = d.app.printJSON(doc)
	} else {
		err = d.printText(p)
	}
	limit := folderview.PlanLimit(p)
	if limit != "" {
		d.app.journal.Warn(limit)
		d.app.console.Warn(limit)
	}
	for _, line := range folderview.PlanErrors(p, d.app.flags.verbose) {
		d.app.console.Error(line)
	}
	if slices.ContainsFunc(p.Steps, func(s restore.Step) bool { return errors.Is(s.Err, restore.ErrFull) }) {
		d.app.console.Hint(d.fullHint())
	}
	if !d.app.flags.json {
		d.printOffers()
	}
	files, folders := folderview.Count(p)
	switch {
	case files.Differ+folders.Differ > 0:
		return errors.Join(err, status(statusFailed))
	case limit != "":
		return errors.Join(err, status(statusPartial))
	}
	return errors.Join(err, partialStatus(files.Failed+folders.Failed))
}

// fullHint says what to do about a folder that is in the way and holds other files.
func (d *restoreReport) fullHint() string {
	if !d.exactable {
		return "move the folder away first, or restore elsewhere with --to"
	}
	return "move the folder away first, or give --exact, which records and removes what was not there then; this tells what: " + d.app.again("--exact", "", "--dry-run")
}

// printText prints a line for each file, or for each folder, and one that sums up.
func (d *restoreReport) printText(p *restore.Plan) error {
	if d.app.flags.quiet {
		return nil
	}
	style := folderview.PlanText{DryRun: d.o.dryRun, Verbose: d.app.flags.verbose, Zone: d.app.zone, To: d.target}
	if d.app.stdoutTerminal {
		style.Columns = d.app.terminalColumns()
	}
	lines, grouped := folderview.PlanLines(p, style)
	for _, note := range p.Notes {
		lines = append(lines, style.Fill(terminal.Escape(note)))
	}
	if err := d.app.print(strings.Join(append(lines, style.Fill(folderview.Truth(p, d.o.dryRun))), "\n")); err != nil {
		return err
	}
	files, folders := folderview.Count(p)
	if grouped {
		d.app.console.Hint("-v names each file")
	}
	switch {
	case len(p.Extra)+len(p.ExtraFolders) > 0 && d.o.dryRun && d.exactable:
		d.app.console.Hint("--exact removes what was not there then")
	case files.Unchanged+folders.Unchanged > 0 && len(lines) == 0 && files.Failed+folders.Failed == 0 && d.o.at == "" && len(d.offers) == 0:
		d.app.console.Hint("--at WHEN brings back an older state than the newest; " + d.app.spell("log") + " shows them")
	}
	return nil
}

// printOffers says what was deleted below the folders, or changed just before what is undone, and
// how it comes back.
func (d *restoreReport) printOffers() {
	for i := range d.offers {
		d.app.console.Announce(d.offers[i].line(d.app.zone))
		if !d.app.flags.quiet {
			d.app.console.Hint(d.offers[i].hint(d.app, d.h, &d.o))
		}
	}
	for _, q := range d.before {
		d.app.console.Announce(q.line(&d.o, d.app.zone))
		if !d.app.flags.quiet {
			d.app.console.Hint(q.hint(d.app, d.h, &d.o))
		}
	}
}

// logStep logs the outcome for one file.
func (d *restoreReport) logStep(s *restore.Step) {
	j := d.app.journal
	switch {
	case s.Err != nil:
		j.Error("not restored", "path", s.Target, "cause", d.app.withVerifyHint(s.Err).Error())
	case s.Action == restore.Remove:
		j.Debug("removed", "path", s.Target)
	case s.Action == restore.Create || s.Action == restore.Replace || s.Action == restore.Adjust:
		j.Debug("restored", "path", s.Target, "commit", s.Commit.String(), "differed", strings.Join(s.Differs, " "))
		if len(s.StillDiffers) > 0 {
			j.Error("restored, but not as recorded", "path", s.Target, "differs", strings.Join(s.StillDiffers, " "))
		}
	}
}

// withVerifyHint adds to the error of a damaged content the command that finds all damage. Other
// errors stay as they are.
func (a *app) withVerifyHint(err error) error {
	var damaged *restore.DamagedError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w: %s says more", err, a.spell("verify"))
	}
	return err
}
