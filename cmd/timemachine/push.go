package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/remote"
	"timemachine/watch/config"
)

// pushOptions are the arguments and flags of push.
type pushOptions struct {
	remote  string // "": the configured one
	private bool
	never   bool // private was given as false
}

func (a *app) pushCommand() *cobra.Command {
	var o pushOptions
	var cmd *cobra.Command
	cmd = newCommand("push [REMOTE]", "send the history to a git remote", pushHelp, atMostOne("push", "remote"),
		func(ctx context.Context, words []string) error {
			if len(words) > 0 {
				o.remote = words[0]
			}
			o.never = cmd.Flags().Changed("private") && !o.private
			return a.push(ctx, o)
		})
	cmd.Example = pushExamples
	cmd.Flags().BoolVar(&o.private, "private", false, "send also files that not everybody may read here, with the password hashes and keys in them; --private=false sends nothing, and takes back that they may go")
	return cmd
}

// atMostOne is the argument check of commands with one optional argument.
func atMostOne(verb, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{msg: verb + " takes one " + what + ", not " + terminal.InQuotes(args[1]), hint: usageHint}
		}
		return nil
	}
}

// push sends the recorded branch to a remote, now.
func (a *app) push(ctx context.Context, o pushOptions) error {
	p, c, err := a.openPlace()
	if err != nil {
		return err
	}
	r, err := a.openTrusted(p, a.repoOptions(p))
	if err != nil {
		return err
	}
	defer r.Close()
	if o.never {
		return a.takeBack(ctx, r, a.pushingTo(p, c, o.remote))
	}
	return a.pushTo(ctx, r, a.pushingTo(p, c, o.remote), o.private)
}

// takeBack forgets that files which not everybody may read may go to a remote.
func (a *app) takeBack(ctx context.Context, r *repo.Repo, s pushing) error {
	h, t, err := a.namedTarget(r, &s)
	if err != nil {
		return err
	}
	if s.Private {
		return &usageError{msg: "the configuration says private: yes of " + terminal.Quote(t.Label()), hint: "take it out with: " + a.spell("config", "edit")}
	}
	o := a.remoteOptions()
	o.Waiting = func(holder int, patience time.Duration) { a.announcePushWait(h.Dest(), holder, patience) }
	had, err := remote.TakeBack(ctx, h.Commits(), &t, o)
	if err != nil {
		return err
	}
	a.journal.Info("taken back: private files may go to the remote", "remote", t.Label(), "agreed", had)
	switch {
	case a.flags.json:
		return a.printJSON(map[string]any{"remote": t.Label(), "taken_back": had})
	case a.flags.quiet:
		return nil
	case !had:
		return a.say("nothing was agreed to: files that not everybody may read go to "+terminal.Quote(t.Label())+" only after a question", 2)
	}
	return a.say("files that not everybody may read go to "+terminal.Quote(t.Label())+" only after a question from now on; what is there stays there", 2)
}

// agreed are the remotes to which private files may go since a person has said so, with the command
// that takes that back.
func (a *app) agreed(h *history.History, p *place, c *config.Config) ([]statusview.Agreed, error) {
	list, err := remote.AgreedTo(h.Commits())
	if len(list) == 0 {
		return nil, err
	}
	configured := ""
	if c != nil && c.Push != nil {
		if t, err := a.pushTarget(h, a.pushingTo(p, c, "")); err == nil {
			configured = t.URL()
		}
	}
	var agreed []statusview.Agreed
	for _, to := range list {
		words := []string{"push", "--private=false"}
		if to.URL != configured {
			words = append(words, hint.Operand(to.URL)...)
		}
		agreed = append(agreed, statusview.Agreed{Remote: to.URL, Branch: to.Branch, Undo: a.spell(words...)})
	}
	return agreed, err
}

// namedTarget is the target of a push that may name no remote: the only one counts then.
func (a *app) namedTarget(r *repo.Repo, s *pushing) (*history.History, remote.Target, error) {
	h, err := r.History()
	if err != nil {
		return nil, remote.Target{}, err
	}
	if s.Remote == "" {
		if s.Remote = remote.OnlyName(h.Commits()); s.Remote == "" {
			return nil, remote.Target{}, &usageError{msg: "no remote is named", hint: "name one, or write push: REMOTE in the configuration; " + a.spell("init", "--remote", "URL") + " adds one"}
		}
	}
	t, err := a.pushTarget(h, *s)
	return h, t, err
}

// pushing says where and how a push goes, and how hints about it are spelled.
type pushing struct {
	config.Push
	base  string // the folder that a relative path of Remote starts from
	hints hint.Speller
}

// pushingTo is a push to a remote; "": the one of the configuration. The settings of the
// configuration hold for its own remote alone.
func (a *app) pushingTo(p *place, c *config.Config, name string) pushing {
	s := pushing{base: a.dir, hints: a.speller()}
	configured := c != nil && c.Push != nil && (name == "" || a.isRemoteOf(p, c, name))
	if configured {
		s.Push = *c.Push
	} else {
		s.Push = config.Push{Remote: name, Timeout: config.DefaultPushTimeout, With: config.PushAuto}
	}
	if name == "" {
		s.base = filepath.Dir(p.config)
	}
	var words []string
	if c != nil {
		words = append(words, "-c", hint.ShellWord(p.config))
	}
	s.hints.Push = &hint.Push{Place: append(words, "-d", hint.ShellWord(p.dest)), ByHand: !configured, Settings: s.Push}
	return s
}

// isRemoteOf tells whether a remote is the one of the configuration.
func (a *app) isRemoteOf(p *place, c *config.Config, name string) bool {
	if !strings.ContainsAny(name, "/:") {
		return name == c.Push.Remote
	}
	return remote.Absolute(name, a.dir, a.home()) == remote.Absolute(c.Push.Remote, filepath.Dir(p.config), a.home())
}

// pushTo sends the recorded branch to a remote and prints what became of it.
func (a *app) pushTo(ctx context.Context, r *repo.Repo, s pushing, private bool) error {
	h, t, err := a.namedTarget(r, &s)
	if err != nil {
		return err
	}
	remove := a.console.ShowBar("sending")
	o := a.remoteOptions()
	o.Progress = a.console.MoveBar
	o.Waiting = func(holder int, patience time.Duration) { a.announcePushWait(h.Dest(), holder, patience) }
	o.Begin = func(l *remote.Leaving, first, allowed bool) (bool, error) {
		return a.announceLeaving(&t, l, first, allowed || private)
	}
	out, err := remote.Push(ctx, h.Commits(), &t, o)
	remove()
	var failed *remote.Failure
	if errors.As(err, &failed) {
		return a.failedPush(h.Dest(), &t, failed, s)
	}
	if err != nil {
		return err
	}
	a.journal.Info("pushed", "remote", t.Label(), "branch", t.Branch(), "commits", out.Sent, "tip", out.Tip.String())
	if a.flags.json {
		return a.printJSON(render.SentJSON(h.Dest(), &t, &out))
	}
	if a.flags.quiet {
		return nil
	}
	return a.say(render.PushLine(&t, &out), 2)
}

// failedPush tells of a remote that cannot be pushed to, and is the error that ends the command.
func (a *app) failedPush(dest string, t *remote.Target, f *remote.Failure, s pushing) error {
	words := s.hints.Words(f.Remedy)
	if a.flags.json {
		if err := a.printJSON(render.FailedPushJSON(dest, t, f, words)); err != nil {
			return err
		}
	}
	a.printRemoteLines(f)
	return &failure{msg: f.Msg, hint: words, err: f}
}

// announcePushWait says that a push waits for that of another process.
func (a *app) announcePushWait(dest string, holder int, patience time.Duration) {
	text := fmt.Sprintf("waiting, for %g minutes at most: another push of destination %s is at work, by %s", patience.Minutes(), terminal.Quote(dest), refusal.Process(holder))
	a.journal.Info(text)
	a.console.Announce(text)
}

// setUpRemote adds the remote origin, and sees whether it can be reached.
func (a *app) setUpRemote(ctx context.Context, p *place, c *config.Config, r *repo.Repo, url string) error {
	if strings.ContainsFunc(url, unicode.IsControl) || strings.HasPrefix(url, "-") {
		return &usageError{msg: "--remote " + terminal.InQuotes(terminal.Escape(url)) + " is not a URL"}
	}
	url = remote.Absolute(url, a.dir, a.home()) // runs work in other folders
	w, err := r.Lock(ctx, repo.WriteOptions{})
	if err == nil {
		err = errors.Join(w.AddRemote(originName, url), r.Unlock())
	}
	if err != nil {
		return err
	}
	h, err := r.History()
	if err != nil && refusalKind(err) != refusal.NoVersions {
		return err
	}
	s := a.pushingTo(p, c, originName)
	t, err := a.pushTarget(h, s)
	if err != nil {
		return err
	}
	a.journal.Debug("remote set up", "name", originName, "url", t.URL())
	has, other, err := remote.Probe(ctx, h.Commits(), &t, a.remoteOptions())
	var failed *remote.Failure
	if errors.As(err, &failed) {
		a.printRemoteLines(failed)
		return &failure{msg: failed.Msg, hint: s.hints.Words(failed.Remedy), err: err}
	}
	if err != nil {
		return err
	}
	if !a.flags.quiet && !a.flags.json {
		err = a.say(render.ProbeLine(&t, has), 2)
	}
	if err == nil && other != nil {
		a.console.Warn(other.Msg)
		a.console.Hint(s.hints.Words(other.Remedy))
	} else if c == nil || c.Push == nil {
		a.console.Announce("hint: runs push to it where the configuration " + terminal.Quote(p.config) + " says push: " + originName + "; " + a.spell("push") + " does it now")
	}
	return err
}

// originName is the remote that init adds, as git clone does.
const originName = "origin"

// pushTarget is the branch at the remote that a push goes to.
func (a *app) pushTarget(h *history.History, s pushing) (remote.Target, error) {
	t, err := remote.Resolve(h.Commits(), remote.Request{Remote: s.Remote, Branch: strings.ReplaceAll(s.Branch, "{hostname}", a.host),
		With: remote.Way(s.With), Timeout: s.Timeout, Private: s.Private, UID: a.uid,
		Base: s.base, Home: a.home()})
	var state *refusal.Error
	if errors.As(err, &state) {
		err = &failure{msg: err.Error(), hint: s.hints.Words(state.Remedy), err: err}
	}
	return t, err
}

// remoteOptions is what speaks with a remote needs of this process.
func (a *app) remoteOptions() remote.Options {
	o := remote.Options{Now: a.now, Log: a.logAction}
	o.Env = os.Environ()
	if a.env("HOME") == "" && a.home() != "" { // as under cron, or env -i
		o.Env = append(o.Env, "HOME="+a.home())
	}
	path := cmp.Or(a.env("PATH"), defaultPath)
	if a.env("PATH") == "" {
		o.Env = append(o.Env, "PATH="+path)
	}
	o.SearchPath, o.Agent = path, programName+"/"+buildVersion().Version
	o.Credentials.User, o.Credentials.Home, o.Credentials.AgentSocket, o.Credentials.Lookup = a.account.login, a.home(), a.env("SSH_AUTH_SOCK"), a.lookup
	return o
}

// defaultPath is where programs are searched for without PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// announceLeaving says before a first push what leaves, and asks where files do that not everybody
// may read.
func (a *app) announceLeaving(t *remote.Target, l *remote.Leaving, first, allowed bool) (bool, error) {
	lines := render.LeavingLines(t, l, first)
	for _, line := range lines {
		a.journal.Info(line)
	}
	if allowed || !a.mayAsk() {
		if first && !a.flags.json {
			for _, line := range lines {
				a.console.Announce(line)
			}
		}
		return allowed, nil
	}
	for _, line := range lines {
		a.console.Announce(line)
	}
	return a.askYes("send all of that?"), nil
}

// printRemoteLines passes on what the remote said, and what that is about.
func (a *app) printRemoteLines(f *remote.Failure) {
	for _, line := range f.Lines {
		a.console.Announce("remote: " + line)
	}
	for _, line := range f.About {
		a.console.Announce(line)
	}
}

// pushAfter pushes after a run where the configuration says so. Whatever becomes of that, the run
// is done. It lets go of the lock first: the next run waits for no remote.
func (a *app) pushAfter(ctx context.Context, r *repo.Repo, p *place, c *config.Config) {
	if c == nil || c.Push == nil || ctx.Err() != nil {
		return
	}
	if err := a.tryPushAfter(ctx, r, a.pushingTo(p, c, "")); err != nil && ctx.Err() == nil {
		a.journal.Error("not pushed", "cause", err.Error())
		if a.warn("not pushed: " + render.FirstLine(err)) {
			a.console.Hint(a.hintOf(err))
		}
	}
}

func (a *app) tryPushAfter(ctx context.Context, r *repo.Repo, s pushing) error {
	if err := r.Unlock(); err != nil {
		return err
	}
	h, err := r.History()
	if refusalKind(err) == refusal.NoVersions {
		return nil
	}
	if err != nil {
		return err
	}
	t, err := a.pushTarget(h, s)
	if err != nil {
		return err
	}
	if due, err := remote.Due(h.Commits(), t, a.now()); err != nil || !due {
		return err
	}
	limited, end := context.WithTimeout(ctx, s.Timeout)
	defer end()
	o := a.remoteOptions()
	o.AfterRun = true
	o.Begin = func(l *remote.Leaving, first, allowed bool) (bool, error) {
		if first || !allowed {
			for _, line := range render.LeavingLines(&t, l, first) {
				a.journal.Info(line)
			}
		}
		return allowed, nil
	}
	out, err := remote.Push(limited, h.Commits(), &t, o)
	var failed *remote.Failure
	if errors.As(err, &failed) {
		a.reportFailedPush(failed, s.hints, out.News)
		return nil
	}
	if err != nil || out.Skipped {
		return err
	}
	line := render.PushLine(&t, &out)
	a.journal.Debug(line, "tip", out.Tip.String())
	if out.News {
		a.console.Announce(fmt.Sprintf("push to %s works again (failed since %s): %s", terminal.Quote(t.Label()), render.LocalTime(out.Since, a.zone), line))
	} else if out.Sent > 0 {
		a.console.Notice(line)
	}
	return nil
}

// reportFailedPush prints a failure that is news; a person at a terminal sees every one.
func (a *app) reportFailedPush(f *remote.Failure, hints hint.Speller, news bool) {
	if !news && !a.console.Terminal && !a.console.Verbose {
		a.journal.Debug(f.Msg)
		return
	}
	a.journal.Warn(f.Msg, "class", string(f.Class()))
	a.console.Warn(f.Msg)
	a.printRemoteLines(f)
	a.console.Hint(hints.Words(f.Remedy))
}
