package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// readmeSection returns the text below a heading of the README, up to the next one of that rank.
func readmeSection(t *testing.T, title string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if title == "" { // what comes before the first
		section, _, _ := strings.Cut(string(b), "\n## ")
		return section
	}
	_, section, ok := strings.Cut(string(b), "\n## "+title+"\n")
	if !ok {
		t.Fatalf("README.md has no section %s", title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// readmeCode returns the lines of code in a section.
func readmeCode(t *testing.T, title string) (lines []string) {
	t.Helper()
	for line := range strings.Lines(readmeSection(t, title)) {
		if code, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "    "); ok {
			lines = append(lines, code)
		}
	}
	return lines
}

// readmeShell runs a script of a test of the README in a folder. The configuration and destination
// of setup are in it.
func readmeShell(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TIMEMACHINE_CONFIG="+dir+"/config.dat", "TIMEMACHINE_DESTINATION="+dir+"/dest", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v %s", script, err, out)
	}
	return string(out)
}

// TestReadmeTranscript types the commands at the top of the README. What it shows of the
// differences and of the restore is printed, but for times and commits; of log, the events are.
func TestReadmeTranscript(t *testing.T) {
	dir := t.TempDir()
	readmeShell(t, dir, `mkdir notes dest; printf 'milk\ncall the bank before noon\n' >notes/todo.txt; timemachine -q add notes
echo 'a present for Ada' >>notes/todo.txt; timemachine -q`)
	changing := regexp.MustCompile(`\b[0-9a-f]{10}\b|\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d`)
	same := func(line string) string {
		return changing.ReplaceAllString(strings.ReplaceAll(line, dir, "/home/ada"), "…")
	}
	event := regexp.MustCompile(` (added|modified|restored) `)
	commands, printed := 0, ""
	for _, line := range readmeCode(t, "") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			commands++
			printed = readmeShell(t, dir, command)
			if strings.HasPrefix(command, "echo ") {
				readmeShell(t, dir, "timemachine -q") // cron's
			}
			continue
		case event.MatchString(line):
			line = event.FindString(line)
		}
		_, rest, ok := strings.Cut("\n"+same(printed), same(line))
		if !ok {
			t.Errorf("README shows %q, and this is printed: %s", line, printed)
		}
		printed = rest
	}
	if commands != 4 {
		t.Errorf("%d commands", commands)
	}
	if got := readmeShell(t, dir, "cat notes/todo.txt"); !strings.HasSuffix(got, "a present for Ada\n") {
		t.Errorf("restored: %s", got)
	}
}

// TestReadmeSecret takes a secret out of a history as README says: no object, copy or file of the
// destination holds it any more, and the rest is whole.
func TestReadmeSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	readmeShell(t, dir, `mkdir -p etc/app; echo hunter2 >etc/app/token; echo port 80 >etc/app/app.conf; timemachine -q add etc
echo hunter3 >etc/app/token; echo port 81 >etc/app/app.conf; timemachine -q
git init -q --bare -b main r.git; git -C dest remote add origin "$PWD/r.git"; timemachine -q push`)
	_, answer, ok := strings.Cut(readmeSection(t, "Questions"), "**How do I remove a secret?**")
	answer, _, more := strings.Cut(answer, "\n**")
	if !ok || !more {
		t.Fatal("README does not say how to remove a secret")
	}
	clone, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(answer) {
		if command, isCode := strings.CutPrefix(line, "    "); isCode {
			commands++
			readmeShell(t, dir, strings.NewReplacer("sudo ", "", "/var/backups/timemachine", dir+"/dest", "/etc", dir+"/etc", "docs/push", clone+"/docs/push").Replace(command))
		}
	}
	left := readmeShell(t, dir, `cd dest; git cat-file --batch-all-objects --batch --unordered | grep -ac hunter || true; grep -arl hunter . || true
git cat-file --batch-all-objects --batch --unordered | grep -ac 'port 8[01]'`)
	if commands != 3 || strings.TrimSpace(left) != "0\n2" {
		t.Errorf("%d commands leave %q", commands, left)
	}
	readmeShell(t, dir, "timemachine; timemachine verify")
	repotest.MustCheck(t, filepath.Join(dir, "dest"))
}

// TestReadmeCommands: every command of the README that starts timemachine is one, with its flags.
func TestReadmeCommands(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, m := range regexp.MustCompile(`(?m)^    (?:\$ )?((?:sudo )?timemachine(?: .*)?)$`).FindAllStringSubmatch(string(b), -1) {
		tried++
		if err := parseExample("  " + m[1]); err != nil {
			t.Errorf("%q: %v", m[1], err)
		}
	}
	if tried < 35 {
		t.Errorf("%d commands", tried)
	}
}

// TestPushingIsWarnedOf: what a remote gets stands beside what the pages say of pushing.
func TestPushingIsWarnedOf(t *testing.T) {
	const warning = "password hashes and keys"
	for _, title := range []string{"Set up", "Off the machine", "After the loss of the machine", "Questions"} {
		if !strings.Contains(readmeSection(t, title), warning) {
			t.Errorf("README's section %s does not warn", title)
		}
	}
	for _, page := range []string{"push.md", "fleet.md", "configuration.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
		if err != nil || !strings.Contains(string(b), warning) {
			t.Errorf("docs/%s does not warn: %v", page, err)
		}
	}
	for _, help := range []string{pushHelp, setupHelp} {
		if !strings.Contains(strings.Join(strings.Fields(help), " "), warning) {
			t.Errorf("no warning in: %s", help)
		}
	}
}

// TestReadmeDrill runs what README says for the loss of a machine, with other paths: the history
// comes back from a remote, files come back from the history, and the next run goes on.
func TestReadmeDrill(t *testing.T) {
	lines := readmeCode(t, "After the loss of the machine")
	if len(lines) < 6 {
		t.Fatalf("README has no drill: %q", lines)
	}
	dir := t.TempDir()
	sh := func(script string) string {
		t.Helper()
		script = strings.NewReplacer("sudo ", "", "ssh://git@backup/srv/fleet.git", dir+"/fleet.git", "/var/backups/timemachine", dir+"/dest", "/etc", dir+"/etc", "/root/before", dir+"/before").Replace(script)
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+dir+"/state")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", script, err, out)
		}
		return string(out)
	}
	sh(`git init -q --bare fleet.git; mkdir -p /etc/nginx /etc/timemachine
echo "server one" >/etc/nginx/nginx.conf; echo 127.0.0.1 >/etc/hosts
timemachine -cl /etc/timemachine -d old add /etc
echo "server two" >/etc/nginx/nginx.conf
timemachine -cl /etc/timemachine -d old
git -C old push -q ../fleet.git main:hosts/web1
rm -r /etc old; mkdir -p /etc/nginx; echo "the package's" >/etc/nginx/nginx.conf; echo new >/etc/hosts`)
	for _, line := range lines {
		out := sh(line)
		if strings.Contains(line, " log ") && strings.Count(out, "nginx.conf") != 2 {
			t.Errorf("%s: %s", line, out)
		}
	}
	if got := sh("cat /etc/nginx/nginx.conf"); got != "server two\n" {
		t.Errorf("nginx.conf is %q", got)
	}
	if got := sh("cat /root/before/etc/hosts"); got != "127.0.0.1\n" {
		t.Errorf("hosts is %q", got)
	}
	if got := sh("git -C /var/backups/timemachine log --format=%s -- files/etc/hosts"); !strings.HasPrefix(got, "Modify ") {
		t.Errorf("the last run has not gone on: %s", got)
	}
	sh("git -C /var/backups/timemachine push -q")
	repotest.MustCheck(t, filepath.Join(dir, "dest"))
}
