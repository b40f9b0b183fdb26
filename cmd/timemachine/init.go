package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
)

// initOptions are the flags of init.
type initOptions struct {
	adopt  bool
	from   fromOptions
	remote string // URL
}

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	var cmd *cobra.Command
	cmd = newCommand("init", "make the destination's repository", initHelp, noArgs,
		func(ctx context.Context, _ []string) error {
			if err := o.from.check(cmd, o.adopt); err != nil {
				return err
			}
			return a.init(ctx, o)
		})
	cmd.Flags().BoolVar(&o.adopt, "adopt", false, "take over a clone of a history, or one whose branch was rewritten")
	addFromFlags(cmd, &o.from)
	cmd.Flags().StringVar(&o.remote, "remote", "", "add the git remote origin at `URL`, and see whether it can be reached")
	return cmd
}

// initDocument is what init --json prints.
type initDocument struct {
	Destination string `json:"destination"`
	Outcome     string `json:"outcome"` // created, adopted or existed
	From        string `json:"from,omitempty"`
	Branch      string `json:"branch,omitempty"`
}

// init makes the repository or takes one over. It needs no configuration file, and uses the
// destination in one that exists.
func (a *app) init(ctx context.Context, o initOptions) error {
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	if o.from.url != "" {
		return a.adoptFrom(ctx, p, c, o.from)
	}
	options := a.repoOptions(p)
	outcome := "created"
	if o.adopt {
		outcome, err = "adopted", repo.Adopt(p.dest, options)
	} else if outcome, err = a.makeRepository(p, options); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	r, err := a.openMade(p, options)
	if err != nil {
		return err
	}
	defer r.Close()
	a.journal.Debug("destination "+outcome, "destination", p.dest)
	if err := a.printInit(p.dest, outcome); err != nil {
		return err
	}
	if outcome == "adopted" && !a.flags.json && !a.flags.quiet && isEmptyFolder(filepath.Join(p.dest, "copies")) {
		a.console.Hint(a.hintOnClone(p, c))
	}
	if o.remote == "" {
		return nil
	}
	return a.setUpRemote(ctx, p, c, r, o.remote)
}

// hintOnClone says how to make what a destination has and git clone does not make. verify misses
// it.
func (a *app) hintOnClone(p *place, c *config.Config) string {
	dest := hint.ShellWord(p.dest)
	if c != nil && c.CopiesKeep.None {
		return "git clone gives files/ times of its own; this sets those of the versions: " + a.spell("verify", "--repair", "-d", dest)
	}
	return "git clone makes no plain copies, and gives files/ times of its own; this makes both from the history: " + a.spell("copies", "rebuild", "-d", dest)
}

// isEmptyFolder tells whether a folder can be read and holds nothing.
func isEmptyFolder(path string) bool {
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 0
}

// openMade opens a repository that init has made, taken over or found, and remembers its owner as
// the right one.
func (a *app) openMade(p *place, o repo.Options) (*repo.Repo, error) {
	r, err := repo.Open(p.dest, o)
	if err != nil {
		return nil, err
	}
	owner, err := r.Owner()
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	a.announceForeignOwner(p.dest, owner)
	a.memory.noteUse(p.dest, owner)
	return r, nil
}

// makeRepository makes the repository unless there is one.
func (a *app) makeRepository(p *place, o repo.Options) (outcome string, err error) {
	r, err := repo.Open(p.dest, o)
	switch refusalKind(err) {
	case refusal.NoDestination, refusal.NoRepository:
		return "created", a.initRepository(p.dest, o)
	}
	if err != nil {
		return "", err
	}
	return "existed", r.Close()
}

func (a *app) printInit(dest, outcome string) error {
	if a.flags.json {
		return a.printJSON(initDocument{Destination: dest, Outcome: outcome})
	}
	if a.flags.quiet {
		return nil
	}
	if outcome == "existed" {
		return a.say("destination "+terminal.Quote(dest)+" is a timemachine repository already", 2)
	}
	return a.say(outcome+" destination "+terminal.Quote(dest), 2)
}
