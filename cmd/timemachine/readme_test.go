package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// TestReadmeDrill runs what README says for the loss of a machine, with other paths: the history
// comes back from a remote, files come back from the history, and the next run goes on.
func TestReadmeDrill(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(b), "## After the loss of the machine\n")
	section, _, more := strings.Cut(section, "\n## ")
	var lines []string
	for line := range strings.Lines(section) {
		if command, isCommand := strings.CutPrefix(line, "    "); isCommand {
			lines = append(lines, command)
		}
	}
	if !ok || !more || len(lines) < 6 {
		t.Fatalf("README has no drill: %q", lines)
	}
	dir := t.TempDir()
	sh := func(script string) string {
		t.Helper()
		script = strings.NewReplacer("sudo ", "", "ssh://git@backup/srv/fleet.git", dir+"/fleet.git", "/var/backups/timemachine", dir+"/dest", "/etc", dir+"/etc", "/root/before", dir+"/before").Replace(script)
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = dir
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
