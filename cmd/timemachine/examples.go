package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are those of the commands that have none of their own. A test parses each line.
var examples = map[string]string{
	"run": `timemachine                           the same
timemachine run -v                    name each version
timemachine run --accept-deletions /srv/old`,
	"watch": `timemachine watch
timemachine watch --interval 10m --settle 2s
timemachine watch -v                  name each version`,
	"add": `timemachine add /etc/hosts ~/notes
timemachine add '~/src/**/*.md'       also what comes later
timemachine add '!*.bak'              leave these out`,
	"remove": `timemachine remove ~/notes
timemachine remove '!*.bak'           an entry, as list prints it`,
	"list": `timemachine list
timemachine list -v                   what each entry selects now`,
	"log": `timemachine log /etc/hosts
timemachine log /etc --since yesterday
timemachine log --deleted             what is deleted now`,
	"ls": `timemachine ls /etc/nginx
timemachine ls /etc/nginx --at yesterday
timemachine ls -R ~/notes --at '2h ago'`,
	"show": `timemachine show /etc/hosts --at '2h ago'
timemachine show ~/notes/todo.txt --at @1
timemachine show /etc/hosts --at 2026-11-23 >hosts.then`,
	"diff": `timemachine diff ~/notes              what the next run would record
timemachine diff /etc yesterday --stat
timemachine diff /etc/hosts @1 @0     the last change`,
	"blame": `timemachine blame /etc/hosts
timemachine blame /etc/ssh/sshd_config -L /Match/,+5
timemachine blame run.sh --at '2 days ago' -L 10,20`,
	"git": `timemachine git log --stat -3
timemachine git --no-pager diff HEAD~1
timemachine -d /backup git fsck --strict`,
	"hosts": `timemachine hosts
timemachine -d /srv/fleet.git hosts
timemachine -d /srv/fleet.git log -b hosts/web1 /etc/hosts`,
	"init": `timemachine -d /backup init
timemachine init --remote ssh://git@backup.example.org/srv/web1.git
timemachine -d /backup init --adopt   a clone, or a rewritten branch
timemachine -d /backup init --adopt --from ssh://git@backup/srv/web1.git`,
	"status": `timemachine status
timemachine status --max-age 10m      for monitors: exit 1 when too old
timemachine status --porcelain        lines for scripts`,
	"verify": `timemachine verify
timemachine verify --quick            leave contents unread
timemachine verify --repair`,
	"copies":         "timemachine copies rebuild\ntimemachine copies prune --dry-run",
	"copies prune":   "timemachine copies prune --dry-run\ntimemachine copies prune",
	"copies rebuild": `timemachine copies rebuild`,
	"compact":        `timemachine compact`,
	"config": `timemachine config
timemachine config edit
timemachine -c ~/other.dat config`,
	"config edit": `timemachine config edit
EDITOR=nano timemachine config edit`,
	"schedule": `timemachine schedule install
timemachine schedule                  what is installed, and does it run
timemachine schedule remove`,
	"schedule install": `sudo timemachine schedule install     each minute, for what root has set up
timemachine schedule install          the same for your own
timemachine schedule install --cron --every 5m
sudo timemachine schedule install --watch`,
	"schedule show": `timemachine schedule show
timemachine schedule show --json`,
	"schedule remove": `sudo timemachine schedule remove
timemachine schedule remove --watch`,
	"doctor": `timemachine doctor
timemachine doctor -v                 name also the checks that found nothing
timemachine doctor --push             ask the remote too, as cron would`,
	"version": `timemachine version --json`,
	"help": `timemachine help restore
timemachine help time
timemachine help config`,
}

// setExamples gives every command its examples.
func setExamples(cmd *cobra.Command) {
	name := strings.TrimPrefix(cmd.CommandPath(), programName+" ")
	if text := examples[name]; text != "" && cmd.Example == "" {
		cmd.Example = indented(text, "  ")
	}
	for _, c := range cmd.Commands() {
		setExamples(c)
	}
}
