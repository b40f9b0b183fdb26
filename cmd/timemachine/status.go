package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/remote"
	"timemachine/watch/config"
	"timemachine/watch/preview"
)

// statusOptions are the flags of status.
type statusOptions struct {
	maxAge    string
	branch    string
	sizes     bool
	porcelain bool
}

func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	cmd := newCommand("status", "what a run would do now, when the last one was, and sizes", statusHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.status(ctx, o) })
	cmd.Flags().StringVar(&o.maxAge, "max-age", "", "say only how old the last good run is, and what a remote lacks; exit 1 when either is older than `AGE`, such as 5m or 2h")
	cmd.Flags().BoolVar(&o.sizes, "sizes", false, "say only what the versions of each file take on disk, the most first")
	cmd.Flags().BoolVar(&o.porcelain, "porcelain", false, "lines of a key and a value for scripts, which stay as they are")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

// status only reads: it makes no configuration and no log, and takes no lock.
func (a *app) status(ctx context.Context, o statusOptions) error {
	limit, err := o.check(a.flags.json)
	if err != nil {
		return err
	}
	p, c, err := a.readPlace()
	if err != nil {
		return a.statusDespite(ctx, o, limit, err)
	}
	return a.statusOf(ctx, o, limit, p, c)
}

// statusDespite prints the error of a configuration that cannot be used, and what the destination
// tells without it.
func (a *app) statusDespite(ctx context.Context, o statusOptions, limit time.Duration, broken error) error {
	p := a.placeWithout()
	if p == nil || exitStatus(broken) != statusUsage {
		return broken
	}
	h, err := a.openToRead(p.dest, o.branch, nil)
	if err != nil {
		return broken
	}
	h.Close()
	a.printError(broken)
	p.broken = true
	if err := a.statusOf(ctx, o, limit, p, nil); err != nil && exitStatus(err) != statusFailed {
		return err
	}
	return status(statusUsage)
}

// placeWithout is the place of a configuration that cannot be read: its destination is that of the
// flag or the environment, else the one that the configuration has used last. nil: none is known.
func (a *app) placeWithout() *place {
	p, err := a.configPlace()
	if err != nil || !exists(p.config) {
		return nil
	}
	if a.flags.destination != "" || a.env(envDest) != "" {
		if a.setDestination(p, nil) != nil {
			return nil
		}
		return p
	}
	if p.dest = a.recall(p.config).lastUsed(); p.dest == "" {
		return nil
	}
	return p
}

// statusOf is the status of a place. Its configuration is nil where there is none, or where it
// cannot be used.
func (a *app) statusOf(ctx context.Context, o statusOptions, limit time.Duration, p *place, c *config.Config) error {
	h, err := a.openToRead(p.dest, o.branch, nil)
	lacking := ""
	if o.maxAge == "" && o.branch == "" {
		lacking, err = a.beforeFirstRun(p, c, err)
	}
	if err != nil {
		return err
	}
	if h != nil {
		defer h.Close()
	}
	if o.maxAge != "" {
		return a.checkAge(ctx, p, h, c, limit)
	}
	if o.sizes && h != nil {
		return a.printSizes(ctx, h)
	}
	s := &statusview.Status{Destination: p.dest, Configuration: p.config, Lacking: lacking, Broken: p.broken, Free: -1, Hints: a.speller().Words}
	if o.branch != "" { // what a run would do is no matter of a branch
		s.Configuration = ""
		err = a.gatherHistory(ctx, h, s)
	} else {
		err = a.gatherStatus(ctx, h, c, p, s)
	}
	switch {
	case err != nil:
		return err
	case a.flags.json:
		return a.printJSON(s.Document())
	case o.porcelain:
		return a.printLines(s.Porcelain())
	}
	v := statusview.View{Clock: a.clock(), Verbose: a.flags.verbose}
	if a.stdoutTerminal {
		v.Columns = a.terminalColumns()
	}
	return a.print(strings.Join(s.Lines(v), "\n"))
}

// check checks the flags, and returns the age that --max-age names.
func (o *statusOptions) check(json bool) (limit time.Duration, err error) {
	switch {
	case o.maxAge != "" && o.branch != "":
		return 0, &usageError{msg: "--max-age and --branch exclude each other", hint: "a branch does not tell when a run found nothing new"}
	case o.sizes && o.maxAge != "":
		return 0, &usageError{msg: "--sizes and --max-age exclude each other", hint: usageHint}
	case o.porcelain && o.sizes:
		return 0, &usageError{msg: "--porcelain and --sizes exclude each other", hint: usageHint}
	case o.porcelain && (o.maxAge != "" || json):
		return 0, &usageError{msg: "--porcelain excludes --json and --max-age", hint: "--json has everything, also with --max-age"}
	case o.maxAge != "":
		return parseAge(o.maxAge)
	}
	return 0, nil
}

// beforeFirstRun tells whether the error of opening a history only means that no run has recorded
// anything yet, and what to type where the first one lacks the destination. Without a watch list
// there is nothing to tell of a destination that does not exist. A destination that was used before
// has been lost.
func (a *app) beforeFirstRun(p *place, c *config.Config, err error) (lacking string, _ error) {
	kind := refusalKind(err)
	switch {
	case kind == refusal.NoVersions:
		return "", nil
	case kind != refusal.NoDestination && kind != refusal.NoRepository, c == nil:
		return "", err
	case a.recall(p.config).knows(p.dest):
		return "", a.unmountedError(p.dest, err)
	case kind == refusal.NoDestination:
		return a.spell("init", "-d", hint.ShellWord(p.dest)), nil
	}
	return "", nil
}

// clock tells moments in the user's time zone.
func (a *app) clock() render.Clock { return render.Clock{Now: a.now(), Zone: a.zone} }

// gatherStatus fills in s. h is nil where nothing is recorded yet.
func (a *app) gatherStatus(ctx context.Context, h *history.History, c *config.Config, p *place, s *statusview.Status) error {
	if h != nil {
		if err := a.gatherHistory(ctx, h, s); err != nil {
			return err
		}
		s.Watches = watchesOf(h.State(), p)
		err := h.Commits().CheckAdopted()
		if err != nil && c != nil {
			s.Refused, s.Adopt = terminal.Escape(render.FirstLine(err)), a.hintOf(err)
		}
		if s.Agreed, err = a.agreed(h, p, c); errors.Is(err, remote.ErrUnreadable) {
			a.console.Warn(render.FirstLine(err))
		} else if err != nil {
			return err
		}
	}
	s.Failed = a.recall(s.Configuration).lastFailure(s.Destination, s.Last)
	if c == nil {
		return nil
	}
	if u, err := a.unrecordedFiles(h, p, c); err != nil {
		return err
	} else if u != nil {
		s.Unrecorded, s.Remedy = u.files, u.remedy(a)
	}
	s.Entries, s.Exclusions = len(c.Entries), len(c.WatchLines())-len(c.Entries)+len(c.Exclusions())
	if s.Scheduled, s.Unread = a.statusJobs(ctx, p, c); len(s.Scheduled) == 0 && s.Entries > 0 {
		s.Schedule = a.scheduleCommand(p)
	}
	if h != nil && c.Push == nil {
		s.Remote = remote.OnlyName(h.Commits())
	}
	var err error
	if s.Push, err = a.pushState(ctx, h, p, c); err != nil {
		return err
	}
	s.Preview, err = preview.New(ctx, c, h, s.Destination, a.own(p), a.now())
	return err
}

func (a *app) gatherHistory(ctx context.Context, h *history.History, s *statusview.Status) error {
	var err error
	s.Branch, s.Busy = h.Branch(), h.Busy()
	if s.Last, err = h.LastRun(); err != nil {
		return err
	}
	if s.Versions, s.Newest, err = h.Count(ctx); err != nil {
		return err
	}
	if s.Upstream, err = h.Upstream(ctx); err != nil {
		return err
	}
	if s.Sizes, err = h.Sizes(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		a.console.Warn("not all of the destination could be added up: " + render.FirstLine(err))
	}
	if free, ok := h.Commits().Folder.FreeSpace(); ok {
		s.Free = free
	}
	grown, err := pace(ctx, h, statusview.GrowthSince(a.now()), nil)
	if err != nil {
		return err
	}
	s.Growth = statusview.NewGrowth(grown, a.now())
	return nil
}

// parseAge reads a duration as Go does, and also days and weeks.
func parseAge(text string) (time.Duration, error) {
	scale := map[string]time.Duration{"d": 24, "w": 7 * 24}
	for unit, hours := range scale {
		if number, ok := strings.CutSuffix(text, unit); ok {
			if d, err := time.ParseDuration(number + "h"); err == nil && d > 0 {
				return d * hours, nil
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, &usageError{msg: "--max-age " + terminal.InQuotes(text) + " is not an age", hint: "such as 90s, 5m, 2h or 3d"}
	}
	return d, nil
}

// pushState is what is known of the remote that runs push to; nil where they do not.
func (a *app) pushState(ctx context.Context, h *history.History, p *place, c *config.Config) (*statusview.Push, error) {
	if h == nil || c == nil || c.Push == nil {
		return nil, nil
	}
	t, err := a.pushTarget(h, a.pushingTo(p, c, ""))
	if err != nil {
		return &statusview.Push{Remote: c.Push.Remote, Remedy: a.hintOf(err),
			State: remote.State{Class: remote.Waiting, Message: render.FirstLine(err)}}, nil
	}
	state, err := remote.ReadState(ctx, h.Commits(), t)
	if errors.Is(err, remote.ErrUnreadable) {
		return &statusview.Push{Remote: t.Label(), State: remote.State{Class: remote.Waiting, Message: render.FirstLine(err)}}, nil
	}
	return &statusview.Push{Remote: t.Label(), Branch: t.Branch(), State: state}, err
}

// checkAge is the quick status for monitors: a line or two, and the exit status.
func (a *app) checkAge(ctx context.Context, p *place, h *history.History, c *config.Config, limit time.Duration) error {
	last, err := h.LastRun()
	if err != nil {
		return err
	}
	push, err := a.pushState(ctx, h, p, c)
	if err != nil {
		return err
	}
	failed := a.recall(p.config).lastFailure(p.dest, last)
	// The age of a run in the future is not known: it ended before the clock was set back.
	age := a.now().Sub(last.Good).Abs()
	old, behind := last.Good.IsZero() || age > limit, push.IsBehind(a.now(), limit)
	u, err := a.unrecordedFiles(h, p, c)
	if err != nil {
		return err
	}
	fresh := !old && !behind && u == nil
	if a.flags.json {
		d := statusview.AgeJSON(h.Dest(), last, failed, limit, push, fresh)
		if u != nil {
			d.Unrecorded = u.files
		}
		err = a.printJSON(d)
	} else if !a.flags.quiet {
		lines := []string{statusview.LastRunLine(last, failed, a.clock()) + a.whyOld(last.Good, limit, old)}
		if u != nil {
			lines = append(lines, statusview.UnrecordedLine(u.text()))
		}
		if push != nil {
			lines = append(lines, push.Line(a.clock())+whyBehind(limit, behind && push.Branch != ""))
		}
		err = a.printLines(lines)
	}
	if err == nil && !fresh {
		err = status(statusFailed)
	}
	return err
}

// whyOld ends the line of the last run that makes a status fail: it says why.
func (a *app) whyOld(good time.Time, limit time.Duration, is bool) string {
	switch {
	case !is:
		return ""
	case good.IsZero():
		return ": no run was good yet"
	case good.After(a.now()):
		return ": the clock went back"
	}
	return ": older than " + age(limit)
}

// whyBehind ends the line of a push that makes a status fail.
func whyBehind(limit time.Duration, is bool) string {
	if !is {
		return ""
	}
	return ": behind for longer than " + age(limit)
}

// age is a duration without units that are zero.
func age(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
