package main

import (
	"context"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

func (a *app) copiesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "copies",
		Short: "write the plain copies again",
		Long:  copiesHelp,
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return &usageError{msg: "copies needs to be told what to do", hint: a.spell("copies", "rebuild")}
		},
	}
	cmd.AddCommand(newCommand("rebuild", "write the plain copies from the history", rebuildHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.rebuildCopies(ctx) }))
	return cmd
}

// rebuildCopies writes the copies that are missing in copies/.
func (a *app) rebuildCopies(ctx context.Context) error {
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	if c != nil && c.CopiesNone {
		return &usageError{msg: "the configuration says copies: none", hint: "say copies: all in " + terminal.Quote(p.config)}
	}
	rep := a.newProblemReport(nil)
	defer rep.sayMore()
	r, err := a.openForUpkeep(p, &rep)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := r.Lock(ctx, upkeepOptions(c))
	if err != nil {
		return err
	}
	done := a.console.ShowBar("rebuilding")
	b, err := w.RebuildCopies(ctx, repo.RebuildOptions{WantCopy: wantsCopy(c), Progress: a.console.MoveBar})
	done()
	if err != nil {
		return err
	}
	a.journal.Debug("copies rebuilt", "destination", p.dest, "copies", b.Versions, "written", b.Written, "failed", b.Failed)
	switch {
	case a.flags.json:
		err = a.printJSON(render.RebuildJSON(b))
	case !a.flags.quiet:
		err = a.say(render.RebuildLine(b), 2)
	}
	if err == nil && b.NoRoom {
		err = &failure{msg: "space is short in " + terminal.Quote(p.dest) + ": not all copies are written", hint: "copies: {min-free: …} in the configuration says how much is kept free"}
	}
	if err == nil && b.Failed > 0 {
		err = status(statusFailed)
	}
	return err
}

// openForUpkeep opens the destination for work beside runs, whose warnings go to rep.
func (a *app) openForUpkeep(p *place, rep *problemReport) (*repo.Repo, error) {
	o := a.repoOptions(p)
	o.Warn = func(path, msg string, what refusal.Remedy) {
		rep.report(scan.Problem{Path: path, Msg: msg, Remedy: what, Warning: true})
	}
	r, err := repo.Open(p.dest, o)
	return r, closedError(p.dest, err)
}

// upkeepOptions writes copies as the configuration has it; without one, always.
func upkeepOptions(c *config.Config) repo.WriteOptions {
	if c == nil {
		return repo.WriteOptions{}
	}
	return repo.WriteOptions{Copies: c.KeepsCopies}
}
