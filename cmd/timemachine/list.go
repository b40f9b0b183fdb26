package main

import (
	"context"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

func (a *app) listCommand() *cobra.Command {
	return newCommand("list", "print the watch list, one entry per line", listHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.list(ctx) })
}

// list prints the watch list.
func (a *app) list(ctx context.Context) error {
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	if c == nil {
		c = &config.Config{File: p.config}
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
		if a.flags.verbose && !c.NoDefaults {
			entries = append(entries, render.DefaultExclusionsJSON()...)
		}
		return a.printJSON(entries)
	}
	lines = render.WatchListLines(entries)
	if a.flags.verbose && !c.NoDefaults {
		const heading = "left out by default, unless default-exclusions is false:"
		if columns := a.screenColumns(); columns > 0 {
			lines = append(append(lines, terminal.Fold(heading, columns, 2, nil)...), wrapWords(config.DefaultExclusions, "  ", columns))
			return a.printLines(lines)
		}
		lines = append(lines, heading)
		lines = append(lines, wrapWords(config.DefaultExclusions, "  ", 72))
	}
	return a.printLines(lines)
}
