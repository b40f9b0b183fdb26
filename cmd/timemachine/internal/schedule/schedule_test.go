package schedule

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestParse tells runs of timemachine from other commands, and which configuration they run.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Command
		ok   bool
	}{
		{"timemachine", Command{}, true},
		{"/usr/local/bin/timemachine -c /etc/tm/a.dat", Command{Config: "/etc/tm/a.dat"}, true},
		{"timemachine -cl '/etc/t m' -d \"/d/\" run -q >/dev/null 2>&1", Command{Config: "/etc/t m/config.dat", Destination: "/d"}, true},
		{"timemachine -cl=/x -c b --destination=/d", Command{Config: "/x/b", Destination: "/d"}, true},
		{"[ -x /usr/bin/timemachine ] && exec nice -n 10 timemachine -d /d", Command{Destination: "/d"}, true},
		{"flock -n /run/timemachine timemachine -d /d", Command{Destination: "/d"}, true},
		{"timeout 60 timemachine -d /d", Command{Destination: "/d"}, true},
		{"TIMEMACHINE_CONFIG=/c/x sudo -u joe timemachine", Command{Config: "/c/x"}, true},
		{"env TIMEMACHINE_DESTINATION=/d timemachine", Command{Destination: "/d"}, true},
		{"cd /srv && timemachine", Command{Unclear: true}, true},
		{"timemachine -d $HOME/d", Command{Destination: "$HOME/d", Unclear: true}, true},
		{"timemachine verify", Command{}, false},
		{"timemachine -d /d push", Command{}, false},
		{"du -s /var/backups/timemachine", Command{}, false},
		{"rsync -a /etc/timemachine host:", Command{}, false},
		{"timemachine watch --interval 5m -d /d", Command{Destination: "/d", Watch: true, Interval: "5m"}, true},
		{"timemachine watch --settle=1s # --interval 2m", Command{Watch: true}, true},
		{"timemachine -d '/a $b*'", Command{Destination: "/a $b*"}, true},
		{"timemachine -d \"/a $b\"", Command{Destination: "/a $b", Unclear: true}, true},
		{"timemachine -d /a#b # timemachine schedule", Command{Destination: "/a#b"}, true},
		{"timemachine watch watch", Command{}, false},
		{"/opt/tm -d /d", Command{}, false},
		{"echo timemachine", Command{}, false},
		{"echo 'no end", Command{}, false},
		{"", Command{}, false},
	} {
		got, ok := parse(commands(c.text), nil, false)
		if got.Program = ""; ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %+v %v", c.text, got, ok)
		}
	}
}

// TestFind reads a crontab of many users, a folder of such files, and systemd's units.
func TestFind(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/crontab":                                             "SHELL=/bin/sh\n# 1 2 * * * root timemachine\n17 * * * * root timemachine -d /hourly\n0 5 * * 1-5 root timemachine -d /days\n",
		"etc/cron.d/timemachine":                                  "TIMEMACHINE_CONFIG=\"/c/d\"\n*/5 * * * * anna timemachine -d '/a\\%b'\n",
		"etc/cron.d/old.bak":                                      "* * * * * root timemachine\n",
		"etc/cron.d/broken":                                       "* * * root timemachine\n@reboot root timemachine -d /boot\n",
		"etc/systemd/system/tm.timer":                             "[Timer]\nOnCalendar=minutely\n",
		"etc/systemd/system/timers.target.wants/tm.timer":         "",
		"etc/systemd/system/tm.service":                           "[Service]\nUser=joe\nEnvironment=\"TIMEMACHINE_DESTINATION=/t d\"\nExecStart=-/usr/bin/timemachine -q\n",
		"etc/systemd/system/live.service":                         "[Service]\nExecStart=\"/opt/time machine\" watch\nExecStart=\nExecStart=/usr/bin/timemachine -c \"/c %%d/$$x\" watch --interval 2m\n",
		"etc/systemd/system/multi-user.target.wants/live.service": "",
		"etc/systemd/system/off.target.wants/other.service":       "",
		"home/.config/systemd/user/my.timer":                      "[Timer]\nOnCalendar=*:0/5\n",
		"home/.config/systemd/user/my.service":                    "[Service]\nExecStart=timemachine -d %h/d\n",
		"home/.config/systemd/user/t.target.wants/my.timer":       "",
		"lib/systemd/system/off.timer":                            "[Timer]\nOnCalendar=daily\n",
		"lib/systemd/system/off.service":                          "[Service]\nExecStart=timemachine\n",
		"lib/systemd/system/other.timer":                          "[Timer]\nOnCalendar=daily\n",
		"lib/systemd/system/other.service":                        "[Service]\nExecStart=fstrim\n",
		"etc/systemd/system/timers.target.wants/off.timer":        "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(root, "etc/systemd/system/timers.target.wants/off.timer")); err != nil {
		t.Fatal(err)
	}
	got, err := Find(context.Background(), Places{Root: root, Home: filepath.Join(root, "home")})
	if err != nil {
		t.Fatal(err)
	}
	want := []Job{
		{Where: "etc/crontab", When: "every hour", User: "root", Kind: Cron, Command: Command{Destination: "/hourly"}},
		{Where: "etc/crontab", When: "0 5 * * 1-5", User: "root", Kind: Cron, Command: Command{Destination: "/days"}},
		{Where: "etc/cron.d/broken", When: "@reboot", User: "root", Kind: Cron, Command: Command{Destination: "/boot"}},
		{Where: "etc/cron.d/timemachine", When: "every 5 minutes", User: "anna", Kind: Cron, Command: Command{Config: "/c/d", Destination: "/a%b"}},
		{Where: "etc/systemd/system/tm.timer", When: "every minute", User: "joe", Kind: Timer, Command: Command{Destination: "/t d"}},
		{Where: "etc/systemd/system/live.service", When: watchWords, User: "root", Kind: Watch, Command: Command{Config: "/c %d/$x", Watch: true, Interval: "2m"}},
		{Where: "home/.config/systemd/user/my.timer", When: "every 5 minutes", Kind: Timer, Command: Command{Destination: "%h/d", Unclear: true}},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, j := range want {
		j.Where, got[i].Line = filepath.Join(root, j.Where), ""
		if filepath.Base(got[i].Program) != programName {
			t.Errorf("the program is %s", got[i].Program)
		}
		got[i].Program = ""
		if got[i] != j {
			t.Errorf("got  %+v\nwant %+v", got[i], j)
		}
	}
}
