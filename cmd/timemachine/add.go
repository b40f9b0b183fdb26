package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch"
	"timemachine/watch/config"
)

// addOptions are the arguments and flags of add.
type addOptions struct {
	paths     []string
	missingOK bool
}

func (a *app) addCommand() *cobra.Command {
	var o addOptions
	cmd := newCommand("add PATH…", "watch files or folders, and take their first version at once", addHelp, needPaths("add"),
		func(ctx context.Context, paths []string) error {
			o.paths = paths
			return a.add(ctx, o)
		})
	cmd.Flags().BoolVar(&o.missingOK, "missing-ok", false, "also watch what does not exist yet")
	return cmd
}

// add puts paths on the watch list and captures them.
func (a *app) add(ctx context.Context, o addOptions) error {
	p, c, err := a.openPlace(true)
	if err != nil {
		return err
	}
	wanted, refused := a.candidates(p, c, o)
	if len(wanted) == 0 {
		return status(statusUsage)
	}
	r, err := a.openRepo(p, true)
	if err != nil {
		return err
	}
	defer r.Close()
	listed, err := a.addEntries(p, wanted)
	if err != nil {
		return err
	}
	rep := a.newRunReport(nil)
	problems, d := refused, render.EmptyRun(p.dest)
	if only := existingPaths(wanted); len(only) > 0 {
		if c, err = a.existingConfig(p); err != nil {
			return err
		}
		s, err := a.runOver(ctx, p, rep, watch.RunOptions{Config: c, Repo: r, Wait: true, Only: only})
		if err != nil {
			return err
		}
		a.pushAfter(ctx, r, p, c)
		problems += s.Problems
		d = rep.document(p.dest, s)
	}
	d.Added, d.Already = listed.added, listed.already
	return errors.Join(a.printRun(d), partialStatus(problems))
}

// addedEntries are the new entries of one add, and those that were on the list before.
type addedEntries struct {
	added   []string
	already []string
}

// addEntries adds entries to the configuration and prints them.
func (a *app) addEntries(p *place, wanted []candidate) (addedEntries, error) {
	var l addedEntries
	var names []string
	for _, w := range wanted {
		if w.already {
			l.already = append(l.already, w.path)
		} else {
			names = append(names, w.path)
		}
	}
	if len(names) > 0 {
		added, already, err := config.AddEntries(p.config, a.watchEnv(), names)
		if err != nil {
			return l, asConfigError(p.config, err)
		}
		l.added, l.already = added, append(l.already, already...)
	}
	for _, path := range l.added {
		a.journal.Debug("watching", "path", path, "configuration", p.config)
	}
	return l, a.printAdded(l)
}

// printAdded prints the entries, unless a JSON document will hold them.
func (a *app) printAdded(l addedEntries) error {
	if a.flags.json || a.flags.quiet {
		return nil
	}
	for _, path := range l.added {
		if err := a.print("added " + terminal.Quote(path)); err != nil {
			return err
		}
	}
	for _, path := range l.already {
		if err := a.print("already watched: " + terminal.Quote(path)); err != nil {
			return err
		}
	}
	return nil
}

// existingPaths are the paths that exist, for the run to scan.
func existingPaths(wanted []candidate) []string {
	var paths []string
	for _, w := range wanted {
		if !w.missing {
			paths = append(paths, w.path)
		}
	}
	return paths
}
