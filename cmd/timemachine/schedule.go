package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/watch/config"
)

// scheduleRoot stands above the folders in which the system says what runs when; "" for those of
// this machine.
var scheduleRoot string

// jobs are what makes runs of a configuration regularly, as far as this user may see that.
func (a *app) jobs(ctx context.Context, p *place, c *config.Config) []schedule.Job {
	places := schedule.Places{Root: scheduleRoot, Env: os.Environ()}
	if crontab, err := exec.LookPath("crontab"); err == nil {
		places.Path = crontab
	}
	if a.uid != 0 { // root's HOME may be another user's, under sudo -E
		places.Home = a.home()
	}
	return slices.DeleteFunc(schedule.Find(ctx, places), func(j schedule.Job) bool { return !a.isJobOf(&j, p, c) })
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

// scheduleCommand is what to type to have cron make a run each minute; "" where that could replace
// a schedule that stands.
func (a *app) scheduleCommand(p *place, c *config.Config) string {
	line, file := a.schedule(p)
	standing := ""
	if p.config == a.setupFolders().configFile() {
		standing = a.setupFolders().destination
	}
	if cmp.Or(c.Destination, standing) != p.dest { // cron would run it in another folder
		line += " -d " + strings.ReplaceAll(hint.ShellWord(p.dest), "%", `\%`)
	}
	sudo := a.underSudo()
	switch {
	case file != "" && exists(file): // it runs something that is not understood
		return ""
	case file != "" && sudo:
		return "echo " + hint.ShellWord(line) + " | sudo tee " + hint.ShellWord(file)
	case file != "":
		return "echo " + hint.ShellWord(line) + " >" + hint.ShellWord(file)
	case sudo:
		return "(sudo crontab -l; echo " + hint.ShellWord(line) + ") 2>/dev/null | sudo crontab -"
	}
	return "(crontab -l; echo " + hint.ShellWord(line) + ") 2>/dev/null | crontab -"
}
