package schedule

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Places say where to look, and with what programs.
type Places struct {
	Root      string // above /etc, /run, /usr and /proc; "" for this machine's
	Home      string // the user's folder, for units of their own; "": unknown
	Crontab   string // the program crontab; "" for none
	Systemctl string // the program systemctl; "" for none
	Runtime   string // the folder of the user's systemd: $XDG_RUNTIME_DIR; "" for none
	Env       []string
}

// at is a path of the machine.
func (p *Places) at(path string) string { return filepath.Join("/", p.Root, path) }

// UserCrontab is where a job of the user's own crontab stands.
const UserCrontab = "crontab"

// Find returns the jobs that make a run of timemachine, as far as this user may see them: those of
// the user's crontab, of the system's crontabs, and of systemd's timers. A *CommandError says that
// there is a program crontab and it did not tell what is in the user's.
func Find(ctx context.Context, p Places) ([]Job, error) {
	text, err := p.userCrontab(ctx)
	if errors.As(err, new(*LackError)) {
		err = nil
	}
	jobs := crontab(text, UserCrontab, false)
	jobs = append(jobs, crontab(readSmall(p.at("etc/crontab")), p.at("etc/crontab"), true)...)
	entries, _ := os.ReadDir(p.at(cronFolder))
	for _, e := range entries {
		if name := e.Name(); !strings.ContainsAny(name, ".~#") { // which cron passes over
			file := filepath.Join(p.at(cronFolder), name)
			jobs = append(jobs, crontab(readSmall(file), file, true)...)
		}
	}
	jobs = append(jobs, units([]string{p.at(systemUnits), p.at("run/systemd/system"), p.at("usr/local/lib/systemd/system"),
		p.at("usr/lib/systemd/system"), p.at("lib/systemd/system")}, "root")...)
	if p.Home != "" {
		jobs = append(jobs, units([]string{filepath.Join(p.Home, userUnits), p.at("etc/systemd/user"), p.at("usr/lib/systemd/user")}, "")...)
	}
	return jobs, err
}

// The folders of what install makes, below the root and the user's home.
const (
	cronFolder  = "etc/cron.d"
	systemUnits = "etc/systemd/system"
	userUnits   = ".config/systemd/user"
)
