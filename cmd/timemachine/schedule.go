package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/watch/config"
)

// scheduleRoot stands above the folders in which the system says what runs when; "" for those of
// this machine.
var scheduleRoot string

// schedulePlaces are where this user's schedules stand, and the programs for them.
func (a *app) schedulePlaces() schedule.Places {
	places := schedule.Places{Root: scheduleRoot, Env: os.Environ(), Runtime: a.env("XDG_RUNTIME_DIR"), Home: a.home()}
	if crontab, err := exec.LookPath("crontab"); err == nil {
		places.Crontab = crontab
	}
	if systemctl, err := exec.LookPath("systemctl"); err == nil {
		places.Systemctl = systemctl
	}
	if a.uid == 0 { // root's HOME may be another user's, under sudo -E
		places.Home = filepath.Join("/", scheduleRoot, a.account.home)
	}
	// It is missing under cron and su, and another user's under sudo -E.
	if scheduleRoot == "" && !a.owns(places.Runtime) {
		places.Runtime = filepath.Join("/run/user", strconv.Itoa(a.uid))
	}
	return places
}

// owns tells whether a folder exists and is this user's.
func (a *app) owns(folder string) bool {
	var st unix.Stat_t
	return unix.Stat(folder, &st) == nil && int(st.Uid) == a.uid
}

// jobs are what makes runs of a configuration regularly, as far as this user may see that.
func (a *app) jobs(ctx context.Context, p *place, c *config.Config) []schedule.Job {
	return slices.DeleteFunc(a.allJobs(ctx), func(j schedule.Job) bool { return !a.isJobOf(&j, p, c) })
}

// allJobs are what makes runs of any configuration.
func (a *app) allJobs(ctx context.Context) []schedule.Job {
	jobs, _ := schedule.Find(ctx, a.schedulePlaces())
	return jobs
}

// isJobOf tells whether a job runs a configuration with the destination that is in force.
func (a *app) isJobOf(j *schedule.Job, p *place, c *config.Config) bool {
	file, dest := j.Config, j.Destination
	if file == "" {
		file = a.jobsConfig(j)
	}
	if dest == "" {
		dest = c.Destination
	}
	if dest == "" && file == a.setupFolders().configFile() {
		dest = a.setupFolders().destination
	}
	return !j.Unclear && file != "" && dest != "" && resolveLinks(file) == resolveLinks(p.config) && resolveLinks(dest) == resolveLinks(p.dest)
}

// jobsConfig is the configuration that a job of this user's, or of root's, finds without being
// told; "" for one of another user's.
func (a *app) jobsConfig(j *schedule.Job) string {
	switch {
	case j.User == "root" && a.uid != 0:
		return a.rootFolders.configFile()
	case j.User != "" && j.User != a.account.login:
		return ""
	}
	if local := filepath.Join(a.home(), defaultConfig); j.Where == schedule.UserCrontab && exists(local) {
		return local
	}
	return a.setupFolders().configFile()
}

// scheduleCommand is what to type to have runs made each minute; "" where that would be refused.
func (a *app) scheduleCommand(p *place) string {
	if _, file := a.scheduleLine(p); file != "" && exists(file) { // what it runs is not understood
		return ""
	}
	return a.spell("schedule", "install")
}

// scheduleLine is the line that makes cron run each minute when it is written by hand, and the file
// for it; "" for the user's own crontab. The line names the configuration where a run from cron
// would find another one.
func (a *app) scheduleLine(p *place) (line, file string) {
	command := hint.ShellWord(a.program)
	if folders := a.setupFolders(); p.config != a.cronConfig() || exists(filepath.Join(a.home(), defaultConfig)) {
		command += " -c " + hint.ShellWord(p.config)
	} else if exists(filepath.Dir(folders.schedule)) {
		file = folders.schedule
	}
	command = strings.ReplaceAll(command, "%", `\%`) // which cron takes for a newline
	if file != "" {
		return "* * * * * root " + command, file
	}
	return "* * * * * " + command, ""
}

// cronConfig is the configuration of setup that a run from cron finds: cron sets HOME as the user
// database has it, and no variable of XDG.
func (a *app) cronConfig() string {
	if a.uid == 0 {
		return a.rootFolders.configFile()
	}
	return filepath.Join(a.account.home, ".config", programName, defaultConfig)
}
