package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/restore"
	"timemachine/watch"
	"timemachine/watch/scan"
)

// restoreOptions are the arguments and flags of restore.
type restoreOptions struct {
	paths     []string
	at        string
	to        string
	dryRun    bool
	overwrite string
	branch    string
}

func (a *app) restoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := newCommand("restore PATH…", "bring files or folders back as they were", restoreHelp, needPaths("restore"),
		func(ctx context.Context, paths []string) error {
			o.paths = paths
			return a.restore(ctx, o)
		})
	cmd.Example = restoreExamples
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "as of `WHEN`: a time, @1 for one version before the newest, a commit (default the newest)")
	f.StringVar(&o.to, "to", "", "write below `DIR`, under the full paths, and leave the originals alone")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "only print what would be done")
	f.StringVar(&o.overwrite, "overwrite", "changed", "what becomes of files that are there: `WHICH` is never, changed or always")
	a.addBranchFlag(cmd, &o.branch)
	cobra.CheckErr(errors.Join(cmd.MarkFlagDirname("to"),
		cmd.RegisterFlagCompletionFunc("overwrite", cobra.FixedCompletions([]string{"never", "changed", "always"}, cobra.ShellCompDirectiveNoFileComp))))
	return cmd
}

var overwrites = map[string]restore.Overwrite{"changed": restore.OverwriteChanged, "never": restore.OverwriteNever, "always": restore.OverwriteAlways}

// restore brings versions back to disk.
func (a *app) restore(ctx context.Context, o restoreOptions) error {
	overwrite, ok := overwrites[o.overwrite]
	if !ok {
		return &usageError{msg: "--overwrite " + terminal.InQuotes(o.overwrite) + " is not one of never, changed, always"}
	}
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	if o.to, err = a.restoreTo(p, o.to); err != nil {
		return err
	}
	h, r, err := a.openToRestore(p, c != nil, o)
	if err != nil {
		return err
	}
	defer h.Close()
	if r != nil {
		defer r.Close()
	}
	selections, point, err := a.selections(ctx, h, o)
	if err != nil {
		return err
	}
	rep := a.newRunReport(nil)
	defer rep.end()
	done := &restoreReport{app: a, o: o}
	plan, err := watch.Restore(ctx, watch.RestoreOptions{History: h, Repo: r, Config: c, Own: a.own(p), At: point, Selections: selections,
		To: o.to, Overwrite: overwrite, DryRun: o.dryRun, Clock: a.now, Log: a.journal.Debug, Report: rep, Done: done.logStep})
	if plan != nil {
		defer plan.Close()
	}
	switch {
	case err != nil && plan != nil && plan.Begun && ctx.Err() != nil:
		return errors.Join(err, done.print(plan))
	case err != nil:
		return linkError(err)
	}
	if r != nil {
		defer a.pushAfter(ctx, r, p, c)
	}
	return done.print(plan)
}

// linkError adds a hint to the refusal of another user's link above the path.
func linkError(err error) error {
	var link *durable.OthersLinkError
	var at *fs.PathError
	if !errors.As(err, &link) || !errors.As(err, &at) {
		return err
	}
	return &failure{msg: terminal.Quote(at.Path) + ": " + link.Error(), hint: "remove the link, or restore elsewhere with --to DIR", err: err}
}

// restoreTo is the folder to write to; "" stands for the original paths.
func (a *app) restoreTo(p *place, dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	abs, err := a.absolute(dir)
	if err != nil {
		return "", err
	}
	if where := destinationReason(p.dest, abs); where != "" {
		return "", &usageError{msg: terminal.Quote(abs) + ": " + where, hint: "restore to a folder outside the destination"}
	}
	return abs, nil
}

// openToRestore opens the history. Where files are replaced, it also opens the repository that
// records them first. A clone that is no destination has a history only.
func (a *app) openToRestore(p *place, configured bool, o restoreOptions) (*history.History, *repo.Repo, error) {
	options := a.repoOptions(p)
	options.Heads = scan.NewestVersions
	if o.to == "" && !o.dryRun {
		if configured {
			a.openJournal(p.journal)
		}
		r, err := a.openTrusted(p, options)
		switch refusalKind(err) {
		case refusal.Foreign, refusal.Unsupported:
		default:
			if err != nil {
				return nil, nil, err
			}
			h, err := a.historyToRestore(p, r, o)
			if err != nil {
				return nil, nil, errors.Join(err, r.Close())
			}
			return h, r, nil
		}
	}
	h, err := a.openToRead(p.dest, o.branch, scan.NewestVersions)
	return h, nil, err
}

// historyToRestore is the history to restore from, in a destination that records what is replaced.
func (a *app) historyToRestore(p *place, r *repo.Repo, o restoreOptions) (*history.History, error) {
	if o.branch == "" {
		return r.History()
	}
	return a.openToRead(p.dest, o.branch, scan.NewestVersions)
}

// selections are the versions that each PATH means. A path that is unknown, or did not exist then,
// is an error: half a command restores nothing.
func (a *app) selections(ctx context.Context, h *history.History, o restoreOptions) (list []restore.Selection, point history.Point, err error) {
	if o.at != "" {
		if point, err = a.resolvePoint(h, o.at); err != nil {
			return nil, point, err
		}
	}
	for _, word := range o.paths {
		path, err := a.sourcePath(ctx, h, word)
		if err != nil {
			return nil, point, err
		}
		entries, err := h.Below(ctx, path, point)
		if err != nil {
			return nil, point, a.explainError(ctx, h, err)
		}
		if len(entries) == 0 {
			if entries, err = a.deletedVersions(ctx, h, path, point); err != nil {
				return nil, point, err
			}
		}
		list = append(list, restore.Selection{Path: path, Entries: entries})
	}
	return list, point, nil
}

// deletedVersions are the last versions of what was deleted at and below a path, if no moment was
// given: of all that the same run found deleted last.
func (a *app) deletedVersions(ctx context.Context, h *history.History, path string, point history.Point) ([]history.Entry, error) {
	if point != (history.Point{}) {
		return nil, &failure{msg: "nothing was there at or below " + terminal.Quote(path) + " then: all of it was deleted",
			hint: "choose another moment with --at; " + spellOn(h, "log", hint.ShellWord(path)) + " shows them"}
	}
	sources, err := h.Sources(ctx, path)
	if err != nil {
		return nil, err
	}
	var deletions []history.Entry
	for _, source := range sources {
		_, err := h.At(ctx, source, point)
		var absent *history.AbsentError
		if errors.As(err, &absent) && absent.Deleted.Before != nil {
			deletions = append(deletions, absent.Deleted)
		} else if err != nil {
			return nil, a.explainError(ctx, h, err)
		}
	}
	slices.SortStableFunc(deletions, func(a, b history.Entry) int { return b.CaptureTime().Compare(a.CaptureTime()) })
	var entries []history.Entry
	for _, d := range deletions {
		if d.Scan != deletions[0].Scan {
			continue
		}
		e, err := h.At(ctx, d.Source, history.Point{Commit: d.Before.Commit})
		if err != nil {
			return nil, a.explainError(ctx, h, err)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b history.Entry) int { return strings.Compare(a.Source, b.Source) })
	return entries, nil
}

// restoreReport prints and logs what a restore does.
type restoreReport struct {
	app *app
	o   restoreOptions
}

// print prints the plan, done or not, and names the files that were not restored.
func (d *restoreReport) print(p *restore.Plan) error {
	n := render.PlanCounts(p)
	for i := range p.Steps {
		p.Steps[i].Err = withVerifyHint(p.Steps[i].Err)
	}
	var err error
	if d.app.flags.json {
		err = d.app.printJSON(render.PlanJSON(p, d.o.dryRun))
	} else {
		err = d.printText(p, n)
	}
	if line := render.PlanLimit(p); line != "" {
		d.app.journal.Warn(line)
		d.app.console.Warn(line)
	}
	for _, line := range render.PlanErrors(p) {
		d.app.console.Error(line)
	}
	if n.Differ > 0 {
		return errors.Join(err, status(statusFailed))
	}
	return errors.Join(err, partialStatus(n.Failed))
}

func (d *restoreReport) printText(p *restore.Plan, n render.PlanCount) error {
	if lines := render.PlanLines(p, d.o.dryRun, d.app.flags.verbose, d.app.zone); len(lines) > 0 && !d.app.flags.quiet {
		if err := d.app.print(strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	if kept := n.Kept(); kept > 0 {
		d.app.console.Announce(render.Count(kept, "file") + " as then: nothing to restore")
		if d.o.at == "" {
			d.app.console.Hint("--at WHEN brings back an older state than the newest; " + spell("log") + " shows them")
		}
		return nil
	}
	d.app.console.Notice(n.Summary(d.o.dryRun))
	return nil
}

// logStep logs the outcome for one file.
func (d *restoreReport) logStep(s *restore.Step) {
	j := d.app.journal
	switch {
	case s.Err != nil:
		j.Error("not restored", "path", s.Target, "cause", withVerifyHint(s.Err).Error())
	case s.Action == restore.Create || s.Action == restore.Replace:
		j.Debug("restored", "path", s.Target, "commit", s.Commit.String(), "differed", strings.Join(s.Differs, " "))
		if len(s.StillDiffers) > 0 {
			j.Error("restored, but not as recorded", "path", s.Target, "differs", strings.Join(s.StillDiffers, " "))
		}
	}
}

// withVerifyHint adds to the error of a damaged content the command that finds all damage. Other
// errors stay as they are.
func withVerifyHint(err error) error {
	var damaged *restore.DamagedError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w: %s says more", err, spell("verify"))
	}
	return err
}
