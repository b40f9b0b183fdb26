package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goreleaser/nfpm/v2"
)

// TestRemovedWithSchedules: the scripts of a package that is removed take away the schedules of all
// of root's configurations, and name the crontabs of users. An upgrade takes away none.
func TestRemovedWithSchedules(t *testing.T) {
	for format, words := range map[string][2]string{"deb": {"remove", "upgrade"}, "rpm": {"0", "1"}} {
		t.Run(format, func(t *testing.T) {
			root := t.TempDir()
			write := func(name, text string) {
				t.Helper()
				file := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			program := filepath.Join(root, "usr/bin/timemachine")
			write("usr/bin/timemachine", "#!/bin/sh\necho \"$*\" >>"+root+"/calls\n")
			write("usr/bin/systemctl", "#!/bin/sh\n")
			write("etc/cron.d/timemachine-1a2b3c4d", "# mine\n* * * * * root "+program+" -c /srv/a/config.dat # timemachine-1a2b3c4d schedule\n* * * * * root "+program+" -c /not/made\n")
			write("etc/cron.d/timemachine-1a2b3c4e", "* * * * * root XDG_STATE_HOME=/s "+program+" -c /srv/b-1/config.dat -d /x # timemachine-1a2b3c4e schedule\n")
			write("etc/systemd/system/timemachine-2.service", "[Service]\nExecStart="+program+" -c /srv/c/config.dat\n")
			write("etc/systemd/system/timemachine-3-watch.service", "[Service]\nExecStart="+program+" -c /srv/d_2/config.dat watch --interval 1m\n")
			write("etc/systemd/system/timemachine-4-watch.service", "[Service]\nExecStart=/usr/local/bin/timemachine -c /srv/e/config.dat watch\n")
			write("var/spool/cron/crontabs/ada", "* * * * * "+program+" -c /home/ada/config.dat # timemachine schedule\n")
			write("var/spool/cron/crontabs/eve", "* * * * * "+program+" -c /home/eve/c # timemachine-5d6e7f80 schedule\n")
			write("var/spool/cron/crontabs/bob", "* * * * * true\n")
			r := release{work: root}
			info := nfpm.Info{}
			if err := r.addScripts(&info, format); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(info.Scripts.PreRemove)
			if err != nil {
				t.Fatal(err)
			}
			there := string(text)
			for _, folder := range []string{"/usr/bin/timemachine", "/etc/", "/var/spool/"} {
				there = strings.ReplaceAll(there, folder, root+folder)
			}
			run := func(what string) (out, calls string) {
				t.Helper()
				cmd := exec.Command("sh", "-c", there, "prerm", what)
				cmd.Env = append(os.Environ(), "PATH="+filepath.Join(root, "usr/bin")+":"+os.Getenv("PATH"))
				b, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v: %s", what, err, b)
				}
				c, _ := os.ReadFile(filepath.Join(root, "calls"))
				return string(b), string(c)
			}
			if out, calls := run(words[1]); out != "" || calls != "" {
				t.Errorf("an upgrade prints %q and calls %q", out, calls)
			}
			out, calls := run(words[0])
			want := "schedule remove\n"
			for _, c := range []string{"a", "b-1", "c", "d_2"} {
				want += "-c /srv/" + c + "/config.dat schedule remove\n"
			}
			if calls != want {
				t.Errorf("a removal calls\n%snot\n%s", calls, want)
			}
			if !strings.Contains(out, "crontab of ada ") || !strings.Contains(out, "crontab of eve ") || strings.Contains(out, "bob") {
				t.Errorf("a removal prints %q", out)
			}
		})
	}
}
