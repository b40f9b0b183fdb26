package schedule

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// unitMark begins the unit files that install has written.
const unitMark = " schedule: made by timemachine schedule install, and taken away by schedule remove\n"

// unitName is the name of the schedule that a unit file belongs to; "" where install has not
// written it.
func unitName(file string) string {
	name, ok := strings.CutSuffix(firstLine(readSmall(file)), unitMark)
	if name, marked := strings.CutPrefix(name, "# "); ok && marked {
		return name
	}
	return ""
}

func firstLine(text string) string {
	for line := range strings.Lines(text) {
		return line
	}
	return ""
}

// unitFile is a unit file that install writes.
type unitFile struct{ name, text string }

// unitNames are the names of the unit files of a schedule. The first one is started.
func unitNames(name string, kind Kind) []string {
	if kind == Watch {
		return []string{name + "-watch.service"}
	}
	return []string{name + ".timer", name + ".service"}
}

// units are the unit files of a task, in the order of their names.
func (t *Task) units(kind Kind, own bool) ([]unitFile, error) {
	if err := t.check(kind); err != nil {
		return nil, err
	}
	head := "# " + t.Name + unitMark
	names := unitNames(t.Name, kind)
	if kind == Watch {
		return []unitFile{{names[0], head + t.watchService(own)}}, nil
	}
	return []unitFile{{names[0], head + t.timer()}, {names[1], head + t.oneshot()}}, nil
}

// PackagedUnits are the unit files that a package ships, by their names: those of every kind, not
// marked as made by install.
func (t *Task) PackagedUnits() (map[string]string, error) {
	all := map[string]string{}
	for _, kind := range []Kind{Timer, Watch} {
		units, err := t.units(kind, false)
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			all[u.name] = strings.TrimPrefix(u.text, "# "+t.Name+unitMark)
		}
	}
	return all, nil
}

func (t *Task) timer() string {
	return `[Unit]
Description=Record changed files ` + everyWords(t.Every) + `
Documentation=man:timemachine-schedule(1)

[Timer]
OnCalendar=` + calendar(t.Every) + `
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
`
}

// oneshot is the service of a run. It is no failure that some files are left out: status names
// them. The journal gets what the run says, and not that it begins and ends each minute.
func (t *Task) oneshot() string {
	return `[Unit]
Description=Record changed files
Documentation=man:timemachine(1)

[Service]
Type=oneshot
` + t.start(Timer) + `SuccessExitStatus=3
SyslogLevel=notice
LogLevelMax=notice
Nice=10
IOSchedulingClass=idle
`
}

// watchService is the service that stays running. It starts again whatever it has failed of: a
// configuration that is broken today may be mended tomorrow.
func (t *Task) watchService(own bool) string {
	target := "multi-user.target"
	if own {
		target = "default.target"
	}
	return `[Unit]
Description=Record files as soon as they have changed
Documentation=man:timemachine-watch(1)
After=local-fs.target remote-fs.target
StartLimitIntervalSec=0

[Service]
Type=notify
` + t.start(Watch) + `ExecReload=/bin/kill -HUP $MAINPID
WatchdogSec=5min
Restart=on-failure
RestartSec=30s
Nice=10
IOSchedulingClass=idle
` + t.hardening(own) + `
[Install]
WantedBy=` + target + "\n"
}

// start is the command of a service, and its environment.
func (t *Task) start(kind Kind) string {
	var b strings.Builder
	for _, e := range t.Env {
		b.WriteString("Environment=" + unitWord(e, false) + "\n")
	}
	b.WriteString("ExecStart=")
	for i, w := range t.words(kind) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(unitWord(w, i > 0))
	}
	return b.String() + "\n"
}

// hardening are the settings that take from a service what it does not need. None of them hides a
// file that may be watched, or keeps the run from reading it. A user's systemd knows few of them.
func (t *Task) hardening(own bool) string {
	text := "NoNewPrivileges=yes\n"
	if own {
		return text
	}
	text += "ProtectSystem=full\n"
	for _, folder := range t.Writes {
		if isBelow(folder, "/etc", "/usr", "/boot", "/efi") { // which ProtectSystem closes
			text += "ReadWritePaths=" + unitWord("-"+folder, false) + "\n"
		}
	}
	return text + `LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=yes
ProtectHostname=yes
SystemCallArchitectures=native
`
}

func isBelow(path string, folders ...string) bool {
	for _, f := range folders {
		if path == f || strings.HasPrefix(path, f+"/") {
			return true
		}
	}
	return false
}

// unitWord is a word of a value in a unit file. In arguments a dollar sign begins a variable.
func unitWord(s string, argument bool) string {
	text := strings.ReplaceAll(s, "%", "%%")
	if argument {
		text = strings.ReplaceAll(text, "$", "$$")
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return r == ' ' || strings.ContainsRune("\"'\\;#", r) }) < 0 {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// unitState is what systemd tells of a unit.
type unitState struct {
	enabled, active, failed bool
	status                  string // what the service says of itself
	since, next             time.Time
}

// systemctlPatience is how long systemctl may take.
const systemctlPatience = 30 * time.Second

// systemctl runs systemctl for the system or for the user's own units.
func (p *Places) systemctl(ctx context.Context, own bool, args ...string) (string, error) {
	if p.Systemctl == "" {
		return "", &LackError{Lack: NoSystemctl}
	}
	before := []string{"--no-pager", "--no-ask-password"}
	if own {
		before = append(before, "--user")
	}
	out, said, err := p.command(ctx, systemctlPatience, "", p.Systemctl, append(before, args...)...)
	if err != nil {
		return "", &CommandError{Command: "systemctl " + strings.Join(args, " "), Said: said, Err: err}
	}
	return out, nil
}

// isBooted tells whether systemd is there to start units.
func (p *Places) isBooted(own bool) bool {
	file := p.at("run/systemd/system")
	if own {
		file = filepath.Join(p.Runtime, "systemd/private")
	}
	_, err := os.Stat(file)
	return err == nil && (!own || p.Runtime != "")
}

// stateOf asks systemd for the state of a unit. ok is false where it does not answer.
func (p *Places) stateOf(ctx context.Context, own bool, unit string) (s unitState, ok bool) {
	if p.Root != "" && !own || !p.isBooted(own) {
		return s, false
	}
	out, err := p.systemctl(ctx, own, "show", "-p", "UnitFileState,ActiveState,StatusText,ActiveEnterTimestamp,NextElapseUSecRealtime", unit)
	if err != nil {
		return s, false
	}
	at := func(text string) time.Time { // zero where there is none
		t, _ := time.Parse("Mon 2006-01-02 15:04:05 MST", text)
		return t
	}
	for line := range strings.Lines(out) {
		switch name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "="); name {
		case "UnitFileState":
			s.enabled = value == "enabled"
		case "ActiveState":
			s.active, s.failed = value == "active" || value == "reloading", value == "failed" || value == "activating"
		case "StatusText":
			s.status = value
		case "ActiveEnterTimestamp":
			s.since = at(value)
		case "NextElapseUSecRealtime":
			s.next = at(value)
		}
	}
	return s, true
}
