package main

import (
	"context"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo"
)

const compactHelp = `Merge the packs that runs wrote into one, now, whatever time it takes, and say what that freed. Runs merge packs by
themselves when it takes them no time to speak of; after years, or a large first run, this does the rest. It also makes
git's commit-graph, with which git log -- PATH takes a moment. It waits for a run at work, ten minutes at most, and is safe
beside git at any time.

Only packs on the list of those that timemachine wrote (.git/timemachine/packs) are merged. All others are left as they are:
those of git gc, and its own where that list was lost, since nothing else tells them from git's. git gc merges them all.`

func (a *app) compactCommand() *cobra.Command {
	return newCommand("compact", "merge packs now", compactHelp, noArgs, func(ctx context.Context, _ []string) error { return a.compact(ctx) })
}

func (a *app) compact(ctx context.Context) error {
	p, _, err := a.openPlace()
	if err != nil {
		return err
	}
	r, err := repo.Open(p.dest, a.repoOptions(p))
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := r.Lock(ctx, repo.WriteOptions{})
	if err != nil {
		return err
	}
	tip, err := w.Start(ctx)
	if err != nil {
		return err
	}
	c, err := w.Compact(ctx, tip)
	if err != nil {
		return err
	}
	a.journal.Info("packs compacted", "before", c.PacksBefore, "after", c.PacksAfter, "bytes_before", c.BytesBefore, "bytes_after", c.BytesAfter)
	return a.printCompaction(p.dest, c)
}

func (a *app) printCompaction(dest string, c repo.Compaction) error {
	switch {
	case a.flags.json:
		return a.printJSON(render.CompactJSON(dest, c))
	case a.flags.quiet:
		return nil
	}
	return a.say(render.CompactLine(c, a.speller().Git(dest, "gc")), 2)
}
