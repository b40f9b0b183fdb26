package schedule

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Site is where a schedule stands.
type Site struct {
	Kind Kind
	Own  bool // the user's crontab or systemd, and not the system's
}

// Standing is a schedule that install has made.
type Standing struct {
	Site
	Job
	Every   time.Duration // 0: unknown
	Enabled bool
}

// table is the crontab of a site.
func (p *Places) table(s Site, name string) *table {
	if s.Own {
		return &table{Places: p}
	}
	return &table{Places: p, file: filepath.Join(p.at(cronFolder), name)}
}

// unitFolder is the folder of a site's unit files.
func (p *Places) unitFolder(s Site) string {
	if s.Own {
		return filepath.Join(p.Home, userUnits)
	}
	return p.at(systemUnits)
}

// Where is where a schedule of a name stands at a site.
func (p *Places) Where(s Site, name string) string {
	if s.Kind == Cron {
		return p.table(s, name).where()
	}
	return filepath.Join(p.unitFolder(s), unitNames(name, s.Kind)[0])
}

// IsBooted tells whether systemd runs this machine.
func (p *Places) IsBooted() bool { return p.isBooted(false) }

// Check tells whether a schedule can be made at a site: nil, or a *LackError.
func (p *Places) Check(s Site) error {
	lack := Lack("")
	_, noCronFolder := os.Stat(p.at(cronFolder))
	switch {
	case s.Kind == Cron && s.Own && p.Crontab == "":
		lack = NoCrontab
	case s.Kind == Cron && !s.Own && noCronFolder != nil:
		lack = NoCronFolder
	case s.Kind == Cron:
	case p.Systemctl == "":
		lack = NoSystemctl
	case !p.isBooted(s.Own) && s.Own && p.isBooted(false):
		lack = NoUserSystemd
	case !p.isBooted(s.Own):
		lack = NoSystemd
	}
	if lack != "" {
		return &LackError{lack}
	}
	return nil
}

// Install makes a schedule, or makes it what the task says. changed is false where it was that.
func (p *Places) Install(ctx context.Context, s Site, t *Task) (changed bool, err error) {
	if err := p.Check(s); err != nil {
		return false, err
	}
	if s.Kind == Cron {
		return p.installLine(ctx, s, t)
	}
	return p.installUnits(ctx, s, t)
}

func (p *Places) installLine(ctx context.Context, s Site, t *Task) (changed bool, err error) {
	line, err := t.line(s.Own)
	if err != nil {
		return false, err
	}
	table := p.table(s, t.Name)
	text, err := table.read(ctx)
	if err != nil {
		return false, err
	}
	if !s.Own && isForeign(text, t.Name, t.Former) {
		return false, &ForeignError{Where: table.file}
	}
	set := setLine(text, line, t.Name, t.Former)
	if set == text {
		return false, nil
	}
	return true, table.write(ctx, set)
}

func (p *Places) installUnits(ctx context.Context, s Site, t *Task) (changed bool, err error) {
	files, err := t.units(s.Kind, s.Own)
	if err != nil {
		return false, err
	}
	_, stood := p.Installed(ctx, s, t.Name)
	var different []unitFile
	for _, f := range files {
		file := filepath.Join(p.unitFolder(s), f.name)
		text, err := readOwn(file)
		switch {
		case err != nil:
			return false, err
		case text != "" && unitName(file) != t.Name:
			return false, &ForeignError{Where: file}
		case text != f.text:
			different = append(different, f)
		}
	}
	changed = len(different) > 0
	for _, f := range different {
		if err := putFile(filepath.Join(p.unitFolder(s), f.name), f.text); err != nil {
			return true, err
		}
	}
	started := files[0].name
	if p.Root != "" && !s.Own { // of a system that does not run
		_, err := p.systemctl(ctx, false, "--root="+p.Root, "--quiet", "enable", started)
		return changed, err
	}
	state, _ := p.stateOf(ctx, s.Own, started)
	if !changed && state.enabled && state.active {
		return false, nil
	}
	for _, args := range [][]string{{"daemon-reload"}, {"--quiet", "enable", started}, {"--no-block", "restart", started}} {
		if _, err := p.systemctl(ctx, s.Own, args...); err != nil {
			if !stood { // half a schedule would be worse than none
				_, _ = p.removeUnits(ctx, s, t.Name)
			}
			return true, err
		}
	}
	return true, nil
}

// Remove takes away what install has made of a name at a site, and nothing else.
func (p *Places) Remove(ctx context.Context, s Site, name string, former []string) (removed bool, err error) {
	if s.Kind == Cron {
		table := p.table(s, name)
		if s.Own && p.Crontab == "" {
			return false, nil
		}
		text, err := table.read(ctx)
		if err != nil {
			return false, err
		}
		rest := setLine(text, "", name, former)
		if rest == text {
			return false, nil
		}
		return true, table.write(ctx, rest)
	}
	return p.removeUnits(ctx, s, name)
}

func (p *Places) removeUnits(ctx context.Context, s Site, name string) (removed bool, err error) {
	files := unitNames(name, s.Kind)
	var ours []string
	for _, f := range files {
		if file := filepath.Join(p.unitFolder(s), f); unitName(file) == name {
			ours = append(ours, file)
		}
	}
	if len(ours) == 0 {
		return false, nil
	}
	live := p.Systemctl != "" && p.isBooted(s.Own) && (p.Root == "" || s.Own)
	if live {
		_, err = p.systemctl(ctx, s.Own, "--quiet", "disable", "--now", files[0])
	}
	// Where systemd does not answer, nothing else removes the links.
	links, _ := filepath.Glob(filepath.Join(escapeGlob(p.unitFolder(s)), "*.wants", files[0]))
	for _, file := range append(links, ours...) {
		err = errors.Join(err, removeFile(file))
	}
	if live && err == nil {
		_, err = p.systemctl(ctx, s.Own, "daemon-reload")
	}
	return true, err
}

// Installed returns what install has made of a name at a site. ok is false for nothing.
func (p *Places) Installed(ctx context.Context, s Site, name string) (f Standing, ok bool) {
	if s.Kind == Cron {
		table := p.table(s, name)
		text, err := table.read(ctx)
		if err != nil {
			return f, false
		}
		for _, j := range crontab(text, table.where(), !s.Own) {
			if j.Name == name {
				return Standing{s, j, j.Spacing(), true}, true
			}
		}
		return f, false
	}
	folder := p.unitFolder(s)
	for _, unit := range unitNames(name, s.Kind) {
		file := filepath.Join(folder, unit)
		if unitName(file) != name {
			continue
		}
		if j, is := unitJob(file, []string{folder}); is {
			if !s.Own && j.User == "" {
				j.User = "root"
			}
			return Standing{s, j, j.Spacing(), isWanted([]string{folder}, unit)}, true
		}
	}
	return f, false
}

// AllInstalled returns what install has made at a site, of all names.
func (p *Places) AllInstalled(ctx context.Context, s Site) (all []Standing) {
	names := map[string]bool{}
	switch {
	case s.Kind == Cron && s.Own:
		text, _ := p.userCrontab(ctx)
		for line := range strings.Lines(text) {
			names[markedName(line)] = true
		}
	case s.Kind == Cron:
		files, _ := filepath.Glob(filepath.Join(escapeGlob(p.at(cronFolder)), programName+"*"))
		for _, file := range files {
			names[filepath.Base(file)] = true
		}
	default:
		files, _ := filepath.Glob(filepath.Join(escapeGlob(p.unitFolder(s)), programName+"*.*"))
		for _, file := range files {
			names[unitName(file)] = true
		}
	}
	delete(names, "")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if f, ok := p.Installed(ctx, s, name); ok {
			all = append(all, f)
		}
	}
	return all
}

// Activity tells whether something is at work that makes the runs of a job.
type Activity struct {
	Known  bool
	Active bool
	Status string    // what a watch says of itself
	Since  time.Time // that it is active; zero: unknown
	Next   time.Time // that it starts a run; zero: unknown
	Failed bool      // systemd starts it again and again, or has given up
}

// Activity asks about a job. Whether cron is at work is seen in the list of processes.
func (p *Places) Activity(ctx context.Context, j *Job) Activity {
	if j.Kind == Cron {
		active, known := cronRuns(p.at("proc"))
		if !active && p.Root == "" && p.hasCronGenerator() {
			return Activity{}
		}
		return Activity{Known: known, Active: active}
	}
	own := p.Home != "" && filepath.Dir(j.Where) == filepath.Join(p.Home, userUnits)
	s, ok := p.stateOf(ctx, own, filepath.Base(j.Where))
	return Activity{Known: ok, Active: s.active, Status: s.status, Since: s.since, Next: s.next, Failed: s.failed}
}

// startPatience is how long a unit may take to be started before that is told.
const startPatience = 10 * time.Second

// Started is Activity for a job that was just installed: it waits a little for a unit to start.
func (p *Places) Started(ctx context.Context, j *Job) Activity {
	for begun := time.Now(); ; {
		a := p.Activity(ctx, j)
		if j.Kind == Cron || !a.Known || a.Active || time.Since(begun) > startPatience || ctx.Err() != nil {
			return a
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// HasCron tells whether a cron is at work, and whether that can be known.
func (p *Places) HasCron() (active, known bool) {
	a := p.Activity(context.Background(), &Job{Kind: Cron})
	return a.Active, a.Known
}

// hasCronGenerator tells whether systemd itself reads crontabs (systemd-cron).
func (p *Places) hasCronGenerator() bool {
	for _, folder := range []string{"usr/lib/systemd/system-generators", "lib/systemd/system-generators"} {
		if _, err := os.Stat(filepath.Join(p.at(folder), "systemd-crontab-generator")); err == nil {
			return true
		}
	}
	return false
}
