package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch"
	"timemachine/watch/config"
	"timemachine/watch/scan"
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
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	wanted, refused := a.candidates(p, c, o)
	if len(wanted) == 0 {
		return status(statusUsage)
	}
	if c == nil {
		if _, err := a.createConfig(p, ""); err != nil {
			return err
		}
	}
	r, err := a.openRepo(p, true)
	if err != nil {
		return err
	}
	defer r.Close()
	listed, err := a.addEntries(p, wanted)
	if err == nil {
		err = a.printAdded(listed)
	}
	if err != nil {
		return err
	}
	if typed := a.expandedPattern(o.paths); typed != "" && !a.flags.quiet {
		a.console.Hint("these are the files of now; to watch later ones, too, quote the pattern: " + a.spell("add", hint.ShellWord(typed)))
	}
	rep := a.newRunReport(nil)
	problems, d := refused, render.EmptyRun(p.dest)
	if c, err = a.existingConfig(p); err != nil {
		return err
	}
	if only := append(existingPaths(wanted), a.matchedPaths(ctx, p, c, wanted)...); len(only) > 0 {
		s, err := a.runOver(ctx, p, rep, watch.RunOptions{Config: c, Repo: r, Wait: true, Only: only, Found: a.announceLarge})
		if err != nil {
			return err
		}
		a.pushAfter(ctx, r, p, c)
		problems += s.Problems
		d = rep.document(p.dest, s)
	}
	if slices.ContainsFunc(listed.added, func(text string) bool { return strings.HasPrefix(text, "!") }) {
		a.warnOfLeftOut(ctx, p, c)
	}
	d.Added, d.Already = listed.added, listed.already
	return errors.Join(a.printRun(d), partialStatus(problems))
}

// warnOfLeftOut warns where no file is selected any more.
func (a *app) warnOfLeftOut(ctx context.Context, p *place, c *config.Config) {
	problem, is := a.leftOut(ctx, p, c)
	if !is || slices.ContainsFunc(scan.SourcesByEntry(ctx, c, a.own(p).Find(p.dest)), func(s scan.EntrySources) bool { return len(s.Paths) > 0 }) {
		return
	}
	a.console.Warn(render.ProblemText(problem))
	a.console.Hint(a.speller().Words(problem.Remedy))
}

// fewestExpanded is the least number of arguments that are taken for a pattern that the shell has
// expanded.
const fewestExpanded = 3

// expandedPattern is the pattern that a shell has expanded to these arguments, as far as they show
// it: all names in one folder with the same ending, and all that have it; "" for none.
func (a *app) expandedPattern(args []string) string {
	if len(args) < fewestExpanded {
		return ""
	}
	folder, ending := filepath.Split(args[0])
	ending = filepath.Ext(ending)
	for _, arg := range args {
		if dir, name := filepath.Split(arg); dir != folder || filepath.Ext(name) != ending {
			return ""
		}
	}
	where, err := a.absolute(folder)
	if err != nil || ending == "" {
		return ""
	}
	entries, err := os.ReadDir(where)
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ending && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, folder+e.Name())
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, slices.Sorted(slices.Values(args))) || strings.ContainsAny(folder+ending, `*?[\`) {
		return ""
	}
	return folder + "*" + ending
}

// addedEntries are the new entries of one add, and those that were on the list before.
type addedEntries struct {
	added   []string
	already []string
}

// addEntries adds entries to the configuration.
func (a *app) addEntries(p *place, wanted []candidate) (addedEntries, error) {
	var l addedEntries
	var names, patterns []string
	for _, w := range wanted {
		switch {
		case w.already:
			l.already = append(l.already, w.path)
		case w.pattern:
			patterns = append(patterns, w.path)
		default:
			names = append(names, w.path)
		}
	}
	if len(patterns) > 0 {
		added, already, err := config.AddPatterns(p.config, a.watchEnv(), patterns)
		if err != nil {
			return l, asConfigError(p.config, err)
		}
		l.added, l.already = added, append(l.already, already...)
	}
	if len(names) > 0 {
		added, already, err := config.AddEntries(p.config, a.watchEnv(), names)
		if err != nil {
			return l, asConfigError(p.config, err)
		}
		l.added, l.already = append(l.added, added...), append(l.already, already...)
	}
	for _, path := range l.added {
		a.journal.Debug("watching", "path", path, "configuration", p.config)
	}
	return l, nil
}

// printAdded prints the entries, unless a JSON document will hold them.
func (a *app) printAdded(l addedEntries) error {
	if a.flags.json || a.flags.quiet {
		return nil
	}
	for _, path := range l.added {
		if err := a.say("added "+terminal.Quote(path), 2); err != nil {
			return err
		}
	}
	for _, path := range l.already {
		if err := a.say("already watched: "+terminal.Quote(path), 2); err != nil {
			return err
		}
	}
	return nil
}

// existingPaths are the paths that exist, for the run to scan.
func existingPaths(wanted []candidate) []string {
	var paths []string
	for _, w := range wanted {
		if !w.missing && !w.pattern {
			paths = append(paths, w.path)
		}
	}
	return paths
}

// matchedPaths are the files that the patterns among the candidates select now. It says of which
// none is there.
func (a *app) matchedPaths(ctx context.Context, p *place, c *config.Config, wanted []candidate) (paths []string) {
	for _, w := range wanted {
		for _, e := range c.Entries {
			if !w.pattern || e.Text != w.path {
				continue
			}
			found := scan.SourcesByEntry(ctx, &config.Config{Entries: []*config.Entry{e}}, a.own(p).Find(p.dest))[0].Paths
			if len(found) == 0 {
				a.console.Warn(terminal.Quote(w.path) + " matches no file now: runs record those that come")
			}
			paths = append(paths, found...)
		}
	}
	return paths
}
