package schedule

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Places say where to look.
type Places struct {
	Root string // above /etc, /run and /usr; "" for this machine's
	Home string // the user's folder, for timers of their own; "": unknown
	Path string // the program crontab; "" for none
	Env  []string
}

// UserCrontab is where a job of the user's own crontab stands.
const UserCrontab = "crontab"

// crontabPatience is how long crontab may take.
const crontabPatience = 2 * time.Second

// Find returns the jobs that make a run of timemachine, as far as this user may see them: those of
// the user's crontab, of the system's crontabs, and of systemd's timers.
func Find(ctx context.Context, p Places) []Job {
	jobs := crontab(userCrontab(ctx, p), UserCrontab, false)
	at := func(path string) string { return filepath.Join("/", p.Root, path) }
	jobs = append(jobs, crontab(readSmall(at("etc/crontab")), at("etc/crontab"), true)...)
	entries, _ := os.ReadDir(at("etc/cron.d"))
	for _, e := range entries {
		if name := e.Name(); !strings.ContainsAny(name, ".~#") { // which cron passes over
			file := filepath.Join(at("etc/cron.d"), name)
			jobs = append(jobs, crontab(readSmall(file), file, true)...)
		}
	}
	jobs = append(jobs, timers([]string{at("etc/systemd/system"), at("run/systemd/system"), at("usr/local/lib/systemd/system"),
		at("usr/lib/systemd/system"), at("lib/systemd/system")})...)
	if p.Home != "" {
		jobs = append(jobs, timers([]string{filepath.Join(p.Home, ".config/systemd/user"), at("etc/systemd/user"), at("usr/lib/systemd/user")})...)
	}
	return jobs
}

// userCrontab is the user's crontab; "" where there is none.
func userCrontab(ctx context.Context, p Places) string {
	if p.Path == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, crontabPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, "-l")
	cmd.Env = p.Env
	cmd.WaitDelay = crontabPatience
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}
