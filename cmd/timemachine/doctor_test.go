//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/doctor"
	"timemachine/watch/disk"
)

// patient is a configuration and a destination in a folder of their own, which are healthy at
// first: recorded, and scheduled in a crontab.
type patient struct {
	*testing.T
	dir string
	as  string // the program: timemachine, or as-nobody
}

// newPatient makes one for a program. Its folder is on a disk where there is one.
func newPatient(t *testing.T, as string) *patient {
	if os.Geteuid() != 0 {
		as = programName // which is the same then
	}
	top := os.TempDir()
	if disk.Kind(top) == "tmpfs" {
		top = "/var/tmp"
	}
	dir, err := os.MkdirTemp(top, "doctor")
	if err != nil {
		t.Fatal(err)
	}
	p := &patient{t, dir, as}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p.must(`mkdir bin program w; echo one >w/a
		cat >bin/crontab <<-'EOF'
		#!/bin/sh
		case $1 in
		-l) cat "$DIR/tab" ;;
		-) cat >"$DIR/tab.new"; mv "$DIR/tab.new" "$DIR/tab" ;;
		esac
		EOF
		printf '#!/bin/sh\nexec %s "$@"\n' "$AS" >program/timemachine
		chmod 755 bin/crontab program/timemachine . w
		printf 'destination: %s/dest\nwatch: [%s/w]\n' "$DIR" "$DIR" >config.dat
		echo "* * * * * $PROGRAM -c $DIR/config.dat" >tab`)
	if as != programName {
		// The program of the tests lies in a folder that is closed to nobody.
		p.must("sed -i \"s,[^ ]* -c,$DIR/program/timemachine -c,\" tab; chown -R 65534:65534 .")
	}
	p.must("$AS -q -c config.dat init; tm -q run")
	return p
}

// shell runs a command of a shell in the patient's folder.
func (p *patient) shell(command string) (string, error) {
	cmd := exec.Command("sh", "-c", `tm() { "$AS" -c "$DIR/config.dat" "$@"; }; timemachine() { command "$AS" "$@"; }; `+command)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "DIR="+p.dir, "AS="+p.as, "ROOT_SETUP="+p.dir+"/root", "PROGRAM="+program(), "HOME="+p.dir, "XDG_STATE_HOME="+p.dir+"/.state", "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "EDITOR=true", "TZ=UTC", "TZDIR=",
		"PATH="+p.dir+"/bin:"+os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// program is the program of the tests.
func program() string {
	path, err := exec.LookPath(programName)
	if err != nil {
		panic(err)
	}
	return path
}

func (p *patient) must(command string) string {
	p.Helper()
	out, err := p.shell("set -e; " + command)
	if err != nil {
		p.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

// findings are those of one check, from doctor with some flags.
func (p *patient) findings(check, flags string) []doctor.FindingDocument {
	p.Helper()
	out, err := p.shell("tm doctor --json " + flags)
	var d doctor.Document
	if jerr := json.Unmarshal([]byte(out), &d); jerr != nil {
		p.Fatalf("%v %v: %s", jerr, err, out)
	}
	if d.Healthy != (err == nil) {
		p.Errorf("the exit status is that of another report: %v\n%s", err, out)
	}
	return only(d, check)
}

// at are the findings of one check at another time, in a process of the tests.
func (p *patient) at(now time.Time, check string) []doctor.FindingDocument {
	p.Helper()
	a := systemApp()
	var out bytes.Buffer
	a.stdout, a.args, a.now = &out, []string{"-c", filepath.Join(p.dir, "config.dat"), "doctor", "--json"}, func() time.Time { return now }
	a.execute(context.Background())
	var d doctor.Document
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		p.Fatal(err)
	}
	return only(d, check)
}

func only(d doctor.Document, check string) (list []doctor.FindingDocument) {
	for _, f := range d.Findings {
		if f.Check == check {
			list = append(list, f)
		}
	}
	return list
}

// ailments are the states that the checks find.
var ailments = []struct {
	check string
	as    string // who the patient is of; "": timemachine
	flags string
	make  string // makes the state
	want  string // a regular expression for the finding; "note: " before it says that it is one
	heals bool   // what the finding says to type ends it
	says  string // a regular expression for what to type; "": any
}{
	{check: "configuration", make: "echo 'watch: []' >config.dat", want: "nothing is on the watch list"},
	{check: "configuration", make: "echo 'nonsense: [' >config.dat", want: "config.dat"},
	{check: "configuration", make: "rm config.dat", want: "there is no configuration|does not exist"},
	{check: "configuration", as: "as-nobody", make: "chmod 000 config.dat", want: "cannot be read: permission denied"},
	{check: "trust", as: "as-nobody", make: "chmod 777 .", want: "other users may write to .*doctor[0-9]+, and put something else", heals: true},
	{check: "trust", as: "as-nobody", make: "chmod 666 config.dat", want: "other users may write to configuration", heals: true},
	{check: "trust", make: "mv dest o; mkdir -m 777 open; mv o open/dest; sed -i 's,/dest$,/open/dest,' config.dat", want: "other users may write to .*/open, and put something else in the place of destination", heals: true},
	{check: "destination", make: "mv dest lost", want: "destination .*/dest does not exist: not mounted"},
	{check: "destination", make: "mv dest lost; mkdir dest", want: "is empty: not mounted"},
	{check: "destination", make: "chmod g+w dest/.git/refs", want: `others may write to .*refs \(mode 0720\)`, heals: true},
	{check: "destination", make: "echo nothing >dest/.git/refs/heads/main", want: "branch main is damaged"},
	{check: "privacy", make: "chmod 755 dest dest/.git", want: "other users can read the history in .*dest/.git", heals: true},
	{check: "sources", as: "as-nobody", make: "chmod 000 w/a", want: "w/a: cannot be read: permission denied", heals: true, says: `^open it \(chmod u\+r .*/w/a\), or leave it out with: .* add '!.*/w/a'$`},
	{check: "sources", as: "as-nobody", make: "mkdir w/c; echo x >w/c/f; chown -R 65534 w/c; chmod 000 w/c", want: "w/c: cannot be read: permission denied", says: `^open it \(chmod u\+rx .*/w/c\), or leave`},
	{check: "sources", make: "echo 'max-size: 4B' >>config.dat; echo large >w/b", want: "w/b: .*larger than max-size", heals: true},
	{check: "sources", make: "echo 'max-size: 4KiB' >>config.dat; truncate -s 7000K w/b", want: "w/b: .*larger than max-size", says: `^take it \(max-size: 7000KiB in .*config.dat\), or leave it out with: .* add '!.*/w/b'$`},
	{check: "deletions", make: "mv w gone", want: "w: is missing: 1 known file is gone, and not taken for deleted", heals: true},
	{check: "missing", make: "tm -q add --missing-ok gone", want: "gone is on the watch list, and does not exist", heals: true},
	{check: "missing", make: "mkdir none; tm -q add 'none/*.md'", want: `note: entry .*none/\*\.md of the watch list selects nothing`, heals: true},
	{check: "schedule", make: ": >tab", want: "nothing is found that makes runs, of cron or systemd", heals: true},
	{check: "schedule", make: "sed -i s/config.dat/other.dat/ tab", want: "crontab runs something else", heals: true},
	{check: "schedule", make: `mkdir -p root/etc/cron.d; echo "* * * * * daemon $PROGRAM -c $DIR/config.dat" >root/etc/cron.d/timemachine; : >tab`, want: "timemachine makes runs as daemon, and destination .* belongs to uid"},
	{check: "schedule", make: `mkdir -p root/proc/1; printf 'State:\tS (sleeping)\nNSpid:\t1\n' >root/proc/1/status; echo init >root/proc/1/comm`, want: "crontab makes no runs: cron is not running"},
	{check: "program", make: "sed -i 's,[^ ]* -c,/gone/timemachine -c,' tab", want: "starts /gone/timemachine, which cannot be started"},
	{check: "program", make: "sed -i 's,[^ ]* -c,timemachine -c,' tab", want: `starts timemachine, which is in none of cron's folders`},
	{check: "program", make: `mkdir other; cp "$PROGRAM" other/timemachine; sed -i "s,[^ ]* -c,$DIR/other/timemachine -c," tab`, want: "note: .*another program than this one"},
	{check: "runs", make: "touch -d '1 hour ago' dest/.git/timemachine/ran*", want: "crontab should make a run every minute; the last one: .*60 min ago", heals: true},
	{check: "runs", make: "mv dest lost; mkdir dest; tm -q run; rmdir dest; mv lost dest", want: "the last run, .*, failed: .*not mounted", heals: true},
	{check: "files", make: "echo new >w/a; rm dest/files$DIR/w/a; mkdir -p dest/files$DIR/w/a/theirs; tm -q run; rmdir dest/files$DIR/w/a/theirs", want: "1 version could not be written", heals: true},
	{check: "environment", make: "mv w v; mv v w; sed -i 's,watch:.*,watch: [~/w],' config.dat", want: "entry ~/w means .*/w here, and .*/w under cron"},
	{check: "environment", make: `sed -i 's,watch:.*,watch: ["$DIR/w"],' config.dat`, want: "cron cannot use the configuration: .*DIR"},
	{check: "environment", as: "as-nobody", flags: "-c $DIR/.config/timemachine/config.dat", make: `mkdir -p .config/timemachine; mv config.dat .config/timemachine; echo "* * * * * $DIR/program/timemachine" >tab`, want: "crontab names no configuration: it finds /.*/.config/timemachine/config.dat, and not .*doctor"},
	{check: "schedule", as: "as-nobody", make: `: >tab; u=.config/systemd/user; mkdir -p $u/timers.target.wants; printf '[Timer]\nOnCalendar=minutely\n' >$u/tm.timer
		printf '[Service]\nExecStart=%s/program/timemachine -c %s/config.dat\n' $DIR $DIR >$u/tm.service; ln -s ../tm.timer $u/timers.target.wants`, want: "tm.timer makes no runs: it runs only while you are logged in"},
	{check: "clock", make: "touch -d 'now + 1 hour' dest/.git/timemachine/ran*", want: `the clock of this machine is wrong, or was: the last run ended .*in the future`, heals: false},
	{check: "clock", make: "mkdir -p root; touch root/unkept-clock", want: `note: no time server keeps the clock of this machine right`},
	{check: "settings", make: "git -C dest config core.autocrlf true", want: "git's setting core.autocrlf of the destination is not false", heals: true},
	{check: "push", make: "git -C dest remote add origin $DIR/none.git; echo 'push: origin' >>config.dat; tm -q run", want: "pushes to origin fail since"},
	{check: "push", make: "echo 'push: nowhere' >>config.dat", want: "has no remote nowhere"},
	{check: "push", flags: "--push", make: "git -C dest remote add origin ssh://127.0.0.1:1/none.git; echo 'push: origin' >>config.dat", want: "127.0.0.1"},
	{check: "push", flags: "--push", make: ":", want: "there is no remote to ask"},
	{check: "file-system", make: `test "$(stat -f -c %T /dev/shm)" = tmpfs; rm -rf /dev/shm/$(basename $DIR); cp -a dest /dev/shm/$(basename $DIR); sed -i "s,^destination.*,destination: /dev/shm/$(basename $DIR)," config.dat`, want: `\(tmpfs\) is in memory`},
	{check: "rereading", make: `for i in $(seq 30); do echo $i >w/$i; done; tm -q run; touch -d '1 minute ago' dest/.git/timemachine/ran*`, want: "note: a run reads [0-9]+ of 31 files again"},
	{check: "names", make: `echo x >w/aux.txt; git init -q --bare -b main r.git; git -C dest remote add origin $DIR/r.git; echo 'push: origin' >>config.dat; tm -q run`, want: "note: Windows or macOS refuse 1 name .*w/aux.txt"},
	{check: "names", make: `echo x >w/Notes.txt; echo x >w/notes.txt; git init -q --bare -b main r.git; git -C dest remote add origin $DIR/r.git; echo 'push: origin' >>config.dat; tm -q run`, want: "note: Windows and macOS take 1 name for the same as another, such as .*w/notes.txt beside .*w/Notes.txt"},
	{check: "names", make: `d=w/$(printf %0200d 1); mkdir -p $d; echo x >$d/file; git init -q --bare -b main r.git; git -C dest remote add origin $DIR/r.git; echo 'push: origin' >>config.dat; tm -q run`, want: "note: Windows refuses 1 path in a clone of the history, being too long"},
	{check: "large-files", make: `git init -q --bare -b main r.git; git -C dest remote add origin $DIR/r.git; echo 'push: origin' >>config.dat; truncate -s 101M w/large.img`, want: "note: .*w/large.img is over 100 MB large: GitHub", heals: true},
	{check: "exclusions", make: "git init -q w", want: "note: .*w/.git is left out by default", heals: true},
	{check: "ignore-lines", make: `printf 'ignore-lines: {"%s/w/a": [^x], "%s/w/A": [^x]}\n' $DIR $DIR >>config.dat`, want: "note: ignore-lines of .*/w/A .*config.dat:3. are of no recorded file"},
	{check: "log", as: "as-nobody", make: "chmod 000 timemachine.log", want: "log .* cannot be written", heals: true},
	{check: "log", make: "truncate -s 100M timemachine.log", want: "note: log .* take 100.0 MiB|note: log .* take 10[0-9]", heals: true},
}

// TestDoctor makes each state that a check finds. The check is silent before. What it says to type
// ends the state.
func TestDoctor(t *testing.T) {
	t.Parallel()
	for i, a := range ailments {
		t.Run(strconv.Itoa(i)+" "+a.check, func(t *testing.T) {
			t.Parallel()
			if a.as == "" {
				a.as = programName
			}
			p := newPatient(t, a.as)
			if f := p.findings(a.check, ""); len(f) > 0 {
				t.Errorf("found in a healthy one: %+v", f)
			}
			p.must("set +e; " + a.make + "; true")
			f := p.findings(a.check, a.flags)
			if len(f) != 1 {
				t.Fatalf("%d findings: %+v", len(f), f)
			}
			text := f[0].Message
			want, isNote := strings.CutPrefix(a.want, "note: ")
			if isNote == f[0].NeedsHand || !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("found: %s", text)
			}
			if f[0].Hint == "" || !regexp.MustCompile(a.says).MatchString(f[0].Hint) {
				t.Errorf("the remedy is %q for: %s", f[0].Hint, text)
			}
			if strings.HasPrefix(f[0].Hint, "move it ") && !strings.Contains(f[0].Hint, "config edit") {
				t.Errorf("runs go on where it was: %s", f[0].Hint)
			}
			if a.heals {
				command := f[0].Hint
				if i := strings.LastIndex(command, ": "); i >= 0 {
					command = command[i+2:]
				}
				p.must(command)
				if f := p.findings(a.check, a.flags); len(f) > 0 {
					t.Errorf("%s has not ended: %+v", command, f)
				}
			}
		})
	}
	t.Cleanup(func() {
		left, _ := filepath.Glob("/dev/shm/doctor[0-9]*")
		for _, dir := range left {
			os.RemoveAll(dir)
		}
	})
}

// TestDoctorOfTheHealthy prints one line, writes nothing, and every check has a test of its own.
func TestDoctorOfTheHealthy(t *testing.T) {
	t.Parallel()
	for _, as := range []string{programName, "as-nobody"} {
		p := newPatient(t, as)
		before := p.must("find . -printf '%p %i %s %T@ %C@\\n' | sort")
		if out := p.must("tm doctor"); out != "nothing needs a hand\n" {
			t.Errorf("%s: %s", as, out)
		}
		if out := p.must("tm -v doctor"); !strings.HasPrefix(out, "well: configuration, ") {
			t.Errorf("%s: %s", as, out)
		}
		if after := p.must("find . -printf '%p %i %s %T@ %C@\\n' | sort"); after != before {
			t.Errorf("%s: doctor wrote:\n%s\nbefore:\n%s", as, after, before)
		}
	}
	// those of the functions TestDoctorOf, and in package doctor
	tested := "space inodes growth watches noise readers git"
	for _, a := range ailments {
		tested += " " + a.check
	}
	for _, name := range doctor.Examine(&doctor.Patient{}).Checks {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(tested) {
			t.Errorf("no test makes the check %s find anything", name)
		}
	}
}

// TestDoctorAsksTheRemote only when it is told to, changes nothing there, and asks with the few
// variables that cron sets.
func TestDoctorAsksTheRemote(t *testing.T) {
	t.Parallel()
	p := newPatient(t, programName)
	p.must("git init -q --bare -b main r.git; git -C dest remote add origin $DIR/r.git; echo 'push: origin' >>config.dat; tm -q run")
	before := p.must("find r.git -printf '%p %i %s %T@\\n' | sort")
	if f := p.findings("push", "--push"); len(f) > 0 {
		t.Errorf("found: %+v", f)
	}
	if after := p.must("find r.git -printf '%p %i %s %T@\\n' | sort"); after != before {
		t.Errorf("changed:\n%s\nbefore:\n%s", after, before)
	}
	p.must("mv r.git away")
	if f := p.findings("push", ""); len(f) > 0 {
		t.Errorf("asked without being told to: %+v", f)
	}
	if f := p.findings("push", "--push"); len(f) != 1 || !f[0].NeedsHand || f[0].Hint == "" {
		t.Errorf("found: %+v", f)
	}
	p.must(`mv away r.git; printf '#!/bin/sh\nenv >%s/seen\nexit 1\n' $DIR >ssh; chmod 755 ssh; git -C dest remote set-url origin ssh://host/r.git; git -C dest config core.sshCommand $DIR/ssh; SSH_AUTH_SOCK=/agent CARGO=1 tm doctor --push || true`)
	if seen := p.must("cat seen"); strings.Contains(seen, "SSH_AUTH_SOCK") || strings.Contains(seen, "CARGO") || !strings.Contains(seen, "LOGNAME=") {
		t.Errorf("environment:\n%s", seen)
	}
}

// TestDoctorBeforeTheFirstRun finds nothing in what is made and not yet recorded.
func TestDoctorBeforeTheFirstRun(t *testing.T) {
	t.Parallel()
	p := newPatient(t, programName)
	if out := p.must("rm -rf dest .state; tm -q init; tm doctor"); out != "nothing needs a hand\n" {
		t.Error(out)
	}
	if out := p.must("rm -rf dest .state; tm doctor || true"); !strings.HasPrefix(out, "destination: destination "+p.dir+"/dest does not exist") {
		t.Error(out)
	}
}

// TestDoctorAfterSetup: a user who has typed setup alone lacks a schedule, and nothing else. The
// line that doctor gives makes one.
func TestDoctorAfterSetup(t *testing.T) {
	t.Parallel()
	p := newPatient(t, "as-nobody")
	p.must(": >tab; rm -rf config.dat dest .state; $AS -q setup w")
	out, err := p.shell("cd /; $AS doctor")
	if err == nil || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "schedule: nothing is found that makes runs") {
		t.Fatalf("%v: %s", err, out)
	}
	_, command, _ := strings.Cut(out, "schedule it with: ")
	p.must(command)
	p.must(`sed -i "s,${PROGRAM%/*}/as-nobody,$DIR/program/timemachine," tab`)
	if out := p.must("cd /; $AS doctor"); out != "nothing needs a hand\n" {
		t.Errorf("scheduled: %s", out)
	}
}

// TestDoctorTellsReaders how to read another user's history by git.
func TestDoctorTellsReaders(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can have another user's")
	}
	p := newPatient(t, "as-nobody")
	p.as = program()
	f := p.findings("readers", "-d dest -c readers.dat")
	if len(f) != 1 || f[0].NeedsHand || !strings.Contains(f[0].Message, "belongs to uid 65534, and git refuses it for you") {
		t.Fatalf("%+v", f)
	}
	_, command, _ := strings.Cut(f[0].Hint, ": ")
	if out := p.must(command); !strings.Contains(out, "Add ") {
		t.Errorf("%s: %s", command, out)
	}
}

// TestDoctorOfNoise finds a file that grows the destination, a day later.
func TestDoctorOfNoise(t *testing.T) {
	t.Parallel()
	p := newPatient(t, programName)
	p.must("head -c 20M /dev/zero >w/a; touch w/b; tm -q run")
	if f := p.at(time.Now(), "noise"); len(f) > 0 {
		t.Errorf("before a day has passed: %+v", f)
	}
	f := p.at(time.Now().Add(25*time.Hour), "noise")
	if len(f) != 1 || f[0].NeedsHand || !regexp.MustCompile(`w/a has 1 versions a day, which take about 3[0-9](\.[0-9])? MiB a day`).MatchString(f[0].Message) {
		t.Fatalf("%+v", f)
	}
	_, command, _ := strings.Cut(f[0].Hint, ": ")
	p.must(command)
	if out := p.must("tm why w/a"); !strings.Contains(out, "exclusion") {
		t.Errorf("%s: %s", command, out)
	}
}

// TestDoctorOfAWatch: a watch that was started by hand makes runs, and nothing starts it again. One
// that is stopped, as with Ctrl-Z, or makes no runs any more, is no running one.
func TestDoctorOfAWatch(t *testing.T) {
	t.Parallel()
	p := newPatient(t, programName)
	p.must(`: >tab; (exec "$AS" -c "$DIR/config.dat" -q watch --interval 1h >out 2>&1) & echo $! >pid
		i=0; until ls dest/.git/timemachine/watch-* 2>/dev/null || [ $i -gt 200 ]; do sleep 0.05; i=$((i+1)); done`)
	pid := strings.TrimSpace(p.must("cat pid"))
	t.Cleanup(func() { p.must("kill -KILL " + pid) })
	found := func(check, want string) (hint string) {
		t.Helper()
		f := p.findings(check, "")
		if want == "" && len(f) > 0 || want != "" && (len(f) != 1 || !f[0].NeedsHand || !strings.Contains(f[0].Message, want)) {
			t.Fatalf("not %q: %+v", want, f)
		} else if want != "" {
			_, hint, _ = strings.Cut(f[0].Hint, ": ")
		}
		return hint
	}
	found("runs", "")
	if hint := found("schedule", "a watch was started by hand, pid "+pid+"; when it has ended"); !strings.Contains(hint, "schedule install") {
		t.Errorf("the hint is %q", hint)
	}
	if out := p.must("tm schedule"); !regexp.MustCompile(`(?m)^watch        is running, pid ` + pid + `, since .*; nothing is found that starts it again$`).MatchString(out) {
		t.Error(out)
	}
	if out := p.must("tm schedule show --json"); !regexp.MustCompile(`"watches": \[\s*\{\s*"pid": ` + pid + `,\s*"since": "2`).MatchString(out) {
		t.Error(out)
	}
	p.must("kill -STOP " + pid)
	if out := p.must("tm status"); !strings.Contains(out, "watch is stopped by a signal, as with Ctrl-Z, pid "+pid) {
		t.Error(out)
	}
	p.must(found("runs", "the watch, pid "+pid+", is stopped by a signal"))
	found("runs", "")
	p.must("touch -d '5 hours ago' dest/.git/timemachine/ran*")
	found("runs", "the watch, pid "+pid+", makes no runs any more; the last one: ")
}
