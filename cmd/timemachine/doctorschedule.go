package main

import (
	"context"
	"path/filepath"
	"strings"

	"timemachine/cmd/timemachine/internal/doctor"
	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

// examineJobs finds out what makes runs of the configuration, and what makes others.
func (a *app) examineJobs(ctx context.Context, p *place, c *config.Config, to *doctor.Patient) {
	places := a.schedulePlaces()
	scheduled, others, unread := a.scheduled(ctx, &places, p, c)
	for i := range scheduled {
		to.Scheduled = append(to.Scheduled, a.doctorJob(&places, &scheduled[i]))
	}
	for _, j := range others {
		to.Unscheduled = append(to.Unscheduled, doctor.Job{Where: j.Where})
	}
	if len(to.Scheduled) == 0 && unread != nil {
		to.Unread = unread.Error()
	}
	if to.History != nil {
		to.Watches = ownWatches(to.History, p)
	}
	if len(to.Scheduled) == 0 {
		to.Schedule = a.scheduleCommand(p)
	}
}

// doctorJob tells of a job what makes it make no runs.
func (a *app) doctorJob(places *schedule.Places, j *scheduledJob) doctor.Job {
	d := doctor.Job{Where: j.Where, When: terminal.Escape(j.When), User: j.User, Program: j.Program, Every: j.Spacing(), Watch: j.Watch}
	if mine := j.User == "" || j.User == a.account.login; j.Config == "" && j.Kind == schedule.Cron && mine && !exists(filepath.Join(a.account.home, defaultConfig)) {
		d.Finds = a.cronConfig()
	}
	why := j.stopped()
	own := j.Kind != schedule.Cron && places.Home != "" && strings.HasPrefix(j.Where, places.Home+"/")
	switch {
	case j.lacksProgram(): // which the checks tell
		return d
	case own && why == "" && a.lacksLinger():
		d.Stopped, d.Remedy = "it runs only while you are logged in", "to have it run from the start of the machine: "+a.enableLinger()
		return d
	case why == "":
		return d
	}
	d.Stopped = why
	if j.Kind == schedule.Cron {
		d.Remedy = a.startCron(places)
		return d
	}
	systemctl := "systemctl"
	if own {
		systemctl += " --user"
	}
	d.Remedy = "see why with: " + a.spelled.Add(systemctl+" status "+hint.ShellWord(filepath.Base(j.Where)))
	return d
}
