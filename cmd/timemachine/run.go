package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/watch"
)

// runOptions are the flags of run.
type runOptions struct {
	accept []string
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := newCommand("run", "look at every watched file once and commit what changed", runHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.run(ctx, o) })
	cmd.Flags().StringArrayVar(&o.accept, "accept-deletions", nil,
		"record the files below `PATH` as deleted although their folder is missing or empty (repeatable)")
	return cmd
}

// run is one run over the whole watch list. cron is told once why runs fail.
func (a *app) run(ctx context.Context, o runOptions) error {
	return a.unlessTold(ctx, a.runAll(ctx, o))
}

func (a *app) runAll(ctx context.Context, o runOptions) error {
	accept, err := a.acceptedPaths(o.accept)
	if err != nil {
		return err
	}
	p, c, err := a.openPlace()
	if err == nil && c == nil {
		c, err = a.createConfig(p, "an empty watch list; "+a.spell("add", "PATH…")+" adds to it")
	}
	if err != nil {
		return err
	}
	if len(c.Entries) == 0 {
		return a.runOnNothing(p, c)
	}
	rep := a.newRunReport(a.memory)
	s, err := a.runOnce(ctx, p, rep, watch.RunOptions{Config: c, AcceptDeletions: accept})
	if errors.Is(err, repo.ErrBusy) {
		a.journal.Info("another run is at work", "destination", p.dest)
		a.console.Notice("another run is at work on " + terminal.Quote(p.dest) + "; nothing done")
		d := render.EmptyRun(p.dest)
		d.Busy = true
		return a.printRun(d)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(a.interruptedError(), err)
		}
		a.memory.noteFailed(p.dest, err)
		return err
	}
	a.memory.noteEnded(p.dest)
	if err := a.printRun(rep.document(p.dest, s)); err != nil {
		return err
	}
	return partialStatus(s.Problems)
}

// unlessTold is the error that made a run fail, or only its exit status where cron's runs have
// printed the same since the last one that ended: cron mails what is printed. What others have seen
// does not count.
func (a *app) unlessTold(ctx context.Context, err error) error {
	var named status
	if err == nil || errors.As(err, &named) || ctx.Err() != nil || a.memory == nil {
		return err
	}
	if a.console.Terminal || a.console.Verbose || a.flags.json || !isOfCron() || a.memory.isNewFailure(err) {
		return err
	}
	a.journal.Error(err.Error())
	return status(exitStatus(err))
}

// runOnce opens the destination, runs over the sources that o selects, and pushes.
func (a *app) runOnce(ctx context.Context, p *place, rep *runReport, o watch.RunOptions) (*watch.Summary, error) {
	r, err := a.openRepo(p, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return a.runIn(ctx, r, p, rep, o)
}

// runIn is runOnce in an open destination.
func (a *app) runIn(ctx context.Context, r *repo.Repo, p *place, rep *runReport, o watch.RunOptions) (*watch.Summary, error) {
	o.Repo = r
	s, err := a.runOver(ctx, p, rep, o)
	if err == nil && (o.Part == nil || s.Versions > 0) {
		a.pushAfter(ctx, r, p, o.Config)
	}
	return s, err
}

// What a command records at once it says first, from so many files or bytes on.
const (
	manyFiles = 1000
	manyBytes = 100 << 20
)

// announceLarge says how much is about to be recorded, where that is much.
func (a *app) announceLarge(files int, bytes int64) {
	if files >= manyFiles || bytes >= manyBytes {
		a.console.Announce("recording " + render.Count(files, "file") + ", " + render.SizeText(bytes))
	}
}

// runOver runs over the sources that o selects. It logs the beginning and the end, and prints a
// summary on a terminal.
func (a *app) runOver(ctx context.Context, p *place, rep *runReport, o watch.RunOptions) (*watch.Summary, error) {
	defer rep.end()
	if o.Part == nil {
		a.journal.Debug("run begins", "version", buildVersion().Version, "configuration", p.config, "destination", p.dest, "entries", len(o.Config.Entries))
	}
	o.Own, o.Clock, o.Report = a.own(p), a.now, rep
	s, err := watch.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Part == nil && o.Only == nil && s.Sources == 0 {
		if problem, is := a.leftOut(ctx, p, o.Config); is {
			rep.Problem(problem)
		}
	}
	rep.end()
	if o.Part != nil && s.Versions+s.Problems == 0 {
		return s, nil
	}
	if s.Pruned.Copies > 0 {
		a.journal.Debug("copies pruned", "keep", repo.CopyPolicy(o.Config.CopiesKeep).String(), "removed", s.Pruned.Copies, "bytes", s.Pruned.Bytes, "differ", s.Pruned.Differ)
	}
	a.journal.Debug("run ends", "scan", s.Scan, "sources", s.Sources, "versions", s.Versions, "problems", s.Problems,
		"bytes", s.Bytes, "elapsed", s.Elapsed, "tip", s.Tip.String())
	if rep.watching && s.Versions+s.Problems == 0 {
		return s, nil
	}
	when := ""
	if rep.watching {
		when = a.now().In(a.zone).Format(time.TimeOnly) + "  "
	}
	a.console.Notice(when + render.RunSummary(s, slices.Collect(maps.Keys(rep.files)), slices.Collect(maps.Keys(rep.folders)), len(rep.renamed)-rep.renamedFolders, rep.renamedFolders))
	return s, nil
}

// printRun prints the document of a run if the user wants JSON.
func (a *app) printRun(d render.RunDocument) error {
	if !a.flags.json {
		return nil
	}
	return a.printJSON(d)
}

func (a *app) acceptedPaths(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		if path == "" {
			return nil, &usageError{msg: "--accept-deletions is empty", hint: "name the file or folder that is gone"}
		}
		abs, err := a.absolute(path)
		if err != nil {
			return nil, err
		}
		out = append(out, abs)
	}
	return out, nil
}

// partialStatus is exit status 3 if there were problems, all of them named; else nil.
func partialStatus(problems int) error {
	if problems > 0 {
		return status(statusPartial)
	}
	return nil
}
