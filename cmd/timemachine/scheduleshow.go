package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/watch/config"
)

// scheduleReport is what schedule has done or found.
type scheduleReport struct {
	*place
	outcome string // installed, unchanged, removed; "" of show
	removed []removedSchedule
	jobs    []scheduledJob
	unread  error              // why the crontab could not be read, or nil
	watches []statusview.Watch // that run now
	last    history.LastRun
	failed  *statusview.FailedRun
}

// removedSchedule is one that was taken away: where it stood, and that in words.
type removedSchedule struct{ where, text string }

// scheduledJob is something that runs the configuration.
type scheduledJob struct {
	schedule.Job
	schedule.Activity
	made    bool // by install
	enabled bool
}

// scheduleDocument is what schedule --json prints.
type scheduleDocument struct {
	Configuration string                     `json:"configuration"`
	Destination   string                     `json:"destination"`
	Outcome       string                     `json:"outcome,omitempty"`
	Removed       []string                   `json:"removed"`
	Jobs          []scheduledDocument        `json:"jobs"`
	Watches       []statusview.WatchDocument `json:"watches"`
	Ended         string                     `json:"run_ended"`
	Good          string                     `json:"run_good"`
}

// scheduledDocument is a job in it.
type scheduledDocument struct {
	Kind    string `json:"kind"`
	Where   string `json:"where"`
	When    string `json:"when"`
	User    string `json:"user,omitempty"`
	Made    bool   `json:"made"`
	Enabled bool   `json:"enabled"`
	Active  *bool  `json:"active"` // null: unknown
	Next    string `json:"next_run,omitempty"`
}

func (r *scheduleReport) add(ctx context.Context, places *schedule.Places, j schedule.Job, made, enabled bool) {
	r.jobs = append(r.jobs, scheduledJob{j, places.Activity(ctx, &j), made, enabled})
}

// scheduleShow tells what runs the configuration, whether that is active, and when the last run
// was.
func (a *app) scheduleShow(ctx context.Context) error {
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	places, name := a.schedulePlaces(), a.scheduleName(p.config)
	report := scheduleReport{place: p}
	for _, s := range a.standing(ctx, &places, name) {
		report.add(ctx, &places, s.Job, true, s.Enabled)
	}
	if c != nil {
		var jobs []scheduledJob
		jobs, _, report.unread = a.scheduled(ctx, &places, p, c)
		for _, j := range jobs {
			same := func(known scheduledJob) bool { return known.Where == j.Where && known.Line == j.Line }
			if !slices.ContainsFunc(report.jobs, same) {
				report.jobs = append(report.jobs, j)
			}
		}
	}
	return a.printSchedule(&report)
}

// scheduled are the jobs that make runs of a configuration, with what is known of whether they do,
// and the jobs that run something else. unread says that the user's crontab could not be read.
func (a *app) scheduled(ctx context.Context, places *schedule.Places, p *place, c *config.Config) (jobs []scheduledJob, others []schedule.Job, unread error) {
	disabled := map[string]bool{}
	for _, s := range a.standing(ctx, places, a.scheduleName(p.config)) {
		disabled[s.Where] = !s.Enabled
	}
	found, unread := schedule.Find(ctx, *places)
	for _, j := range found {
		if a.isJobOf(&j, p, c) {
			jobs = append(jobs, scheduledJob{j, places.Activity(ctx, &j), j.Name != "", !disabled[j.Where]})
		} else {
			others = append(others, j)
		}
	}
	return jobs, others, unread
}

// statusJobs are the jobs of a configuration for its status.
func (a *app) statusJobs(ctx context.Context, p *place, c *config.Config) (jobs []statusview.Scheduled, unread error) {
	places := a.schedulePlaces()
	scheduled, _, unread := a.scheduled(ctx, &places, p, c)
	for i := range scheduled {
		j := &scheduled[i]
		jobs = append(jobs, statusview.Scheduled{Where: j.Where, When: j.When, User: j.User, Text: jobText(&j.Job), Stopped: j.stopped(), Active: j.active()})
	}
	return jobs, unread
}

// findRuns fills in when the last run was, and which watches run. Nothing is known before the
// first. Of a destination
// that cannot be read only a run that failed is.
func (a *app) findRuns(r *scheduleReport) {
	if h, err := a.openToRead(r.dest, "", nil); err == nil {
		if last, err := h.LastRun(); err == nil {
			r.last = last
		}
		r.watches = ownWatches(h, r.place)
		h.Close()
	}
	r.failed = a.recall(r.config).lastFailure(r.dest, r.last)
}

// printSchedule says what was done, and what runs the configuration now.
func (a *app) printSchedule(r *scheduleReport) error {
	a.findRuns(r)
	switch {
	case a.flags.json:
		return a.printJSON(r.document())
	case a.flags.quiet && r.outcome != "":
		return nil
	}
	var rows [][2]string
	add := func(label, text string) { rows = append(rows, [2]string{label, text}) }
	for _, gone := range r.removed {
		add("removed", gone.text)
	}
	if r.outcome == "removed" && len(r.removed) == 0 {
		add("removed", "nothing: schedule install has made nothing for this configuration")
	}
	for i := range r.jobs {
		j := &r.jobs[i]
		label := "schedule"
		if r.outcome == "installed" || r.outcome == "unchanged" {
			label = r.outcome
		}
		text := jobText(&j.Job)
		if !j.made {
			text += "; not made by schedule install, and not removed by it"
		}
		add(label, text)
		add("active", j.activity(a.clock()))
		if !j.Next.IsZero() {
			add("next run", j.Next.In(a.zone).Format(time.DateTime))
		}
	}
	if r.outcome == "" && len(r.jobs) == 0 {
		add("schedule", statusview.NoneFound(r.unread)+"; to have it run each minute: "+a.spell("schedule", "install"))
	}
	for i := range r.watches {
		text := strings.TrimPrefix(r.watches[i].Text(a.clock()), "watch ")
		if !slices.ContainsFunc(r.jobs, func(j scheduledJob) bool { return j.Watch }) {
			text += "; nothing is found that starts it again"
		}
		add("watch", text)
	}
	if r.outcome != "removed" {
		add("last run", statusview.LastRun(r.last, r.failed, a.clock())+r.overdue(a.now()))
	}
	if r.outcome == "installed" || r.outcome == "unchanged" {
		add("stop with", a.spell("schedule", "remove"))
	}
	const width = 13
	for _, row := range rows {
		if err := a.say(terminal.Pad(row[0], width)+row[1], width); err != nil {
			return err
		}
	}
	return nil
}

// jobText says when and where a job runs, and as whom.
func jobText(j *schedule.Job) string {
	text := terminal.Escape(j.When) + ", " + terminal.Quote(j.Where)
	if j.User != "" {
		text += ", as " + terminal.Quote(j.User)
	}
	return text
}

// lacksProgram tells whether what a job starts does not exist, as after a move.
func (j *scheduledJob) lacksProgram() bool {
	_, err := os.Stat(j.Program)
	return filepath.IsAbs(j.Program) && errors.Is(err, fs.ErrNotExist)
}

// maker is what makes the runs of a job.
func (j *scheduledJob) maker() string {
	switch j.Kind {
	case schedule.Cron:
		return "cron"
	case schedule.Watch:
		return "the service"
	}
	return "the timer"
}

// stopped says why a job makes no runs; "" where it makes them, or where that cannot be told.
func (j *scheduledJob) stopped() string {
	switch name := j.maker(); {
	case j.lacksProgram():
		return "there is no " + terminal.Quote(j.Program)
	case !j.enabled && !j.Active:
		return name + " is disabled and not running"
	case !j.Known:
		return ""
	case j.Failed:
		return name + " fails, or is just being started"
	case !j.Active:
		return name + " is not running"
	}
	return ""
}

// active tells whether what makes the runs of a job is running; nil where that is unknown.
func (j *scheduledJob) active() *bool {
	if !j.Known {
		return nil
	}
	return &j.Active
}

// activity tells whether something is at work that makes the runs of a job.
func (j *scheduledJob) activity(c render.Clock) string {
	name := j.maker()
	if why := j.stopped(); why != "" {
		return "no: " + why
	}
	if !j.Known {
		return "it cannot be told whether " + name + " is running"
	}
	text := "yes: " + name + " is running"
	if !j.Since.IsZero() {
		text += " since " + c.Moment(j.Since)
	}
	if j.Status != "" {
		text += "; " + terminal.Escape(j.Status)
	}
	if !j.enabled {
		text += "; it is disabled, and will not start with the machine"
	}
	return text
}

// overdue ends the line of the last run where a job should have made another one since.
func (r *scheduleReport) overdue(now time.Time) string {
	if len(r.jobs) == 0 || r.outcome == "installed" {
		return ""
	}
	j := &r.jobs[0]
	every := j.Spacing()
	if every == 0 || r.last.Ended.IsZero() || now.Sub(r.last.Ended) < 2*every+time.Minute {
		return ""
	}
	return ": a run is overdue"
}

// warnOfSchedule says what keeps a schedule from making runs, and how that is mended.
func (a *app) warnOfSchedule(places *schedule.Places, j *scheduledJob, site schedule.Site) {
	switch {
	case site.Kind == schedule.Cron && j.Known && !j.Active:
		a.console.Warn("cron is not running: no run will be made")
		a.console.Hint(a.startCron(places))
	case site.Kind != schedule.Cron && j.Known && !j.Active:
		systemctl := "systemctl"
		if site.Own {
			systemctl += " --user"
		}
		a.console.Warn("systemd does not keep it running")
		a.console.Hint("see why with: " + a.spelled.Add(systemctl+" status "+hint.ShellWord(filepath.Base(j.Where))))
	}
	if site.Own && site.Kind != schedule.Cron && a.lacksLinger() {
		a.console.Warn("it runs only while you are logged in")
		a.console.Hint("to have it run from the start of the machine: " + a.enableLinger())
	}
}

// lacksLinger tells whether systemd runs this user's units only while they are logged in.
func (a *app) lacksLinger() bool {
	return a.uid != 0 && !exists(filepath.Join("/", scheduleRoot, "var/lib/systemd/linger", a.account.login))
}

// enableLinger is what to type against that.
func (a *app) enableLinger() string {
	return a.spelled.Add("sudo loginctl enable-linger " + hint.ShellWord(a.account.login))
}

// startCron is what to type to have cron run.
func (a *app) startCron(places *schedule.Places) string {
	program := ""
	for _, name := range []string{"cron", "crond"} {
		for _, folder := range []string{"", "/usr/sbin/", "/sbin/"} {
			if _, err := exec.LookPath(folder + name); err == nil {
				program = name
			}
		}
	}
	command := program
	switch {
	case program == "":
		return "install it: the package is called cron or cronie"
	case places.IsBooted():
		command = "systemctl enable --now " + program
	case exists("/etc/init.d/" + program):
		command = "service " + program + " start"
	}
	if a.uid != 0 || a.underSudo() {
		command = "sudo " + command
	}
	return "start it: " + a.spelled.Add(command)
}

func (r *scheduleReport) document() scheduleDocument {
	d := scheduleDocument{Configuration: r.config, Destination: r.dest, Outcome: r.outcome, Removed: []string{},
		Jobs: []scheduledDocument{}, Watches: []statusview.WatchDocument{}, Ended: render.TimeText(r.last.Ended), Good: render.TimeText(r.last.Good)}
	for _, gone := range r.removed {
		d.Removed = append(d.Removed, gone.where)
	}
	for i := range r.watches {
		d.Watches = append(d.Watches, r.watches[i].Document())
	}
	for _, j := range r.jobs {
		doc := scheduledDocument{Kind: string(j.Kind), Where: j.Where, When: j.When, User: j.User, Made: j.made, Enabled: j.enabled, Active: j.active(), Next: render.TimeText(j.Next)}
		d.Jobs = append(d.Jobs, doc)
	}
	return d
}
