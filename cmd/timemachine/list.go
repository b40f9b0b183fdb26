package main

import (
	"context"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/watch/scan"
)

func (a *app) listCommand() *cobra.Command {
	return newCommand("list", "print the watch list, one entry a line", listHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.list(ctx) })
}

// list prints the watch list.
func (a *app) list(ctx context.Context) error {
	p, c, err := a.openPlace(true)
	if err != nil {
		return err
	}
	lines := c.Lines()
	if len(lines) == 0 {
		a.announceEmptyList(p)
	}
	entries := render.WatchListJSON(c, lines)
	if a.flags.verbose {
		render.AddSelection(entries, scan.SourcesByEntry(ctx, c, a.own(p).Find(p.dest)))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if a.flags.json {
		return a.printJSON(entries)
	}
	return a.printLines(render.WatchListLines(entries))
}
