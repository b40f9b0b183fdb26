package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch"
	"timemachine/watch/config"
)

// setupOptions are the arguments and flags of setup.
type setupOptions struct {
	paths  []string
	remote string // URL

	missingOK bool
	schedule  bool
}

func (a *app) setupCommand() *cobra.Command {
	var o setupOptions
	cmd := newCommand("setup PATH…", "configuration, destination and first history at once", setupHelp, cobra.ArbitraryArgs,
		func(ctx context.Context, paths []string) error {
			o.paths = paths
			return a.setup(ctx, o)
		})
	cmd.Example = setupExamples
	cmd.Flags().BoolVar(&o.missingOK, "missing-ok", false, "also watch what does not exist yet")
	cmd.Flags().BoolVar(&o.schedule, "schedule", false, "also have runs made each minute, as schedule install does")
	cmd.Flags().StringVar(&o.remote, "remote", "", "add the git remote origin at `URL`, push to it now and after each run")
	return cmd
}

// setup makes what is missing of the configuration, the watch list, the destination and the
// history, in an order in which it can go on where it was cut short. What stands stays.
func (a *app) setup(ctx context.Context, o setupOptions) error {
	if a.flags.json && o.remote != "" {
		return &usageError{msg: "--json and --remote exclude each other", hint: "add the remote with: " + a.spell("init", "--remote", "URL")}
	}
	p, c, err := a.setupPlace()
	if err != nil {
		return err
	}
	wanted, refused := a.candidates(p, c, addOptions{paths: o.paths, missingOK: o.missingOK})
	switch {
	case refused > 0:
		return status(statusUsage)
	case len(wanted) == 0 && (c == nil || len(c.Entries) == 0):
		return &usageError{msg: "setup needs a path", hint: a.spell("setup", "PATH…")}
	}
	r, outcome, err := a.setupDestination(p, c)
	if err != nil {
		return err
	}
	defer r.Close()
	report := setupReport{place: p, created: c == nil, outcome: outcome}
	if report.addedEntries, err = a.setupList(p, c, wanted); err != nil {
		return err
	}
	if c, err = a.existingConfig(p); err != nil {
		return err
	}
	report.config = c
	rep := a.newRunReport(nil)
	s, err := a.runOver(ctx, p, rep, watch.RunOptions{Config: c, Repo: r, Wait: true, Found: a.announceLarge})
	if err != nil {
		return err
	}
	a.memory.noteEnded(p.dest)
	report.run = rep.document(p.dest, s)
	report.versions, report.files, report.folders = s.Versions, len(rep.files), len(rep.folders)
	var unscheduled error
	if o.schedule {
		_, unscheduled = a.installSchedule(ctx, p, c, scheduleOptions{})
	}
	if err := errors.Join(a.printSetup(ctx, &report), unscheduled); err != nil {
		return err
	}
	if o.remote != "" {
		if err := a.setupPush(ctx, p, r, o.remote); err != nil {
			return err
		}
	} else {
		a.pushAfter(ctx, r, p, c)
	}
	return partialStatus(s.Problems)
}

// setupPlace finds where setup works: where the flags or the environment say, else in the folders
// of setup. A config.dat in the working directory says nothing. The configuration is nil where it
// does not exist.
func (a *app) setupPlace() (*place, *config.Config, error) {
	folders := a.setupFolders()
	p := newPlace(folders.configFile(), origin{})
	if a.flags.config != "" || a.flags.location != "" || a.env(envConfig) != "" {
		var err error
		if p, err = a.configPlace(); err != nil {
			return nil, nil, err
		}
	}
	if p.config == "" {
		return nil, nil, &usageError{msg: "no home folder is known", hint: "set HOME, or name the configuration and the destination: " + spell("setup", "-c", "FILE", "-d", "DIR", "PATH…")}
	}
	if err := config.CheckPrivate(p.config, a.watchEnv()); err != nil {
		return nil, nil, err
	}
	var c *config.Config
	if exists(p.config) {
		var err error
		if c, err = a.existingConfig(p); err != nil {
			return nil, nil, err
		}
	}
	return p, c, a.chooseDestination(p, c)
}

// chooseDestination decides the destination of a setup. A flag or variable must not contradict a
// configuration that exists: the next command without them would work elsewhere.
func (a *app) chooseDestination(p *place, c *config.Config) error {
	if err := a.setDestination(p, c); err != nil {
		return err
	}
	named := cmp.Or(a.flags.destination, a.env(envDest)) != ""
	standing := a.setupFolders().destination
	if c == nil {
		if !named && p.config != a.setupFolders().configFile() {
			return &usageError{msg: "setup of another configuration needs a destination", hint: "name it with -d"}
		}
		return nil
	}
	if p.config != a.setupFolders().configFile() {
		standing = ""
	}
	switch has := cmp.Or(c.Destination, standing); {
	case has == p.dest:
		return nil
	case has == "":
		return &usageError{msg: "configuration " + terminal.Quote(p.config) + " names no destination", hint: "write destination: in it, with: " + a.spell("config", "edit")}
	default:
		return &usageError{msg: "configuration " + terminal.Quote(p.config) + " has another destination: " + terminal.Quote(has),
			hint: "leave " + p.destBy.name + " out, or change it with: " + a.spell("config", "edit")}
	}
}

// setupDestination makes the missing folders of the configuration and the destination, opens the
// log, and makes the repository unless there is one. A destination that an existing configuration
// has used before is not made again: its disk is probably not mounted.
func (a *app) setupDestination(p *place, c *config.Config) (r *repo.Repo, outcome string, err error) {
	if err := makeFolder(filepath.Dir(p.config)); err != nil {
		return nil, "", err
	}
	a.openJournal(p.journal)
	a.memory = a.recall(p.config)
	if c != nil && a.memory.knows(p.dest) {
		r, err := a.openRepo(p, false)
		return r, "existed", err
	}
	if err := makeFolder(filepath.Dir(p.dest)); err != nil {
		return nil, "", err
	}
	options := a.repoOptions(p)
	if outcome, err = a.makeRepository(p, options); err != nil {
		return nil, "", err
	}
	r, err = a.openMade(p, options)
	return r, outcome, err
}

// makeFolder makes a folder and those above it, as far as they are missing, closed to other users.
func makeFolder(folder string) error {
	d, err := durable.OpenTrusted(folder, true)
	if err != nil {
		return &failure{msg: "folder " + terminal.Quote(folder) + " cannot be made: " + durable.Reason(err), err: err}
	}
	return d.Close()
}

// setupList makes the configuration if it is missing, and puts the paths on the watch list.
func (a *app) setupList(p *place, c *config.Config, wanted []candidate) (addedEntries, error) {
	if c == nil {
		if err := config.CreateWithDestination(p.config, p.dest); err != nil {
			return addedEntries{}, asConfigError(p.config, err)
		}
		a.journal.Debug("created", "configuration", p.config)
	}
	return a.addEntries(p, wanted)
}

// setupPush adds a remote, lets runs push to it, and pushes what is recorded. What is on this
// machine stands whatever becomes of that.
func (a *app) setupPush(ctx context.Context, p *place, r *repo.Repo, url string) error {
	if err := r.Unlock(); err != nil {
		return err
	}
	if err := config.SetPush(p.config, a.watchEnv(), originName); err != nil {
		return asConfigError(p.config, err)
	}
	c, err := a.existingConfig(p)
	if err == nil {
		err = a.setUpRemote(ctx, p, c, r, url)
	}
	if err == nil {
		err = a.pushTo(ctx, r, a.pushingTo(p, c, ""), false)
	}
	var f *failure
	if refusalKind(err) == refusal.NoVersions {
		return nil
	}
	if errors.As(err, &f) && f.hint == "" {
		f.hint = "when that is mended: " + a.spell("setup", "--remote", hint.ShellWord(url))
	}
	return err
}
