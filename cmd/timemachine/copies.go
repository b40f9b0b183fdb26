package main

import (
	"context"
	"time"

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
		Short: "write the plain copies again, or remove those not kept",
		Long:  copiesHelp,
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return &usageError{msg: "copies needs to be told what to do", hint: a.spell("copies", "rebuild")}
		},
	}
	dryRun := false
	prune := newCommand("prune", "remove the plain copies that are not kept", pruneHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.pruneCopies(ctx, dryRun) })
	prune.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "only tell what would be removed")
	cmd.AddCommand(newCommand("rebuild", "write the plain copies from the history", rebuildHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.rebuildCopies(ctx) }), prune)
	return cmd
}

// pruneCopies removes the copies that the configuration does not keep.
func (a *app) pruneCopies(ctx context.Context, dryRun bool) error {
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	if c == nil {
		return &usageError{msg: "no configuration says which copies are kept", hint: "copies: 30d in it keeps those of the last 30 days"}
	}
	w, end, err := a.lockForUpkeep(ctx, p, c)
	if err != nil {
		return err
	}
	defer end()
	policy := repo.CopyPolicy(c.CopiesKeep)
	done := a.console.ShowBar("removing copies")
	pruned, err := w.PruneCopies(ctx, repo.PruneOptions{Policy: policy, Now: time.Now(), DryRun: dryRun, Progress: a.console.MoveBar})
	done()
	if err != nil {
		return err
	}
	a.journal.Debug("copies pruned", "destination", p.dest, "keep", policy.String(), "dry-run", dryRun, "removed", pruned.Copies, "bytes", pruned.Bytes, "differ", pruned.Differ, "failed", pruned.Failed)
	switch {
	case a.flags.json:
		err = a.printJSON(render.PruneJSON(&pruned, dryRun))
	case !a.flags.quiet:
		err = a.say(render.PruneLine(&pruned, dryRun), 2)
	}
	if err == nil && pruned.Failed+pruned.Needed > 0 {
		err = &failure{msg: "not all copies could be removed: " + terminal.Quote(pruned.Cause.Error()), err: pruned.Cause}
	}
	switch {
	case err != nil || a.flags.quiet:
	case policy.KeepsAll():
		a.console.Hint("the configuration keeps all copies; copies: 30d in " + terminal.Quote(p.config) + " keeps those of the last 30 days")
	case pruned.Copies == 0:
		a.console.Hint("what the configuration " + terminal.Quote(p.config) + " says of copies keeps all that are there")
	}
	return err
}

// rebuildOptions are those of the copies that the configuration keeps; without one, of all.
func (a *app) rebuildOptions(c *config.Config) repo.RebuildOptions {
	o := repo.RebuildOptions{Now: time.Now(), Progress: a.console.MoveBar}
	if c != nil {
		o.Policy = repo.CopyPolicy(c.CopiesKeep)
	}
	return o
}

// rebuildCopies writes the copies that are missing in copies/.
func (a *app) rebuildCopies(ctx context.Context) error {
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	if c != nil && c.CopiesKeep.None {
		return &usageError{msg: "the configuration says copies: none", hint: "say copies: all in " + terminal.Quote(p.config)}
	}
	w, end, err := a.lockForUpkeep(ctx, p, c)
	if err != nil {
		return err
	}
	defer end()
	done := a.console.ShowBar("rebuilding")
	b, err := w.RebuildCopies(ctx, a.rebuildOptions(c))
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
		err = &failure{msg: "space is short in " + terminal.Quote(p.dest) + ": not all copies are written", hint: "copies: {min-free: SIZE} in the configuration says how much is kept free"}
	}
	if err == nil && b.Failed > 0 {
		err = status(statusFailed)
	}
	if policy := a.rebuildOptions(c).Policy; err == nil && b.Versions == 0 && !policy.KeepsAll() && !a.flags.quiet {
		a.console.Hint("what the configuration " + terminal.Quote(p.config) + " says of copies keeps none of any version; copies: all keeps each one")
	}
	return err
}

// lockForUpkeep opens the destination for work that no run may be beside. end closes it, and says
// what more there was to warn of.
func (a *app) lockForUpkeep(ctx context.Context, p *place, c *config.Config) (w *repo.Writer, end func(), err error) {
	rep := a.newProblemReport(nil)
	r, err := a.openForUpkeep(p, &rep)
	if err != nil {
		rep.sayMore()
		return nil, nil, err
	}
	end = func() {
		r.Close()
		rep.sayMore()
	}
	if w, err = r.Lock(ctx, upkeepOptions(c)); err != nil {
		end()
		return nil, nil, err
	}
	return w, end, nil
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
