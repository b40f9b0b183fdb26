package main

import (
	"context"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
)

func (a *app) hostsCommand() *cobra.Command {
	return newCommand("hosts", "list the branches of a fleet with their newest versions", hostsHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.hosts(ctx) })
}

// hosts prints a line for each branch that holds a history.
func (a *app) hosts(ctx context.Context) error {
	p, err := a.askPlace()
	if err != nil {
		return err
	}
	branches, err := history.Branches(ctx, p.dest, history.Options{Log: a.logAction})
	if err != nil {
		return closedError(p.dest, err)
	}
	var failed error
	for _, b := range branches {
		if b.Err != nil {
			a.printError(b.Err)
			failed = status(statusFailed)
		}
	}
	if a.flags.json {
		for _, b := range branches {
			if err := a.printJSONLine(render.HostJSON(&b, a.now())); err != nil {
				return err
			}
		}
		return failed
	}
	for _, line := range render.HostLines(branches, a.clock(), a.screenColumns()) {
		if err := a.print(line); err != nil {
			return err
		}
	}
	if len(branches) == 0 {
		a.console.Notice("no branch of " + terminal.Quote(p.dest) + " holds a history")
	}
	return failed
}
