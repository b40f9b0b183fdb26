package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/repo/remote"
	"timemachine/watch"
	"timemachine/watch/config"
)

// statusOptions are the flags of status.
type statusOptions struct {
	maxAge string
	branch string
}

func (a *app) statusCommand() *cobra.Command {
	var o statusOptions
	cmd := newCommand("status", "what a run would do now, when the last one was, and sizes", statusHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.status(ctx, o) })
	cmd.Flags().StringVar(&o.maxAge, "max-age", "", "say only how old the last good run is, and what a remote lacks; exit 1 when either is older than `AGE`, such as 5m or 2h")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

// status only reads: it makes no configuration and no log, and takes no lock.
func (a *app) status(ctx context.Context, o statusOptions) error {
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	var limit time.Duration
	if o.maxAge != "" {
		if limit, err = parseAge(o.maxAge); err != nil {
			return err
		}
		if o.branch != "" {
			return &usageError{msg: "--max-age and --branch exclude each other", hint: "a branch does not tell when a run found nothing new"}
		}
	}
	h, err := a.openToRead(p.dest, o.branch, nil)
	if refusalKind(err) == refusal.NoVersions && o.maxAge == "" {
		h, err = nil, nil
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
	s := &render.Status{Destination: p.dest, Configuration: p.config, Hints: speller().Words}
	if o.branch != "" { // what a run would do is no matter of a branch
		s.Configuration = ""
		err = a.gatherHistory(ctx, h, s)
	} else {
		err = a.gatherStatus(ctx, h, c, p, s)
	}
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(s.Document())
	}
	return a.print(strings.Join(s.Lines(a.clock(), a.flags.verbose), "\n"))
}

// clock tells moments in the user's time zone.
func (a *app) clock() render.Clock { return render.Clock{Now: a.now(), Zone: a.zone} }

// gatherStatus fills in s. h is nil where nothing is recorded yet.
func (a *app) gatherStatus(ctx context.Context, h *history.History, c *config.Config, p *place, s *render.Status) error {
	if h != nil {
		if err := a.gatherHistory(ctx, h, s); err != nil {
			return err
		}
	}
	s.Failed = a.recall(s.Configuration).lastFailure(s.Destination, s.Last)
	if c == nil {
		return nil
	}
	var err error
	if s.Push, err = a.pushState(ctx, h, p, c); err != nil {
		return err
	}
	s.Preview, err = watch.NewPreview(ctx, c, h, s.Destination, a.own(p), a.now())
	return err
}

func (a *app) gatherHistory(ctx context.Context, h *history.History, s *render.Status) error {
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
func (a *app) pushState(ctx context.Context, h *history.History, p *place, c *config.Config) (*render.Push, error) {
	if h == nil || c == nil || c.Push == nil {
		return nil, nil
	}
	t, err := a.pushTarget(h, a.pushingTo(p, c, ""))
	if err != nil {
		return &render.Push{Remote: c.Push.Remote, State: remote.State{Class: remote.Waiting, Message: render.FirstLine(err)}}, nil
	}
	state, err := remote.ReadState(ctx, h.Commits(), t)
	return &render.Push{Remote: t.Label(), Branch: t.Branch(), State: state}, err
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
	age := a.now().Sub(last.Good)
	old, behind := last.Good.IsZero() || age > limit, push.IsBehind(a.now(), limit)
	fresh := !old && !behind
	if a.flags.json {
		err = a.printJSON(render.AgeJSON(h.Dest(), last, failed, limit, push, fresh))
	} else if !a.flags.quiet {
		lines := []string{render.LastRunLine(last, failed, a.clock()) + tooOld(old)}
		if push != nil {
			lines = append(lines, push.Line(a.clock())+tooOld(behind && push.Branch != ""))
		}
		err = a.printLines(lines)
	}
	if err == nil && !fresh {
		err = status(statusFailed)
	}
	return err
}

// tooOld ends the line of what makes a status fail.
func tooOld(is bool) string {
	if is {
		return ": too old"
	}
	return ""
}
