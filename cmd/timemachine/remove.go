package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

func (a *app) removeCommand() *cobra.Command {
	cmd := newCommand("remove PATH…", "stop watching; the history stays", removeHelp, needPaths("remove"), a.remove)
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.completeEntries(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// removeDocument is what remove --json prints.
type removeDocument struct {
	Removed []string `json:"removed"`
	Unknown []string `json:"unknown"`
}

// remove takes entries off the watch list.
func (a *app) remove(_ context.Context, args []string) error {
	p, c, err := a.openPlace()
	if err == nil && c == nil {
		c, err = a.existingConfig(p)
	}
	if err != nil {
		return err
	}
	names, err := a.entryNames(c, args)
	if err != nil {
		return err
	}
	removed, unknown, err := config.RemoveEntries(p.config, a.watchEnv(), names)
	if err != nil {
		return asConfigError(p.config, err)
	}
	for _, name := range unknown {
		a.printError(a.notWatchedError(c, name))
	}
	for _, name := range removed {
		a.journal.Debug("no longer watching", "path", name, "configuration", p.config)
	}
	if err := a.printRemoved(removed, unknown); err != nil {
		return err
	}
	if len(removed) > 0 {
		a.tellEmptied(p)
	}
	switch {
	case len(removed) == 0:
		return status(statusUsage)
	case len(unknown) > 0:
		return status(statusPartial)
	}
	return nil
}

// entryNames are the names under which RemoveEntries finds the entries that the arguments mean.
// That is the absolute path where an entry names it, else the text of a pattern or exclusion.
func (a *app) entryNames(c *config.Config, args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		if arg == "" {
			return nil, &usageError{msg: "an empty path is not watched", hint: a.spell("list") + " shows what is"}
		}
		path, err := a.absolute(arg)
		if err != nil {
			return nil, err
		}
		if text := config.PatternText(arg, a.dir); config.IsPattern(arg) && slices.Contains(c.Lines(), text) {
			path = text
		} else if !hasRoot(c, path) {
			path = arg
		}
		names = append(names, path)
	}
	return names, nil
}

func hasRoot(c *config.Config, path string) bool {
	for _, e := range c.Entries {
		if e.IsLiteral() && e.Root == path {
			return true
		}
	}
	return false
}

func (a *app) printRemoved(removed, unknown []string) error {
	if a.flags.json {
		return a.printJSON(removeDocument{Removed: render.OrEmpty(removed), Unknown: render.OrEmpty(unknown)})
	}
	var errs []error
	for _, name := range removed {
		if !a.flags.quiet {
			errs = append(errs, a.say("removed "+terminal.Quote(name), 2))
		}
	}
	return errors.Join(errs...)
}

// tellEmptied says that a watch list is empty now: runs and status call that a problem.
func (a *app) tellEmptied(p *place) {
	if c, err := a.existingConfig(p); err == nil && len(c.Entries) == 0 {
		a.console.Warn("nothing is watched any more by " + terminal.Quote(p.config))
		a.console.Hint("watch something else with add; or, if no runs are wanted: " + a.spell("schedule", "remove"))
	}
}

// notWatchedError says that no entry is the name. A path that is watched through a folder or a
// pattern can be excluded.
func (a *app) notWatchedError(c *config.Config, name string) error {
	if path, err := a.absolute(name); err == nil && !config.IsPattern(name) {
		if e := c.Select(path); e != nil {
			return &usageError{msg: fmt.Sprintf("%s: has no entry of its own, and is watched through %s (line %d)", terminal.Quote(name), terminal.Quote(e.Text), e.Line),
				hint: "to leave it out: " + a.spell("add", hint.ShellWord(config.ExclusionOf(path)))}
		}
	}
	e := &usageError{msg: terminal.Quote(name) + ": is not watched", hint: a.spell("list") + " shows what is"}
	if near := mostSimilar(name, c.Lines(), 1); len(near) > 0 {
		e.hint = "did you mean " + terminal.Quote(near[0]) + "?"
	}
	return e
}

// completeEntries are the lines of the watch list, for the shell's completion; none where the
// configuration cannot be read.
func (a *app) completeEntries() []string {
	p, err := a.configPlace()
	if err != nil {
		return nil
	}
	c, err := a.loadConfig(p)
	if err != nil || c == nil {
		return nil
	}
	return c.Lines()
}
