package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/restore"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/config"
)

// restoreOptions are the arguments and flags of restore.
type restoreOptions struct {
	paths     []string
	at        string
	to        string
	strip     int
	dryRun    bool
	overwrite string
	exact     bool
	yes       bool
	deleted   bool
	branch    string
}

func (a *app) restoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := newCommand("restore PATH…", "bring files or folders back as they were", restoreHelp, needPaths("restore"),
		func(ctx context.Context, paths []string) error {
			o.paths = paths
			return a.restore(ctx, o)
		})
	cmd.Example = restoreExamples
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.at, "at", "", "as of `WHEN`: a time, @1 for one version (of a folder: one run) before the newest, a commit (default the newest)")
	f.BoolVar(&o.deleted, "deleted", false, "only what was deleted at or below PATH, in the newest run that deleted anything, or in that of --at")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "only print what would be done")
	f.StringVar(&o.to, "to", "", "leave the originals alone, and write below the folder `TARGET` under the full paths; one file also to that name")
	f.IntVar(&o.strip, "strip", 0, "with --to: without the first `N` names of each path")
	f.StringVar(&o.overwrite, "overwrite", "changed", "what becomes of files that are there: `WHICH` is never, changed, if-newer (only what is older than its version) or always")
	f.BoolVar(&o.exact, "exact", false, "also remove what is in PATH and was not there then; it is recorded first")
	f.BoolVarP(&o.yes, "yes", "y", false, "with --exact: do not ask")
	a.addBranchFlag(cmd, &o.branch)
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("overwrite", cobra.FixedCompletions([]string{"never", "changed", "if-newer", "always"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

var overwrites = map[string]restore.Overwrite{"changed": restore.OverwriteChanged, "never": restore.OverwriteNever, "if-newer": restore.OverwriteIfNewer, "always": restore.OverwriteAlways}

// check refuses flags that do not go together.
func (o *restoreOptions) check(mayAsk bool) error {
	switch {
	case o.strip < 0:
		return &usageError{msg: "--strip " + strconv.Itoa(o.strip) + " is below 0", hint: usageHint}
	case o.strip > 0 && o.to == "":
		return &usageError{msg: "--strip goes with --to", hint: usageHint}
	case o.exact && o.to != "":
		return &usageError{msg: "--exact and --to exclude each other", hint: "restore to a new folder, which holds nothing else"}
	case o.exact && o.deleted:
		return &usageError{msg: "--exact and --deleted exclude each other", hint: usageHint}
	case o.exact && !o.yes && !o.dryRun && !mayAsk:
		return &usageError{msg: "--exact removes files, and nobody is there to be asked", hint: "look at what goes with --dry-run, then give --yes"}
	}
	return nil
}

// restore brings versions back to disk.
func (a *app) restore(ctx context.Context, o restoreOptions) error {
	overwrite, ok := overwrites[o.overwrite]
	if !ok {
		return &usageError{msg: "--overwrite " + terminal.InQuotes(o.overwrite) + " is not one of never, changed, if-newer, always"}
	}
	if err := o.check(a.mayAsk() && !a.flags.quiet); err != nil {
		return err
	}
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	h, r, err := a.openToRestore(p, c != nil, o)
	if err != nil {
		return err
	}
	defer h.Close()
	if r != nil {
		defer r.Close()
	}
	s, err := a.selections(ctx, h, o)
	if err != nil {
		return err
	}
	if err := a.checkExact(o, c, s.list); err != nil {
		return err
	}
	target, err := a.restoreTarget(p, o, s.list)
	if err != nil {
		return err
	}
	for _, line := range s.lines {
		a.console.Announce(line)
	}
	rep := a.newRunReport(nil)
	defer rep.end()
	exact := restoreOptions{exact: true}
	done := &restoreReport{app: a, h: h, o: o, offers: s.offers, before: s.before, target: target.folder,
		exactable: !o.exact && !o.deleted && o.to == "" && a.checkExact(exact, c, s.list) == nil}
	plan, err := watch.Restore(ctx, watch.RestoreOptions{History: h, Repo: r, Config: c, Own: a.own(p), At: s.point, Selections: s.list,
		To: target.folder, Place: target.place, Overwrite: overwrite, Exact: o.exact, DryRun: o.dryRun, Part: o.deleted, Confirm: done.confirm,
		Clock: a.now, Log: a.journal.Debug, Report: rep, Done: done.logStep})
	if plan != nil {
		defer plan.Close()
	}
	switch {
	case err != nil && plan != nil && plan.Begun && ctx.Err() != nil:
		rep.end()
		return errors.Join(err, done.print(plan))
	case err != nil:
		return linkError(err)
	}
	rep.end()
	if r != nil {
		defer a.pushAfter(ctx, r, p, c)
	}
	return done.print(plan)
}

// checkExact refuses to remove anything but below what the watch list names.
func (a *app) checkExact(o restoreOptions, c *config.Config, list []restore.Selection) error {
	if !o.exact {
		return nil
	}
	if c == nil {
		return &failure{msg: "--exact removes only what is on a watch list, and there is none here", hint: "give it with -c or -cl"}
	}
	for _, s := range list {
		watched := slices.ContainsFunc(c.Entries, func(e *config.Entry) bool { return isAtOrBelow(s.Path, e.Root) })
		if !watched {
			return &failure{msg: terminal.Quote(s.Path) + " is neither on the watch list nor below what is: --exact removes nothing there", hint: a.spell("list") + " shows what is"}
		}
	}
	return nil
}

// isAtOrBelow tells whether a path is a folder or lies below it.
func isAtOrBelow(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

// linkError adds a hint to the refusal of another user's link above the path.
func linkError(err error) error {
	var link *durable.OthersLinkError
	var at *fs.PathError
	if !errors.As(err, &link) || !errors.As(err, &at) {
		return err
	}
	return &failure{msg: terminal.Quote(at.Path) + ": " + link.Error(), hint: "remove the link, or restore elsewhere with --to DIR", err: err}
}

// openToRestore opens the history. Where files are replaced, it also opens the repository that
// records them first. A clone that is no destination has a history only.
func (a *app) openToRestore(p *place, configured bool, o restoreOptions) (*history.History, *repo.Repo, error) {
	options := a.repoOptions(p)
	options.Heads = cache.NewestVersions
	if o.to == "" && !o.dryRun {
		if configured {
			a.openJournal(p.journal)
		}
		r, err := a.openTrusted(p, options)
		switch refusalKind(err) {
		case refusal.Foreign, refusal.Unsupported:
		default:
			if err != nil {
				return nil, nil, err
			}
			h, err := a.historyToRestore(p, r, o)
			if err != nil {
				return nil, nil, errors.Join(err, r.Close())
			}
			return h, r, nil
		}
	}
	h, err := a.openToRead(p.dest, o.branch, cache.NewestVersions)
	return h, nil, err
}

// historyToRestore is the history to restore from, in a destination that records what is replaced.
func (a *app) historyToRestore(p *place, r *repo.Repo, o restoreOptions) (*history.History, error) {
	if o.branch == "" {
		return r.History()
	}
	return a.openToRead(p.dest, o.branch, cache.NewestVersions)
}
