package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/trust"
	"timemachine/watch/config"
)

// checkSchedule finds that nothing makes runs, or that what does is not at work.
func checkSchedule(p *Patient) (found []Finding) {
	if p.Config == nil || p.Destination == "" {
		return nil
	}
	for i := range p.Scheduled {
		if j := &p.Scheduled[i]; j.Stopped != "" {
			found = append(found, Finding{Text: terminal.Quote(j.Where) + " makes no runs: " + terminal.Escape(j.Stopped), Remedy: j.Remedy})
		}
	}
	if len(p.Scheduled) > 0 {
		return append(found, p.strangers()...)
	}
	f := Finding{Text: "nothing is found that makes runs, of cron or systemd"}
	if p.Unread != "" {
		f.Text += "; " + terminal.Escape(p.Unread)
	}
	switch {
	case len(p.Watches) > 0:
		f.Text = fmt.Sprintf("a watch was started by hand, pid %d; when it has ended, or the machine starts anew, nothing is found that makes runs, of cron or systemd", p.Watches[0].PID)
	case len(p.Unscheduled) > 0:
		f.Text = fmt.Sprintf("nothing is found that makes runs of %s into %s: %s runs something else", terminal.Quote(p.Configuration), terminal.Quote(p.Destination), terminal.Quote(p.Unscheduled[0].Where))
	}
	if p.Schedule != "" {
		f.Remedy = "schedule it with: " + p.Say.Spelled.Add(p.Schedule)
	}
	return one(f)
}

// strangers are findings of jobs whose user is neither root nor the owner of the destination.
func (p *Patient) strangers() (found []Finding) {
	owner, err := trust.OwnerOf(p.Destination)
	if err != nil {
		return nil
	}
	for i := range p.Scheduled {
		j := &p.Scheduled[i]
		if u, err := user.Lookup(j.User); j.User != "" && err == nil && u.Uid != "0" && u.Uid != fmt.Sprint(owner) {
			found = append(found, Finding{Path: p.Destination, Text: fmt.Sprintf("%s makes runs as %s, and destination %s belongs to uid %d", terminal.Quote(j.Where), terminal.Quote(j.User), terminal.Quote(p.Destination), owner),
				Remedy: "write another user into it"})
		}
	}
	return found
}

// checkProgram finds a schedule that starts a program which is missing, another one than this, or
// one that others can exchange.
func checkProgram(p *Patient) (found []Finding) {
	for i := range p.Scheduled {
		j := &p.Scheduled[i]
		if j.Program == "" {
			continue
		}
		path, is := find(j.Program, p.User.CronPath)
		where := terminal.Quote(j.Where)
		switch {
		case !is && filepath.IsAbs(j.Program):
			found = append(found, Finding{Path: j.Program, Text: where + " starts " + terminal.Quote(j.Program) + ", which cannot be started", Remedy: p.reinstall(j.Program)})
		case !is:
			found = append(found, Finding{Path: j.Program, Text: fmt.Sprintf("%s starts %s, which is in none of cron's folders (%s)", where, terminal.Quote(j.Program), p.User.CronPath), Remedy: "write its whole path there: " + hint.ShellWord(p.User.Program)})
		case isAnother(path, p.User.Program):
			found = append(found, Finding{Path: path, Note: true, Text: where + " starts " + terminal.Quote(path) + ", which is another program than this one, " + terminal.Quote(p.User.Program), Remedy: "compare them: " + p.Say.System(hint.ShellWord(path), "version")})
		}
		if err := trust.CheckPrivate(path); is && err != nil && (p.User.UID == 0 && (j.User == "" || j.User == "root")) {
			found = append(found, Finding{Path: path, Text: "root's " + where + " starts a program that others can exchange: " + terminal.Escape(err.Error()), Remedy: "install it: sudo make install"})
		}
	}
	return found
}

// reinstall is how a program comes back to a path.
func (p *Patient) reinstall(path string) string {
	return "put this one there: " + p.Say.System("install", hint.ShellWord(p.User.Program), hint.ShellWord(path))
}

// find finds a program as a shell does. ok is false where it cannot be started.
func find(program, path string) (file string, ok bool) {
	files := []string{program}
	if !strings.Contains(program, "/") {
		files = nil
		for _, folder := range filepath.SplitList(path) {
			files = append(files, filepath.Join(folder, program))
		}
	}
	for _, file := range files {
		if st, err := os.Stat(file); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return file, true
		}
	}
	return "", false
}

// isAnother tells whether two programs that can be looked at are different files.
func isAnother(a, b string) bool {
	first, err := os.Stat(a)
	second, berr := os.Stat(b)
	return err == nil && berr == nil && !os.SameFile(first, second)
}

// settled is how long after a run nothing of it is left to do.
const settled = 5 * time.Second

// checkRuns finds runs that fail, or do not come.
func checkRuns(p *Patient) []Finding {
	try := "see why with: " + p.Say.Command("run", "-v")
	for i := range p.Watches {
		if w := &p.Watches[i]; w.Stopped {
			return one(Finding{Text: fmt.Sprintf("the watch, pid %d, is stopped by a signal, as with Ctrl-Z, and records nothing", w.PID), Remedy: fmt.Sprintf("have it go on with: kill -CONT %d", w.PID)})
		}
	}
	if p.Failed != nil {
		return one(Finding{Text: "the last run, " + p.Clock.Moment(p.Failed.When) + ", failed: " + terminal.Escape(p.Failed.Why), Remedy: try})
	}
	for i := range p.Watches {
		if w := &p.Watches[i]; p.isOverdue(w.Interval) {
			return one(Finding{Text: fmt.Sprintf("the watch, pid %d, makes no runs any more; the last one: %s", w.PID, statusview.LastRun(p.Last, p.Failed, p.Clock)), Remedy: fmt.Sprintf("end it with: kill %d, and start it again", w.PID)})
		}
	}
	var every time.Duration
	where, when := "", ""
	for i := range p.Scheduled {
		if j := &p.Scheduled[i]; j.Every > 0 && j.Stopped == "" && (every == 0 || j.Every < every) {
			every, where, when = j.Every, j.Where, j.When
		}
	}
	if every == 0 || p.History == nil {
		return nil
	}
	if p.isOverdue(every) {
		return one(Finding{Text: fmt.Sprintf("%s should make a run %s; the last one: %s", terminal.Quote(where), when, statusview.LastRun(p.Last, p.Failed, p.Clock)), Remedy: try})
	}
	return nil
}

// isOverdue tells whether a run that comes so often should have ended since the last one did.
func (p *Patient) isOverdue(every time.Duration) bool {
	return p.Last.Ended.IsZero() || p.Clock.Now.Sub(p.Last.Ended) > max(3*every, every+10*time.Minute)
}

// checkFiles finds versions that are recorded and not written beside the history.
func checkFiles(p *Patient) []Finding {
	if p.Last.Unwritten == 0 {
		return nil
	}
	return one(Finding{Path: p.Destination, Text: render.Count(p.Last.Unwritten, "version") + " could not be written to files/ or copies/; the history has them",
		Remedy: "write them with: " + p.Say.Command("verify", "--repair")})
}

// checkEnvironment finds a configuration that means something else under cron, which sets few
// variables, and HOME as the user database has it.
func checkEnvironment(p *Patient) []Finding {
	if p.Config == nil || p.User.AccountHome == "" {
		return nil
	}
	set := map[string]string{"HOME": p.User.AccountHome, "LOGNAME": p.User.Login, "SHELL": "/bin/sh", "PATH": p.User.CronPath}
	env := config.Env{Home: p.User.AccountHome, UID: p.User.UID, Lookup: func(name string) (string, bool) { v, ok := set[name]; return v, ok }}
	for i := range p.Scheduled {
		if j := &p.Scheduled[i]; j.Finds != "" && j.Finds != p.Configuration {
			return one(Finding{Path: p.Configuration, Text: fmt.Sprintf("%s names no configuration: it finds %s, and not %s", terminal.Quote(j.Where), terminal.Quote(j.Finds), terminal.Quote(p.Configuration)),
				Remedy: "name it there: -c " + hint.ShellWord(p.Configuration)})
		}
	}
	edit := "write whole paths with: " + p.Say.Command("config", "edit")
	then, err := config.Load(p.Configuration, env)
	if err != nil {
		return one(Finding{Path: p.Configuration, Text: "cron cannot use the configuration: " + terminal.Escape(render.FirstLine(err)), Remedy: edit})
	}
	differ := func(what, here, there string) []Finding {
		return one(Finding{Path: p.Configuration, Text: fmt.Sprintf("%s means %s here, and %s under cron", what, terminal.Quote(here), terminal.Quote(there)), Remedy: edit})
	}
	if then.Destination != p.Config.Destination {
		return differ("the key destination", p.Config.Destination, then.Destination)
	}
	for i, e := range p.Config.Entries {
		if i < len(then.Entries) && then.Entries[i].Root != e.Root {
			return differ("entry "+terminal.Quote(e.Text), e.Root, then.Entries[i].Root)
		}
	}
	return nil
}

// clockSlack is by how much a clock may run back without a finding.
const clockSlack = time.Minute

// checkClock finds a clock that was set back, so that versions are dated later than now, and one
// that nothing keeps right.
func checkClock(p *Patient) (found []Finding) {
	newest := p.Last.Ended
	what := "the last run ended "
	if p.Versions > 0 && p.Newest.CaptureTime().After(newest) {
		newest, what = p.Newest.CaptureTime(), "the newest version was captured "
	}
	look := "look at it with: " + p.Say.System("timedatectl")
	switch {
	case newest.Sub(p.Clock.Now) > clockSlack:
		found = append(found, Finding{Text: "the clock of this machine is wrong, or was: " + what + p.Clock.Moment(newest), Remedy: look})
	case p.Latest.Sub(p.Clock.Now) > clockSlack:
		found = append(found, Finding{Note: true, Text: "the clock of this machine is behind, or was ahead: a version was captured " + p.Clock.Moment(p.Latest), Remedy: look})
	}
	if p.TimeServer != "" {
		found = append(found, Finding{Note: true, Text: "no time server keeps the clock of this machine right, as far as the kernel knows: versions bear its time", Remedy: p.TimeServer})
	}
	return found
}

// oldestGit is the first version of git that everything in the documentation works with: git init
// -b.
var oldestGit = [2]int{2, 28}

// gitPatience is how long git may take to tell its version.
const gitPatience = 2 * time.Second

var gitVersion = regexp.MustCompile(`^git version (\d+)\.(\d+)`)

// checkGit finds that git, which pushes use and people read the history with, is missing or old.
func checkGit(p *Patient) []Finding {
	if p.Destination == "" {
		return nil
	}
	needed := p.Config != nil && p.Config.Push != nil && p.Config.Push.With == config.PushGit
	path, is := find("git", p.User.CronPath)
	if !is {
		return one(Finding{Note: !needed, Text: fmt.Sprintf("git is in none of cron's folders (%s)", p.User.CronPath), Remedy: "install it: " + p.Say.System("apt", "install", "git")})
	}
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	m := gitVersion.FindSubmatch(out)
	if err != nil || m == nil {
		return nil
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	if cmp.Or(cmp.Compare(major, oldestGit[0]), cmp.Compare(minor, oldestGit[1])) >= 0 {
		return nil
	}
	return one(Finding{Path: path, Note: true, Text: fmt.Sprintf("%s is git %d.%d, older than %d.%d", terminal.Quote(path), major, minor, oldestGit[0], oldestGit[1]), Remedy: "update it: " + p.Say.System("apt", "install", "git")})
}

// checkSettings finds settings of the repository with which git would change a byte or a mode.
func checkSettings(p *Patient) (found []Finding) {
	if p.History == nil {
		return nil
	}
	for _, setting := range p.History.Commits().OverriddenSettings() {
		key, value, _ := strings.Cut(setting, " = ")
		found = append(found, Finding{Path: p.Destination, Text: "git's setting " + key + " of the destination is not " + value,
			Remedy: "set it with: " + p.Say.Git(p.Destination, "config", key, value)})
	}
	return found
}

// behindFor is for how long a remote may lack versions.
const behindFor = 24 * time.Hour

// checkPush finds pushes that fail, or have not been made for a day, and a remote that did not
// answer.
func checkPush(p *Patient) []Finding {
	try := "try it with: " + p.Say.Command("push")
	switch {
	case p.Answer != nil:
		return one(Finding{Text: p.Answer.Text, Remedy: cmp.Or(p.Answer.Remedy, try)})
	case p.Push == nil:
		return nil
	case p.Push.Class != "":
		text := terminal.Escape(p.Push.Message)
		if !p.Push.Since.IsZero() {
			text = "pushes to " + terminal.Quote(p.Push.Remote) + " fail since " + p.Clock.Moment(p.Push.Since) + ": " + text
		}
		return one(Finding{Text: text, Remedy: cmp.Or(p.PushRemedy, try)})
	case p.Push.Rewritten:
		return one(Finding{Text: terminal.Quote(p.Push.Remote) + " has versions that are no longer on the branch here", Remedy: try})
	case p.Push.IsBehind(p.Clock.Now, behindFor):
		return one(Finding{Text: fmt.Sprintf("%s lacks %s, the oldest captured %s", terminal.Quote(p.Push.Remote), render.Count(p.Push.Lacking, "version"), p.Clock.Moment(p.Push.Oldest)), Remedy: try})
	}
	return nil
}
