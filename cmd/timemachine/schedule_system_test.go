//go:build system && linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/schedule"
)

// TestScheduleByCron: a user's schedules, also of names that cron and the shell read as something
// else, make runs under a real cron. Every other byte of the real crontab stays. Nobody is mailed.
func TestScheduleByCron(t *testing.T) {
	t.Parallel() // it mostly waits for cron
	bin := buildBinary(t)
	n := &newcomer{T: t, scratch: t.TempDir()}
	n.start(`install -m 755 ` + bin + ` /usr/local/bin/timemachine; useradd -m ada; chmod 711 ` + filepath.Dir(n.scratch) + ` ` + n.scratch)
	ada := func(command string) string {
		t.Helper()
		return n.inside("su - ada -c 'export PATH=/usr/local/bin:$PATH; " + strings.ReplaceAll(command, "'", `'\''`) + "'")
	}
	const theirs = "# 100% \"mine\"\t\nMAILTO = ada\n\n 5 4 * * 7  cd /srv && ./weekly 2>&1\n"
	const odd = `"it's 100% \$HOME (x); c.dat"`
	ada("printf '%s' '" + theirs + "' | crontab -")
	ada(`mkdir notes odd; echo one >notes/a; echo two >odd/b; timemachine setup notes; cd odd; timemachine -c ` + odd + ` -d "$PWD/the histoire é" setup ~/odd/b`)
	if out := ada("timemachine schedule install"); !strings.Contains(out, "installed    every minute, crontab\nactive       yes: cron is running\n") {
		t.Errorf("install says %s", out)
	}
	ada("cd odd; timemachine -c " + odd + " schedule install")
	before := ada("crontab -l")
	if again := ada("timemachine schedule install; cd odd; timemachine -c " + odd + " schedule install --cron --user; crontab -l"); !strings.HasSuffix(again, before) || strings.Count(again, "unchanged ") != 2 {
		t.Errorf("typed again: %s", again)
	}
	if !strings.HasPrefix(before, theirs) || strings.Count(before, "\n") != 6 {
		t.Errorf("the crontab is %q", before)
	}
	ada("echo more >>notes/a; echo more >>odd/b")
	n.waitFor("both edits are recorded", func() bool {
		return strings.Count(ada("timemachine log ~/notes/a; cd odd; timemachine -c "+odd+" log b"), "modified") == 2
	})
	n.waitFor("show tells of a run by cron", func() bool { return strings.Contains(ada("timemachine schedule"), " s ago), all well") })
	if out := ada("timemachine schedule remove; cd odd; timemachine -c " + odd + " schedule remove"); strings.Count(out, "removed      every minute, crontab\n") != 2 {
		t.Errorf("remove says %s", out)
	}
	if after := ada("crontab -l"); after != theirs {
		t.Errorf("the crontab was %q and is %q", theirs, after)
	}
	if out := ada("crontab -r; timemachine schedule install; timemachine schedule remove; ! crontab -l 2>&1"); !strings.HasSuffix(out, "no crontab for ada\n") {
		t.Errorf("an empty crontab stays: %s", out)
	}
	n.inside("echo ada >/etc/cron.deny")
	if out := ada("! timemachine schedule install 2>&1"); !strings.Contains(out, "not allowed") {
		t.Errorf("refused by crontab: %s", out)
	}
	if out := n.inside("timemachine setup /etc/hosts >/dev/null; mkdir -m 777 /root/loose; cp /usr/local/bin/timemachine /root/loose; ! /root/loose/timemachine schedule install 2>&1; ls /etc/cron.d"); !strings.Contains(out, "others can exchange") || strings.Contains(out, "timemachine\n") && !strings.Contains(out, "hint") {
		t.Errorf("a program that others can exchange: %s", out)
	}
	if mail, err := os.ReadFile(filepath.Join(n.scratch, "mail")); err == nil {
		t.Errorf("mail: %s", mail)
	}
}

// scheduleMachine makes a private copy of the folders that schedules are in. systemd seems to run
// there. $1 is a scratch folder, $2 the program, $3 names a group of processes.
const scheduleMachine = `
set -eu
scratch=$1 group=$3
mount -t tmpfs tmpfs "$scratch"
for dir in /etc /usr/local /var/backups /root /home; do
	mkdir -p "$scratch$dir/upper" "$scratch$dir/work"
	mount -t overlay overlay -o "lowerdir=$dir,upperdir=$scratch$dir/upper,workdir=$scratch$dir/work" "$dir"
done
rm -rf /etc/timemachine /etc/cron.d/timemachine /var/backups/timemachine /root/.local/state/timemachine
mount -t tmpfs tmpfs /run
install -m 755 "$2" /usr/local/bin/timemachine
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
expect() { printf '%s\n' "$2" | grep -Eq "$1" || { printf 'no %s in:\n%s\n' "$1" "$2"; exit 1; }; }
soon() { for i in $(seq 300); do if sh -c "$1" >/dev/null 2>&1; then return; fi; sleep 0.3; done; echo "never: $1"; exit 1; }
`

// startSystemd starts the systemd of a user, in its own part of each hierarchy of cgroups.
const startSystemd = `
mkdir -p /run/systemd/system /run/user/$(id -u $user); chown $user /run/user/*; chmod 700 /run/user/*
for c in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
	if test -e $c/cgroup.procs; then mkdir -p $c/$group; chown -R $user $c/$group; echo $$ >$c/$group/cgroup.procs || :; fi
done
su $user -c 'cd /; exec env -i HOME=$HOME XDG_RUNTIME_DIR=/run/user/$(id -u) /lib/systemd/systemd --user </dev/null' >/dev/null 2>&1 &
soon "test -e /run/user/$(id -u $user)/systemd/private"
`

// onScheduleMachine runs a shell script on such a machine.
func onScheduleMachine(t *testing.T, bin, script string) {
	t.Helper()
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	group := fmt.Sprintf("timemachine-test-%d-%s", os.Getpid(), t.Name())
	// The processes of the machine end with its first one.
	cmd := exec.CommandContext(ctx, "unshare", "-m", "-p", "-f", "--mount-proc", "--propagation", "private", "sh", "-c", scheduleMachine+script, "sh", t.TempDir(), bin, group)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	_ = exec.Command("sh", "-c", `sleep 1; find /sys/fs/cgroup -depth -type d -path "*/$0*" -exec rmdir {} \;`, group).Run()
}

// TestScheduleBySystemd: a user's systemd, a real one, starts runs by a timer and keeps a watch
// running. A kind takes the place of the other, and remove leaves nothing.
func TestScheduleBySystemd(t *testing.T) {
	t.Parallel() // it mostly waits for the timer
	onScheduleMachine(t, buildBinary(t), `
useradd -m ada; user=ada
cat >/home/ada/errand <<'X'
set -eu
cd; mkdir notes "o'd \$HOME 100%"; echo one >notes/a
timemachine setup notes
! timemachine schedule install --systemd 2>said
expect 'no systemd of yours is running' "$(cat said)"
expect 'hint: .*loginctl enable-linger ada' "$(cat said)"
test ! -e .config/systemd
X
printf 'expect() %s\n' '{ printf "%s\n" "$2" | grep -Eq "$1" || { printf "no %s in:\n%s\n" "$1" "$2"; exit 1; }; }' >/home/ada/words
mkdir -p /run/systemd/system
run() { su - ada -c "PATH=/usr/local/bin:$PATH; . ./words; . ./$1"; }
run errand
`+startSystemd+`
cat >/home/ada/errand <<'X'
set -eu
out=$(timemachine schedule install --systemd 2>&1)
expect '^installed    every minute, /home/ada/.config/systemd/user/timemachine.timer$' "$out"
expect '^active       yes: the timer is running' "$out"
expect '^next run     20..-..-.. ..:..:00$' "$out"
expect '^WRN it runs only while you are logged in$' "$out"
expect '^unchanged ' "$(timemachine schedule install 2>&1)"
expect '^schedule     every minute, .*timemachine.timer$' "$(timemachine status)"
echo two >>notes/a
X
run errand
soon "su - ada -c 'timemachine log ~/notes/a | grep modified'"
cat >/home/ada/errand <<'X'
set -eu
expect '^last run .* s ago\), all well$' "$(timemachine schedule)"
expect '^removed      every minute, .*timemachine.timer$' "$(timemachine schedule install --watch 2>&1)"
out=$(timemachine schedule)
expect '^schedule     as soon as files have changed \(watch\), .*/timemachine-watch.service$' "$out"
expect '^active       yes: the service is running since .*; (looking|waiting|idle)' "$out"
find .config/systemd -name '*timer' | grep . && exit 1
echo three >>notes/a
file="o'd \$HOME 100%/c d.dat"; dest="$PWD/o'd \$HOME 100%/dest"
timemachine -c "$file" -d "$dest" setup "o'd \$HOME 100%"
timemachine -c "$file" schedule install --watch 2>&1
expect '^active       yes' "$(timemachine -c "$file" schedule)"
echo one >"o'd \$HOME 100%/b"
X
run errand
soon "su - ada -c 'timemachine log ~/notes/a | grep -c modified | grep 2'"
soon "su - ada -c 'cd o*; timemachine -c \"c d.dat\" log b | grep added'"
cat >/home/ada/errand <<'X'
set -eu
expect '^removed      as soon as' "$(timemachine schedule remove)"
expect '^removed      nothing' "$(timemachine schedule remove)"
cd o*; timemachine -c "c d.dat" schedule remove; cd
find .config/systemd -type f -o -type l | grep . && exit 1
pgrep -u ada -x timemachine && exit 1
XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user list-units --all --no-pager | grep timemachine && exit 1
:
X
run errand
`)
}

// TestScheduledUnitsAreSound: systemd finds nothing to say about the units, whatever names are in
// them. A watch works under the hardening of the system's unit: it writes its log and the
// destination, and sees /home and /tmp.
func TestScheduledUnitsAreSound(t *testing.T) {
	bin := buildBinary(t)
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal(err)
	}
	systemctl, err := exec.LookPath("systemctl")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, folder := range []string{"run/systemd/system", "etc/systemd/system"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	places := schedule.Places{Root: root, Systemctl: systemctl, Env: os.Environ()}
	spaced := filepath.Join(root, "time machine; é#")
	if err := os.Symlink(bin, spaced); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]string{"timemachine": "/etc/timemachine/config.dat", "timemachine-1": `/etc/o'd "x" 100%h $HOME ${A} \n #;/c.dat`, "timemachine-2": "/srv/é/c.dat"} {
		for _, kind := range []schedule.Kind{schedule.Timer, schedule.Watch} {
			task := schedule.Task{Name: name, Program: spaced, Config: config, Destination: filepath.Dir(config) + "/d", Env: []string{"XDG_STATE_HOME=" + filepath.Dir(config)},
				Writes: []string{filepath.Dir(config), filepath.Dir(config) + "/d"}, Every: 6 * time.Hour}
			if _, err := places.Install(context.Background(), schedule.Site{Kind: kind}, &task); err != nil {
				t.Fatal(err)
			}
		}
	}
	units, err := filepath.Glob(filepath.Join(root, "etc/systemd/system/timemachine*"))
	if err != nil || len(units) != 9 {
		t.Fatal(units, err)
	}
	for _, args := range [][]string{{"verify", "--man=no"}, {"verify", "--man=no", "--user"}} {
		cmd := exec.Command(analyze, append(args, units...)...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+root)
		out, err := cmd.CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
		}
	}
	task := schedule.Task{Name: "timemachine", Program: "/usr/local/bin/timemachine", Config: "/etc/timemachine/config.dat", Writes: []string{"/etc/timemachine", "/var/backups/timemachine"}, Every: time.Minute}
	if _, err := places.Install(context.Background(), schedule.Site{Kind: schedule.Watch}, &task); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "etc/systemd/system/timemachine-watch.service"))
	if err != nil {
		t.Fatal(err)
	}
	onScheduleMachine(t, bin, `
mkdir -p /home/w /etc/w /tmp/w$$; mkdir -m 700 /etc/timemachine
timemachine setup /home/w /etc/w /etc/timemachine /tmp/w$$ >/dev/null
rm -f /etc/timemachine/timemachine.log
user=root
`+startSystemd+`
export XDG_RUNTIME_DIR=/run/user/0
mkdir -p /root/.config/systemd/user; cat <<'X' >/root/.config/systemd/user/timemachine-watch.service
`+string(text)+`X
systemctl --user daemon-reload
systemctl --user start timemachine-watch.service
for d in /home/w /etc/w /tmp/w$$; do echo a >$d/a; done
soon "timemachine log --flat /home/w/a | grep . && timemachine log --flat /etc/w/a | grep . && timemachine log --flat /tmp/w$$/a | grep ."
test -s /etc/timemachine/timemachine.log
pid=$(systemctl --user show -P MainPID timemachine-watch.service)
nsenter -m -t $pid sh -c '! touch /usr/x /etc/x 2>/dev/null; touch /etc/timemachine/x' || { echo "the hardening is not in force"; exit 1; }
# The folders that stay open are no disks that come and go: a deletion in them is one to every run.
echo a >/etc/timemachine/a; echo b >/etc/timemachine/b
soon "timemachine log --flat /etc/timemachine/a | grep . && timemachine log --flat /etc/timemachine/b | grep ."
rm /etc/timemachine/a /etc/timemachine/x
soon "timemachine log --flat /etc/timemachine/a | grep deleted"
systemctl --user stop timemachine-watch.service
rm /etc/timemachine/b
expect '^0$' "$(timemachine run >/dev/null 2>&1; echo $?)"
expect deleted "$(timemachine log --flat /etc/timemachine/b)"
expect '^(inactive|dead)$' "$(systemctl --user show -P ActiveState timemachine-watch.service)"
rm -r /tmp/w$$
`)
}
