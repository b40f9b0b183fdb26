package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/refusal"
	"timemachine/repo/remote"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// fromOptions are the flags of init --adopt --from.
type fromOptions struct {
	url     string
	branch  string
	copies  bool
	timeout time.Duration
}

const answerTime = time.Minute // in which a remote must say something

func addFromFlags(cmd *cobra.Command, o *fromOptions) {
	f := cmd.Flags()
	f.StringVar(&o.url, "from", "", "with --adopt: fetch the history from the git repository at `URL` first")
	f.VarP((*oneBranch)(&o.branch), "branch", "b", "with --from: take the branch `NAME` (default the only one, else this host's)")
	f.BoolVar(&o.copies, "copies", false, "with --from: also write copies/, one plain file for each version")
	f.DurationVar(&o.timeout, "timeout", answerTime, "with --from: give up when the remote says nothing for `TIME`")
}

// check refuses flags that mean nothing without each other.
func (o *fromOptions) check(cmd *cobra.Command, adopt bool) error {
	if o.url != "" {
		if !adopt {
			return &usageError{msg: "--from goes with --adopt", hint: spellAs(cmd, "init", "--adopt", "--from", hint.ShellWord(o.url))}
		}
		if cmd.Flags().Changed("remote") {
			return &usageError{msg: "--from and --remote exclude each other", hint: "--from makes the remote origin"}
		}
		if o.timeout <= 0 {
			return &usageError{msg: "--timeout " + o.timeout.String() + " is no time to wait", hint: "such as 60s or 5m"}
		}
		return nil
	}
	for _, name := range []string{"branch", "copies", "timeout"} {
		if cmd.Flags().Changed(name) {
			return &usageError{msg: "--" + name + " goes with --from URL", hint: spellAs(cmd, "init", "--adopt", "--from", "URL")}
		}
	}
	return nil
}

// adoptFrom makes a destination of a branch of a remote, and brings files/ up to date with it.
func (a *app) adoptFrom(ctx context.Context, p *place, c *config.Config, o fromOptions) error {
	options := a.repoOptions(p)
	if r, err := repo.Open(p.dest, options); err == nil {
		return errors.Join(a.occupied(r), r.Close())
	}
	source, err := remote.NewSource(o.url, a.dir, a.home(), o.timeout, a.remoteOptions().Surroundings)
	if err != nil {
		return err
	}
	source.Progress = a.console.MoveBar
	remove := a.console.ShowBar("fetching")
	branch, err := repo.Clone(ctx, p.dest, options, repo.Origin{Remote: source, Branch: o.branch, Host: a.host})
	remove()
	var failed *remote.Failure
	if errors.As(err, &failed) {
		return a.fetchError(failed)
	}
	if err != nil {
		return missingParentError(p.dest, err)
	}
	r, err := a.openMade(p, options)
	if err != nil {
		return err
	}
	defer r.Close()
	a.journal.Debug("destination adopted", "destination", p.dest, "from", source.URL(), "branch", branch)
	if err := a.writeAdopted(ctx, r, c, o.copies); err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(initDocument{Destination: p.dest, Outcome: "adopted", From: source.URL(), Branch: branch})
	}
	if a.flags.quiet {
		return nil
	}
	err = a.say(fmt.Sprintf("adopted destination %s: branch %s of %s", terminal.Quote(p.dest), terminal.Quote(branch), terminal.Quote(source.URL())), 2)
	if err == nil && !o.copies && (c == nil || !c.CopiesKeep.None) {
		a.console.Hint("the older plain copies are written by: " + a.spell("copies", "rebuild", "-d", hint.ShellWord(p.dest)))
	}
	return err
}

// occupied is the refusal to fetch a history into a destination that is one already.
func (a *app) occupied(r *repo.Repo) error {
	dest := hint.ShellWord(r.Path())
	h, err := r.History()
	if refusalKind(err) == refusal.NoVersions {
		return &failure{msg: "destination " + terminal.Quote(r.Path()) + " has a repository already, which holds no versions",
			hint: "name another folder with -d, or remove that repository first: rm -r " + hint.ShellWord(filepath.Join(r.Path(), ".git"))}
	}
	if err == nil {
		err = h.Close()
	}
	return errors.Join(&failure{msg: "destination " + terminal.Quote(r.Path()) + " holds a history already", hint: a.spell("run", "-d", dest) + " goes on with it"}, err)
}

// writeAdopted writes files/ and the index, and copies/ where that is wanted. The next run makes up
// for what fails here.
func (a *app) writeAdopted(ctx context.Context, r *repo.Repo, c *config.Config, copies bool) error {
	o := upkeepOptions(c)
	o.Warn = func(path, msg string, what refusal.Remedy) {
		if what == (refusal.Remedy{}) {
			return // that files/ is missing
		}
		a.console.Warn(render.ProblemText(scan.Problem{Path: path, Msg: msg}))
		a.console.Hint(a.speller().Words(what))
	}
	w, err := r.Lock(ctx, o)
	if err != nil {
		return err
	}
	if !copies {
		_, err := w.Start(ctx)
		return err
	}
	defer a.console.ShowBar("writing copies")()
	done, err := w.RebuildCopies(ctx, a.rebuildOptions(c))
	if err == nil && (done.Failed > 0 || done.NoRoom) {
		err = &failure{msg: "not all copies are written", hint: a.spell("copies", "rebuild", "-d", hint.ShellWord(r.Path())) + " writes the others"}
	}
	return err
}

// fetchError is the error of a remote that a history cannot be fetched from. It passes on what the
// remote said.
func (a *app) fetchError(f *remote.Failure) error {
	a.printRemoteLines(f)
	e := &failure{msg: f.Msg, hint: a.speller().Words(f.Remedy), err: f}
	if f.Reason == remote.NoAnswer {
		e.hint = "--timeout gives it longer"
	}
	return e
}
