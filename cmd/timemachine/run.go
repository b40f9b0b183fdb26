package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch"
)

// runOptions are the flags of run.
type runOptions struct {
	accept []string
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := command("run", "look at every watched file once and commit what changed", runHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.run(ctx, o) })
	cmd.Flags().StringArrayVar(&o.accept, "accept-deletions", nil,
		"record the files below `PATH` as deleted although their folder is missing or empty (repeatable)")
	return cmd
}

// run is one run over everything.
func (a *app) run(ctx context.Context, o runOptions) error {
	accept, err := a.acceptedPaths(o.accept)
	if err != nil {
		return err
	}
	p, c, err := a.open()
	if err != nil {
		return err
	}
	if len(c.Entries) == 0 {
		a.nothingWatched(p)
		return a.results(render.EmptyRun(p.dest))
	}
	rep := a.newReport(a.memory)
	s, err := a.everything(ctx, p, rep, watch.RunOptions{Config: c, AcceptDeletions: accept})
	if errors.Is(err, watch.ErrBusy) {
		a.journal.Info("another run is at work", "destination", p.dest)
		a.console.Notice("another run is at work on " + terminal.Quote(p.dest) + "; nothing done")
		d := render.EmptyRun(p.dest)
		d.Busy = true
		return a.results(d)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(errInterrupted, err)
		}
		a.memory.failed(p.dest, err)
		return err
	}
	a.memory.ended(p.dest)
	if err := a.results(rep.document(p.dest, s)); err != nil {
		return err
	}
	return partial(s.Problems)
}

// everything opens the destination and looks at what o says.
func (a *app) everything(ctx context.Context, p *place, rep *report, o watch.RunOptions) (*watch.Summary, error) {
	r, err := a.openRepo(p, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	o.Repo = r
	return a.look(ctx, p, rep, o)
}

// look runs over what o selects, with the log told of its beginning and end and the terminal given a summary.
func (a *app) look(ctx context.Context, p *place, rep *report, o watch.RunOptions) (*watch.Summary, error) {
	defer rep.close()
	a.journal.Debug("run begins", "version", buildVersion().Version, "configuration", p.config, "destination", p.dest, "entries", len(o.Config.Entries))
	o.Clock, o.Report = a.now, rep
	s, err := watch.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	rep.close()
	a.journal.Debug("run ends", "scan", s.Scan, "sources", s.Sources, "versions", s.Versions, "problems", s.Problems,
		"bytes", s.Bytes, "elapsed", s.Elapsed, "tip", s.Tip.String())
	a.console.Notice(render.RunSummary(s, len(rep.files)))
	return s, nil
}

// results prints the document where JSON is wanted.
func (a *app) results(d render.RunDocument) error {
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

// partial is status 3 where something was left undone and named.
func partial(problems int) error {
	if problems > 0 {
		return status(statusPartial)
	}
	return nil
}
