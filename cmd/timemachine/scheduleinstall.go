package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// scheduleOptions are the flags of schedule install and schedule remove.
type scheduleOptions struct {
	cron, systemd, watch bool
	user, all            bool
	every                time.Duration
	spaced               bool // every is given
}

func (a *app) scheduleCommands() *cobra.Command {
	show := func(ctx context.Context, _ []string) error { return a.scheduleShow(ctx) }
	cmd := newCommand("schedule", "have runs made regularly, by cron or systemd", scheduleHelp, noArgs, show)
	var o, r scheduleOptions
	install := newCommand("install", "let cron or systemd make runs, or run watch", scheduleInstallHelp, noArgs, nil)
	install.RunE = func(cmd *cobra.Command, _ []string) error {
		o.spaced = cmd.Flags().Changed("every")
		return a.scheduleInstall(cmd.Context(), o)
	}
	o.addKinds(install)
	install.Flags().DurationVar(&o.every, "every", 0, "the `TIME` between runs, or between a watch's looks at everything (default 1m)")
	remove := newCommand("remove", "take away what install has made", scheduleRemoveHelp, noArgs,
		func(ctx context.Context, _ []string) error {
			if r.all {
				return a.scheduleRemoveAll(ctx, r)
			}
			return a.scheduleRemove(ctx, r)
		})
	r.addKinds(remove)
	remove.Flags().BoolVar(&r.all, "all", false, "those of every configuration that start this program, as before it is uninstalled")
	cmd.AddCommand(install, newCommand("show", "what is installed, is it active, and the last run", scheduleShowHelp, noArgs, show), remove)
	return cmd
}

func (o *scheduleOptions) addKinds(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.cron, "cron", false, "by a line that cron reads")
	f.BoolVar(&o.systemd, "systemd", false, "by a timer of systemd")
	f.BoolVar(&o.watch, "watch", false, "by watch, as a service of systemd")
	f.BoolVar(&o.user, "user", false, "of root: in root's own crontab or systemd, and not the system's")
}

// kind is the kind that the flags name; "" for none.
func (o *scheduleOptions) kind() (kind schedule.Kind, err error) {
	for k, named := range map[schedule.Kind]bool{schedule.Cron: o.cron, schedule.Timer: o.systemd, schedule.Watch: o.watch} {
		if named && kind != "" {
			return "", &usageError{msg: "--cron, --systemd and --watch exclude each other", hint: usageHint}
		}
		if named {
			kind = k
		}
	}
	return kind, nil
}

// scheduleName is the name of the schedule of a configuration, with which files and units of it
// begin.
func (a *app) scheduleName(file string) string {
	if file == a.setupFolders().configFile() {
		return programName
	}
	sum := sha256.Sum256([]byte(file))
	return programName + "-" + hex.EncodeToString(sum[:4])
}

// scheduleSites are the places in which this user's schedules can stand.
func (a *app) scheduleSites() (sites []schedule.Site) {
	for _, own := range []bool{false, true} {
		for _, kind := range []schedule.Kind{schedule.Cron, schedule.Timer, schedule.Watch} {
			if own || a.uid == 0 {
				sites = append(sites, schedule.Site{Kind: kind, Own: own})
			}
		}
	}
	return sites
}

// standing are the schedules of a configuration that install has made.
func (a *app) standing(ctx context.Context, places *schedule.Places, name string) (all []schedule.Standing) {
	for _, s := range a.scheduleSites() {
		if found, ok := places.Installed(ctx, s, name); ok {
			all = append(all, found)
		}
	}
	return all
}

// scheduleInstall makes the schedule of a configuration.
func (a *app) scheduleInstall(ctx context.Context, o scheduleOptions) error {
	p, c, err := a.scheduledPlace()
	if err != nil {
		return err
	}
	report, err := a.installSchedule(ctx, p, c, o)
	if err != nil {
		return err
	}
	return a.printSchedule(report)
}

// installSchedule makes the schedule of a configuration, and takes away what it has of another
// kind.
func (a *app) installSchedule(ctx context.Context, p *place, c *config.Config, o scheduleOptions) (*scheduleReport, error) {
	if err := config.CheckPrivate(a.program, a.watchEnv()); err != nil {
		return nil, &failure{msg: "root would run, unattended, a program that others can exchange: " + err.Error(), hint: "install it first: sudo make install", err: err}
	}
	places, name := a.schedulePlaces(), a.scheduleName(p.config)
	standing := a.standing(ctx, &places, name)
	site, err := a.chooseSite(&places, o, standing)
	if err != nil {
		return nil, err
	}
	t := a.scheduleTask(p, c, name)
	if t.Every, err = o.spacing(site, standing); err != nil {
		return nil, err
	}
	if err := a.checkScheduled(ctx, p, c, t); err != nil {
		return nil, err
	}
	changed, err := places.Install(ctx, site, t)
	if err != nil {
		return nil, a.scheduleError(&places, site, err)
	}
	report := scheduleReport{place: p, outcome: "unchanged"}
	if changed {
		report.outcome = "installed"
	}
	for _, s := range standing {
		if s.Site == site {
			continue
		}
		if _, err := places.Remove(ctx, s.Site, name, nil); err != nil {
			return nil, a.scheduleError(&places, s.Site, err)
		}
		report.removed = append(report.removed, removedSchedule{s.Where, jobText(&s.Job)})
	}
	now, ok := places.Installed(ctx, site, name)
	if !ok {
		return nil, errors.New("the schedule was written, and is not found again")
	}
	report.jobs = []scheduledJob{{now.Job, places.Started(ctx, &now.Job), true, now.Enabled}}
	a.warnOfSchedule(&places, &report.jobs[0], site)
	return &report, nil
}

// scheduledPlace is the place that a schedule is for. Its configuration must exist.
func (a *app) scheduledPlace() (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	if !exists(p.config) {
		return nil, nil, &usageError{msg: "configuration " + terminal.Quote(p.config) + " does not exist", hint: a.spell("setup", "PATH…") + " makes one"}
	}
	c, err := a.existingConfig(p)
	if err != nil {
		return nil, nil, err
	}
	return p, c, a.setDestination(p, c)
}

// chooseSite decides where a schedule stands: where the flags say, where it stands already, else
// with cron if that is at work, else with systemd.
func (a *app) chooseSite(places *schedule.Places, o scheduleOptions, standing []schedule.Standing) (schedule.Site, error) {
	kind, err := o.kind()
	own := o.user || a.uid != 0
	switch {
	case err != nil:
		return schedule.Site{}, err
	case kind != "":
		return schedule.Site{Kind: kind, Own: own}, nil
	}
	for _, s := range standing {
		if s.Own || !o.user {
			return s.Site, nil
		}
	}
	sites := []schedule.Site{{Kind: schedule.Cron, Own: own}}
	if !own {
		sites = append(sites, schedule.Site{Kind: schedule.Cron, Own: true})
	}
	timer := schedule.Site{Kind: schedule.Timer, Own: own}
	if active, known := places.HasCron(); known && !active {
		sites = slices.Insert(sites, 0, timer)
	} else {
		sites = append(sites, timer)
	}
	for _, s := range sites {
		if places.Check(s) == nil {
			return s, nil
		}
	}
	return schedule.Site{}, &failure{msg: "neither cron nor systemd can make runs here", hint: "install cron: the package is called cron or cronie"}
}

// spacing is the time between runs: what the flag says, else what it is already, else a minute.
func (o *scheduleOptions) spacing(site schedule.Site, standing []schedule.Standing) (time.Duration, error) {
	d := o.every
	switch {
	case o.spaced:
	case len(standing) > 0 && (schedule.CanRunEvery(standing[0].Every) || site.Kind == schedule.Watch && standing[0].Every > 0):
		d = standing[0].Every
	default:
		d = time.Minute
	}
	switch {
	case site.Kind == schedule.Watch && d < leastInterval:
		return 0, &usageError{msg: "--every is at least " + leastInterval.String()}
	case site.Kind != schedule.Watch && !schedule.CanRunEvery(d):
		return 0, &usageError{msg: "--every " + age(d) + " does not divide an hour or a day", hint: "such as 1m, 5m, 15m, 1h or 6h; timemachine watch looks as often as you like: --watch"}
	}
	return d, nil
}

// scheduleTask is what is to run: everything that a run from cron or systemd, in an environment of
// their own, would not find by itself is named.
func (a *app) scheduleTask(p *place, c *config.Config, name string) *schedule.Task {
	t := &schedule.Task{Name: name, Program: a.program, Config: p.config, Writes: []string{filepath.Dir(p.config), p.dest}, Env: a.scheduleEnv()}
	if c.Destination != p.dest {
		t.Destination = p.dest
	}
	if file := a.memoryFile(p.config); file != "" {
		t.Writes = append(t.Writes, filepath.Dir(file))
	}
	t.Former = a.formerLines(p)
	return t
}

// formerLines are lines of crontabs to write by hand that setup and status have printed. They are
// replaced, and removed, like those of install.
func (a *app) formerLines(p *place) (lines []string) {
	line, _ := a.scheduleLine(p)
	escaped := func(path string) string { return strings.ReplaceAll(hint.ShellWord(path), "%", `\%`) }
	command, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "* * * * * "), "root "), " -c ")
	named := command + " -c " + escaped(p.config)
	commands := []string{named}
	if p.config == a.setupFolders().configFile() {
		commands = append(commands, command)
	}
	for _, c := range commands {
		for _, user := range []string{"", "root "} {
			lines = append(lines, "* * * * * "+user+c, "* * * * * "+user+c+" -d "+escaped(p.dest))
		}
	}
	return lines
}

// scheduleEnv are the variables that runs need and that cron and systemd do not set as this
// environment does: where the state is, the home that ~ stands for, and where git is. Root's runs
// get no folder that others can change.
func (a *app) scheduleEnv() (env []string) {
	add := func(name, value string) {
		if a.uid != 0 || config.CheckPrivate(value, a.watchEnv()) == nil {
			env = append(env, name+"="+value)
		}
	}
	if home := a.env("HOME"); a.uid != 0 && filepath.IsAbs(home) && filepath.Clean(home) != filepath.Clean(a.account.home) {
		add("HOME", home)
	}
	if state := a.env("XDG_STATE_HOME"); filepath.IsAbs(state) {
		add("XDG_STATE_HOME", state)
	}
	if git, err := exec.LookPath(gitName); err == nil && !exists("/usr/bin/git") && !exists("/bin/git") {
		if folder, err := filepath.Abs(filepath.Dir(git)); err == nil && (a.uid != 0 || config.CheckPrivate(folder, a.watchEnv()) == nil) {
			env = append(env, "PATH="+folder+":/usr/local/bin:/usr/bin:/bin")
		}
	}
	return env
}

// checkScheduled refuses to schedule a configuration that something else runs already.
func (a *app) checkScheduled(ctx context.Context, p *place, c *config.Config, t *schedule.Task) error {
	for _, j := range a.jobs(ctx, p, c) {
		if j.Name != t.Name && !slices.Contains(t.Former, j.Line) {
			return &failure{msg: "something else runs this configuration already: " + jobText(&j), hint: "take that away first; schedule install replaces only what it has made"}
		}
	}
	return nil
}

// scheduleError explains an error of installing or removing, and says what to do about it.
func (a *app) scheduleError(places *schedule.Places, site schedule.Site, err error) error {
	var lack *schedule.LackError
	var path *schedule.PathError
	var foreign *schedule.ForeignError
	switch {
	case errors.As(err, &lack):
		return &failure{msg: err.Error(), hint: a.lackHint(places, site, lack.Lack), err: err}
	case errors.As(err, &path):
		return &usageError{msg: err.Error(), hint: "move it to a path of plain characters"}
	case errors.As(err, &foreign):
		return &failure{msg: err.Error(), hint: "look at it, and move it away if it is not needed: " + hint.ShellWord(foreign.Where), err: err}
	case errors.Is(err, os.ErrPermission):
		return &failure{msg: "the schedule cannot be written: " + durable.Reason(err), hint: "the folder belongs to another user, or is read-only", err: err}
	}
	return err
}

// lackHint is what to do where a machine lacks what a schedule needs.
func (a *app) lackHint(places *schedule.Places, site schedule.Site, lack schedule.Lack) string {
	words := []string{"schedule", "install"}
	other := func(kind schedule.Kind, flag string, own bool) string {
		if places.Check(schedule.Site{Kind: kind, Own: own}) != nil {
			return ""
		}
		more := []string{flag}
		if own && a.uid == 0 {
			more = append(more, "--user")
		}
		return a.spell(append(words, more...)...)
	}
	var choices []string
	install := ""
	switch lack {
	case schedule.NoCrontab, schedule.NoCronFolder:
		choices = []string{other(schedule.Cron, "--cron", true), other(schedule.Timer, "--systemd", site.Own)}
		install = "install cron: the package is called cron or cronie"
	case schedule.NoUserSystemd:
		return "log in as this user, or have it start with the machine: sudo loginctl enable-linger " + hint.ShellWord(a.account.login)
	default:
		choices = []string{other(schedule.Cron, "--cron", site.Own), other(schedule.Cron, "--cron", true)}
		install = "install cron, and use that: " + a.spell("schedule", "install", "--cron")
	}
	for _, c := range choices {
		if c != "" {
			return "use what is there: " + c
		}
	}
	return install
}

// scheduleRemove takes away the schedules of a configuration that install has made, of the kind
// that the flags name. Nothing else is changed; what else runs the configuration is named.
func (a *app) scheduleRemove(ctx context.Context, o scheduleOptions) error {
	kind, err := o.kind()
	if err != nil {
		return err
	}
	p, err := a.configPlace()
	if err != nil {
		return err
	}
	c, err := a.loadConfig(p)
	if err != nil { // a broken configuration is stopped, too
		c = nil
	}
	if err := a.setDestination(p, c); err != nil {
		return err
	}
	places, name := a.schedulePlaces(), a.scheduleName(p.config)
	report := scheduleReport{place: p, outcome: "removed"}
	var failed error
	for _, s := range a.scheduleSites() {
		if kind != "" && s.Kind != kind || o.user && !s.Own {
			continue
		}
		was, known := places.Installed(ctx, s, name)
		removed, err := places.Remove(ctx, s, name, a.formerLines(p))
		if err != nil && failed == nil { // the others are removed all the same
			failed = a.scheduleError(&places, s, err)
		}
		if removed && known {
			report.removed = append(report.removed, removedSchedule{was.Where, jobText(&was.Job)})
		} else if removed { // a line written by hand, or units that are not whole
			where := places.Where(s, name)
			report.removed = append(report.removed, removedSchedule{where, terminal.Quote(where)})
		}
	}
	if c != nil {
		for _, j := range a.jobs(ctx, p, c) {
			report.add(ctx, &places, j, j.Name == name, true)
		}
	}
	if failed != nil && len(report.removed) == 0 {
		return failed
	}
	if failed != nil {
		a.console.Warn(failed.Error())
		a.console.Hint(a.hintOf(failed))
	}
	return a.printSchedule(&report)
}
