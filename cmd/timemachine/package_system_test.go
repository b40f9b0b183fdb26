//go:build system && linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackage installs the package for Debian as a person does, sets it up, upgrades, removes and
// purges it. The history and, until the purge, the configuration stay. The same commit gives the
// same bytes.
func TestPackage(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	const config, history = "/etc/timemachine/config.dat", "/var/backups/timemachine"
	for _, path := range []string{"/usr/bin/timemachine", "/etc/timemachine", history, "/etc/cron.d/timemachine"} {
		if exists(path) {
			t.Fatalf("%s is in the way: this machine has timemachine", path)
		}
	}
	t.Cleanup(func() {
		exec.Command("dpkg", "--purge", "timemachine").Run()
		os.RemoveAll(history)
		os.RemoveAll("/etc/timemachine")
	})
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	build := func(version string) (packages []string) {
		out := t.TempDir()
		cmd := exec.Command("go", "run", ".", "-source", top, "-o", out, "-version", version, "-only", "linux/amd64")
		cmd.Dir = filepath.Join(top, "cmd/dist")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		if said, err := exec.Command("sh", "-c", "cd "+out+" && sha256sum -c --strict SHA256SUMS && ls").CombinedOutput(); err != nil || bytes.Count(said, []byte(": OK")) != 3 {
			t.Fatalf("%v\n%s", err, said)
		}
		return []string{filepath.Join(out, "timemachine_"+version+"-1_amd64.deb"), filepath.Join(out, "timemachine-"+version+"-1.x86_64.rpm"),
			filepath.Join(out, "timemachine-"+version+"-linux-amd64.tar.gz")}
	}
	first, again, second := build("0.9.1"), build("0.9.1"), build("0.9.2")
	for i := range first {
		a, aerr := os.ReadFile(first[i])
		b, berr := os.ReadFile(again[i])
		if aerr != nil || berr != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is not built the same twice: %v, %v", filepath.Base(first[i]), aerr, berr)
		}
	}
	do := func(command string, args ...any) string {
		t.Helper()
		cmd := exec.Command("sh", "-ec", fmt.Sprintf(command, args...))
		cmd.Env = append(secure, "HOME=/root", "DEBIAN_FRONTEND=noninteractive")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd.Args, err, out)
		}
		return string(out)
	}
	has := func(what, text, want string) {
		t.Helper()
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q in\n%s", what, want, text)
		}
	}
	watched := t.TempDir()
	do("echo 1 >%s/f", watched)

	do("apt-get install -y -q %s", first[0])
	has("version", do("timemachine version"), "timemachine 0.9.1")
	has("the folder of the configuration", do("stat -c '%%a %%U' /etc/timemachine"), "700 root")
	do("test ! -e %s && test ! -e %s", config, history)
	do("for unit in /usr/lib/systemd/system/timemachine*; do test -e /etc/systemd/system/*.wants/${unit##*/} && exit 1; done; true")
	if _, err := exec.LookPath("systemd-analyze"); err == nil {
		if out := do("systemd-analyze verify /usr/lib/systemd/system/timemachine.service /usr/lib/systemd/system/timemachine.timer /usr/lib/systemd/system/timemachine-watch.service 2>&1 || true"); strings.Contains(out, "timemachine") {
			t.Errorf("systemd-analyze: %s", out)
		}
	}
	has("the manual", do("zcat /usr/share/man/man1/timemachine.1.gz"), ".TH")
	do("timemachine setup %s && timemachine schedule install --cron", watched)
	has("what cron does", do("cat /etc/cron.d/timemachine"), "/usr/bin/timemachine")
	do("echo 2 >%s/f && timemachine && cp %s %s/config.before", watched, config, watched)

	// another configuration, a line that somebody has written, and a user's own unit
	do("cp %s %s/other.dat && timemachine -c %s/other.dat -d %s/dest init && timemachine -c %s/other.dat -d %s/dest schedule install --cron", config, watched, watched, watched, watched, watched)
	do("echo '0 4 * * * root /usr/bin/timemachine run' >/etc/cron.d/by-hand")
	t.Cleanup(func() { os.Remove("/etc/cron.d/by-hand") })
	do("apt-get install -y -q %s", second[0])
	do("ls /etc/cron.d/timemachine-*")
	has("version", do("timemachine version"), "timemachine 0.9.2")
	do("cmp %s %s/config.before && test -e /etc/cron.d/timemachine", config, watched)
	has("log", do("timemachine log %s/f", watched), "modified")

	removal := do("apt-get remove -y -q timemachine 2>&1")
	has("what still starts it", strings.ReplaceAll(removal, "\r", ""), "these still start /usr/bin/timemachine, and will fail:\n  /etc/cron.d/by-hand\n")
	do("! ls /etc/cron.d/timemachine-* 2>/dev/null")
	do("test ! -e /usr/bin/timemachine && test ! -e /etc/cron.d/timemachine && test -s %s", config)
	commits := do("git -C %s -c safe.directory='*' rev-list --count main", history)
	do("apt-get purge -y -q timemachine")
	do("test ! -e %s && test ! -e /etc/timemachine", config)
	if left := do("git -C %s -c safe.directory='*' rev-list --count main && git -C %s -c safe.directory='*' fsck --strict", history, history); !strings.HasPrefix(left, commits) {
		t.Errorf("the history had %s commits, and has after a purge %s", commits, left)
	}
}
