package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/doctor"
	"timemachine/cmd/timemachine/internal/journal"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/remote"
	"timemachine/watch/config"
	"timemachine/watch/preview"
	"timemachine/watch/scan"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct{ push bool }

func (a *app) doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := newCommand("doctor", "what would go wrong when nobody looks", doctorHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.doctor(ctx, o) })
	cmd.Flags().BoolVar(&o.push, "push", false, "also ask the remote, as a job of cron would: with its few variables, and without an ssh-agent")
	return cmd
}

// doctor makes all checks. It only reads: it makes no configuration and no log, and takes no lock.
func (a *app) doctor(ctx context.Context, o doctorOptions) error {
	p, err := a.configPlace()
	if err != nil {
		return err
	}
	patient := a.newPatient(p)
	c, err := a.loadConfig(p)
	patient.Config, patient.ConfigFault = c, a.faultOf(err)
	switch {
	case err == nil && c == nil:
		patient.ConfigFault = &doctor.Fault{Text: "there is no configuration " + terminal.Quote(p.config), Remedy: "make one with: " + a.spell("setup", "PATH…")}
	case err != nil:
		c, patient.Config = nil, nil
	}
	if err := a.setDestination(p, c); err != nil {
		return err
	}
	if c != nil || p.destBy != byDefault {
		patient.Destination = p.dest
		if err := a.examineDestination(ctx, p, c, o, patient); err != nil {
			return err
		}
	}
	if patient.History != nil {
		defer patient.History.Close()
	}
	return a.printReport(doctor.Examine(patient), patient)
}

// newPatient holds what is known without a look at anything.
func (a *app) newPatient(p *place) *doctor.Patient {
	return &doctor.Patient{Configuration: p.config, Log: p.journal, OldLogs: journal.Rotated(p.journal), Clock: a.clock(), Say: a.speller(), Hints: a.speller().Words,
		TimeServer: a.missingTimeServer(), User: doctor.User{UID: a.uid, Login: a.account.login, AccountHome: a.account.home, Program: a.program, CronPath: cronPath}}
}

// missingTimeServer is what to type to have a time server keep the clock; "" where one does, or
// that is not known.
func (a *app) missingTimeServer() string {
	if !clockIsUnkept() {
		return ""
	}
	if places := a.schedulePlaces(); places.IsBooted() {
		return "have one keep it with: " + a.speller().System("timedatectl", "set-ntp", "true")
	}
	return "install one: " + a.speller().System("apt", "install", "chrony")
}

// faultOf is an error with its hint; nil for nil.
func (a *app) faultOf(err error) *doctor.Fault {
	if err == nil {
		return nil
	}
	return &doctor.Fault{Text: terminal.Escape(render.FirstLine(err)), Remedy: a.hintOf(err)}
}

// examineDestination finds out what the checks need. c is nil where there is no configuration. The
// error is a cancelled context.
func (a *app) examineDestination(ctx context.Context, p *place, c *config.Config, o doctorOptions, to *doctor.Patient) error {
	h, err := a.openToRead(p.dest, "", nil)
	if err == nil {
		to.History = h
		if owner, oerr := h.Commits().OwnerUID(); oerr == nil {
			err = a.checkOwner(p, a.recall(p.config), owner)
		}
		if err == nil {
			err = a.examineHistory(ctx, h, to)
		}
		if err == nil {
			err = h.Commits().CheckAdopted()
		}
	} else {
		lacking := ""
		if lacking, err = a.beforeFirstRun(p, c, err); lacking != "" {
			err = a.missingDestinationError(p.dest, nil)
		}
	}
	to.DestFault = a.faultOf(err)
	to.Failed = a.recall(p.config).lastFailure(p.dest, to.Last)
	if d, err := durable.OpenDir(p.dest); err == nil {
		to.Space, _ = d.DiskSpace()
		d.Close()
	}
	if c != nil {
		a.examineList(ctx, p, c, h, to)
		a.examineJobs(ctx, p, c, to)
		a.examinePush(ctx, p, c, o, to)
	}
	return ctx.Err()
}

// examineHistory finds out how the history is and grows.
func (a *app) examineHistory(ctx context.Context, h *history.History, to *doctor.Patient) (err error) {
	if to.Last, err = h.LastRun(); err != nil {
		return err
	}
	if to.Versions, to.Newest, err = h.Count(ctx); err != nil {
		return err
	}
	to.Paces = map[string]*statusview.Pace{}
	grown, err := pace(ctx, h, statusview.GrowthSince(a.now()), to.Paces)
	to.Latest = grown.Latest
	to.Growth = statusview.NewGrowth(grown, a.now())
	return err
}

// examineList finds out what a run would do with the watch list.
func (a *app) examineList(ctx context.Context, p *place, c *config.Config, h *history.History, to *doctor.Patient) {
	var err error
	if to.Preview, err = preview.New(ctx, c, h, p.dest, a.own(p), a.now()); err != nil && to.DestFault == nil && !durable.IsMissing(err) {
		to.DestFault = a.faultOf(err)
	}
	if to.Preview != nil && to.Preview.Sources == 0 {
		if problem, is := a.leftOut(ctx, p, c); is {
			to.LeftOut = &problem
		}
	}
	patterns := *c
	patterns.Entries = slices.DeleteFunc(slices.Clone(c.Entries), (*config.Entry).IsLiteral)
	to.Selected = scan.SourcesByEntry(ctx, &patterns, a.own(p).Find(p.dest))
}

// examinePush finds out what is known of the remote, and asks it where that is wanted.
func (a *app) examinePush(ctx context.Context, p *place, c *config.Config, o doctorOptions, to *doctor.Patient) {
	var err error
	if to.Push, err = a.pushState(ctx, to.History, p, c); err != nil {
		to.Answer = a.faultOf(err)
	}
	if to.History == nil || c.Push == nil && !o.push {
		return
	}
	s := a.pushingTo(p, c, "")
	if s.Remote = cmp.Or(s.Remote, remote.OnlyName(to.History.Commits())); s.Remote == "" {
		to.Answer = &doctor.Fault{Text: "there is no remote to ask", Remedy: "add one with: " + a.spell("init", "--remote", "URL")}
		return
	}
	t, err := a.pushTarget(to.History, s)
	if err != nil {
		to.PushRemedy = a.hintOf(err)
		return
	}
	if !o.push {
		return
	}
	_, other, err := remote.Probe(ctx, to.History.Commits(), &t, a.cronRemoteOptions())
	if other != nil {
		err = other
	}
	to.Answer = a.faultOf(err)
	var failed *remote.Failure
	if errors.As(err, &failed) {
		to.Answer.Remedy = s.hints.Words(failed.Remedy)
	}
}

// cronPath is the PATH that cron gives to jobs.
const cronPath = "/usr/bin:/bin"

// cronRemoteOptions is remoteOptions for a job of cron: few variables, and no ssh-agent.
func (a *app) cronRemoteOptions() remote.Options {
	set := map[string]string{"HOME": cmp.Or(a.account.home, a.home()), "LOGNAME": a.account.login, "SHELL": "/bin/sh", "PATH": cronPath}
	o := a.remoteOptions()
	o.Env, o.SearchPath = nil, cronPath
	for name, value := range set {
		o.Env = append(o.Env, name+"="+value)
	}
	o.Credentials.Home, o.Credentials.AgentSocket = set["HOME"], ""
	o.Credentials.Lookup = func(name string) (string, bool) {
		value, is := set[name]
		return value, is
	}
	return o
}

// printReport prints what the checks have found. The exit status tells whether something needs a
// hand.
func (a *app) printReport(r *doctor.Report, to *doctor.Patient) (err error) {
	switch {
	case a.flags.json:
		err = a.printJSON(r.Document(to))
	case !a.flags.quiet:
		err = a.sayLines(r.Lines(a.flags.verbose))
	}
	if err == nil && r.NeedsHand() > 0 {
		err = status(statusFailed)
	}
	return err
}
