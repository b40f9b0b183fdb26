package main

import (
	"context"
	"os"
	"slices"

	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
)

// scheduleRemoveAll takes away the schedules of every configuration that install has made and that
// start this program. What else starts it is named.
func (a *app) scheduleRemoveAll(ctx context.Context, o scheduleOptions) error {
	kind, err := o.kind()
	if err != nil {
		return err
	}
	places := a.schedulePlaces()
	report := scheduleReport{place: &place{}, outcome: "removed"}
	var failed error
	for _, s := range a.scheduleSites() {
		if kind != "" && s.Kind != kind || o.user && !s.Own {
			continue
		}
		for _, was := range places.AllInstalled(ctx, s) {
			if !a.isThisProgram(was.Program) {
				continue
			}
			removed, err := places.Remove(ctx, s, was.Name, nil)
			if err != nil && failed == nil { // the others are removed all the same
				failed = a.scheduleError(&places, s, err)
			}
			if removed {
				report.removed = append(report.removed, removedSchedule{was.Where, jobText(&was.Job)})
			}
		}
	}
	left, unread := schedule.Find(ctx, places)
	left = slices.DeleteFunc(left, func(j schedule.Job) bool { return !a.isThisProgram(j.Program) })
	for _, j := range left {
		report.add(ctx, &places, j, j.Name != "", true)
	}
	report.unread = unread
	if err := a.printRemovedAll(&report); err != nil || failed == nil {
		return err
	}
	return failed
}

// isThisProgram tells whether what a job starts is this program.
func (a *app) isThisProgram(program string) bool {
	if program == a.program {
		return true
	}
	one, err := os.Stat(program)
	other, oerr := os.Stat(a.program)
	return err == nil && oerr == nil && os.SameFile(one, other)
}

// printRemovedAll says what was removed, and what is left that starts this program.
func (a *app) printRemovedAll(r *scheduleReport) error {
	switch {
	case a.flags.json:
		return a.printJSON(r.document())
	case a.flags.quiet:
		return nil
	}
	const width = 13
	row := func(label, text string) error { return a.say(terminal.Pad(label, width)+text, width) }
	if len(r.removed) == 0 {
		if err := row("removed", "nothing: schedule install has made nothing that starts this program"); err != nil {
			return err
		}
	}
	for _, gone := range r.removed {
		if err := row("removed", gone.text); err != nil {
			return err
		}
	}
	for i := range r.jobs {
		if err := row("left", jobText(&r.jobs[i].Job)+", starts "+terminal.Quote(r.jobs[i].Program)+" still"); err != nil {
			return err
		}
	}
	if r.unread != nil {
		return row("left", statusview.NoneFound(r.unread))
	}
	return nil
}
