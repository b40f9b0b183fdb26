//go:build system

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newcomerSetUp makes a private copy of the folders that the README's commands change, starts cron
// there, and waits until it is ended. What this machine has of timemachine is not in the copy. $1
// is a scratch folder, $2 the clone, $3 the commands. Their output goes to $1/output, mail from
// cron to $1/mail.
const newcomerSetUp = `
set -eu
scratch=$1 clone=$2 commands=$3
mount -t tmpfs tmpfs "$scratch/layers"
for dir in /etc /usr/local /usr/sbin /var/backups /var/spool/cron /root /home; do
	mkdir -p "$dir" "$scratch/layers$dir/upper" "$scratch/layers$dir/work"
	mount -t overlay overlay -o "lowerdir=$dir,upperdir=$scratch/layers$dir/upper,workdir=$scratch/layers$dir/work" "$dir"
done
rm -rf /etc/timemachine /etc/cron.d/timemachine /var/backups/timemachine /root/.local/state/timemachine
mount -t tmpfs tmpfs /run
printf '#!/bin/sh\ncat >>%s/mail\n' "$scratch" >/usr/sbin/sendmail
chmod 755 /usr/sbin/sendmail
cd "$clone"
sudo() { "$@"; }
eval "$commands" >"$scratch/output"
touch "$scratch/ready"
exec cron -f
`

// newcomer is a machine set up by the README's commands, with cron at work.
type newcomer struct {
	*testing.T
	scratch string
	cron    *exec.Cmd
}

// TestNewcomersDay types the README's set-up word for word and lets a real cron run it. An edit is
// recorded. Three minutes in which nobody changes anything leave no commit, no mail and no file
// written.
func TestNewcomersDay(t *testing.T) {
	t.Parallel() // it mostly waits for cron
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	if _, err := exec.LookPath("cron"); err != nil {
		t.Fatal(err)
	}
	commands, schedule := readmeSetUp(t)
	n := &newcomer{T: t, scratch: t.TempDir()}
	n.start(commands)
	output, err := os.ReadFile(filepath.Join(n.scratch, "output"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(output), "\nruns  when you type: "+strings.TrimPrefix(schedule, "sudo ")+"\n") {
		t.Errorf("setup names another command than README's %s:\n%s", schedule, output)
	}

	n.inside("echo an edit >/etc/newcomer.conf")
	n.waitFor("the edit is recorded", func() bool {
		return strings.Contains(n.inside("git -C /var/backups/timemachine log -1 --format=%s"), "/etc/newcomer.conf")
	})
	n.waitForRuns(1) // whatever that run had left to the next one
	before := n.state()
	n.waitForRuns(3)
	if after := n.state(); after != before {
		t.Errorf("three quiet minutes have changed the destination:\n%s", firstDifferences(before, after, 20))
	}
	if mail, err := os.ReadFile(filepath.Join(n.scratch, "mail")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("mail: %s %v", mail, err)
	}
	n.inside("cd /var/backups/timemachine && git fsck --strict && test -z \"$(git status --porcelain)\"")
	n.inside("cd / && env -i /usr/local/bin/timemachine verify")
	if log := n.inside("timemachine log /etc/newcomer.conf"); strings.Count(log, "newcomer.conf") != 1 {
		t.Errorf("log: %s", log)
	}
	if log := n.inside("timemachine log /etc/timemachine"); !strings.Contains(log, "config.dat") || strings.Contains(log, "timemachine.log") {
		t.Errorf("log of the configuration's folder: %s", log)
	}
}

// readmeSetUp returns the commands of the README's sections Install and Set up, as far as the one
// that schedules it, and that one.
func readmeSetUp(t *testing.T) (commands, schedule string) {
	t.Helper()
	for _, title := range []string{"Install", "Set up"} {
		for _, code := range readmeCode(t, title) {
			if schedule == "" {
				commands += code + "\n"
			}
			if strings.Contains(code, "schedule install") && schedule == "" {
				schedule = code
			}
		}
	}
	if schedule == "" || !strings.Contains(commands, "make install") {
		t.Fatalf("README.md: commands %q", commands)
	}
	return commands, schedule
}

// start sets the machine up and starts cron. It is stopped when the test ends.
func (n *newcomer) start(commands string) {
	n.Helper()
	if err := os.Mkdir(filepath.Join(n.scratch, "layers"), 0o700); err != nil {
		n.Fatal(err)
	}
	clone, err := filepath.Abs("../..")
	if err != nil {
		n.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var out bytes.Buffer
	n.cron = exec.CommandContext(ctx, "unshare", "-m", "--propagation", "private", "sh", "-c", newcomerSetUp, "sh", n.scratch, clone, commands)
	n.cron.Env = withInstalled()
	n.cron.Stdout, n.cron.Stderr = &out, &out
	if err := n.cron.Start(); err != nil {
		n.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.cron.Wait() }()
	n.Cleanup(func() { cancel(); <-ended })
	for deadline := time.Now().Add(3 * time.Minute); ; {
		if _, err := os.Stat(filepath.Join(n.scratch, "ready")); err == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			n.Fatalf("the set-up failed: %v\n%s", err, out.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			n.Fatalf("the set-up takes too long:\n%s", out.String())
		}
	}
}

// withInstalled is the environment in which timemachine is the program that is installed, and not
// that of the tests.
func withInstalled() []string {
	return append(os.Environ(), "PATH=/usr/local/sbin:/usr/local/bin:"+os.Getenv("PATH"))
}

// inside runs a shell command on the machine and returns its output.
func (n *newcomer) inside(command string) string {
	n.Helper()
	cmd := exec.Command("nsenter", "-m", "-t", fmt.Sprint(n.cron.Process.Pid), "sh", "-c", command)
	cmd.Env = withInstalled()
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

// waitFor waits up to three minutes.
func (n *newcomer) waitFor(what string, done func() bool) {
	n.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			n.Fatalf("%s: not within three minutes", what)
		}
	}
}

// waitForRuns waits until cron has made so many further runs.
func (n *newcomer) waitForRuns(runs int) {
	n.Helper()
	last := func() string { return n.inside("stat -c %.Y /var/backups/timemachine/.git/timemachine/ran") }
	for range runs {
		before := last()
		n.waitFor("the next run", func() bool { return last() != before })
	}
}

// firstDifferences returns the lines that only one of two texts has, up to most of each.
func firstDifferences(before, after string, most int) string {
	var b strings.Builder
	only := func(mark, these, those string) {
		other := map[string]bool{}
		for line := range strings.Lines(those) {
			other[line] = true
		}
		n := 0
		for line := range strings.Lines(these) {
			if !other[line] && n < most {
				b.WriteString(mark + line)
				n++
			}
		}
	}
	only("- ", before, after)
	only("+ ", after, before)
	return b.String()
}

// state lists every file of the destination with size, mtime and inode. The two files whose mtimes
// tell of the last run are left out.
func (n *newcomer) state() string {
	n.Helper()
	return n.inside(`cd /var/backups/timemachine && git rev-parse main && find . -not -name ran -not -name ran-well -not -path ./.git/timemachine -printf '%p %s %T@ %i\n' | sort`)
}
