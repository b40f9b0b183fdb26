package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goreleaser/nfpm/v2"
)

// TestScripts runs the scripts as dpkg and rpm do: what starts the program goes when the package is
// removed, and stays when it is upgraded.
func TestScripts(t *testing.T) {
	for _, c := range []struct {
		format, step, argument string
		unschedules            bool
	}{
		{"deb", "prerm", "remove", true},
		{"deb", "prerm", "upgrade", false},
		{"deb", "prerm", "deconfigure", false},
		{"deb", "prerm", "failed-upgrade", false},
		{"rpm", "prerm", "0", true},
		{"rpm", "prerm", "1", false},
		{"rpm", "postrm", "0", false},
		{"deb", "postrm", "purge", false},
		{"deb", "postinst", "configure", false},
		{"rpm", "postinst", "2", false},
	} {
		dir := t.TempDir()
		r := &release{work: dir}
		var info nfpm.Info
		if err := r.addScripts(&info, c.format); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(map[string]string{"prerm": info.Scripts.PreRemove, "postrm": info.Scripts.PostRemove, "postinst": info.Scripts.PostInstall}[c.step])
		if err != nil {
			t.Fatal(err)
		}
		// The same below a folder, with programs that say how they were called.
		bin, cron := filepath.Join(dir, "usr/bin"), filepath.Join(dir, "etc/cron.d")
		for _, folder := range []string{bin, cron, filepath.Join(dir, "run/systemd/system")} {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for file, content := range map[string]string{
			filepath.Join(bin, "timemachine"): "#!/bin/sh\necho \"timemachine $*\" >>" + dir + "/called\nexit 1\n",
			filepath.Join(bin, "systemctl"):   "#!/bin/sh\necho \"systemctl $*\" >>" + dir + "/called\nexit 1\n",
			filepath.Join(cron, "left"):       "# /usr/bin/timemachine\n* * * * * root " + bin + "/timemachine\n",
			filepath.Join(cron, "comment"):    "# * * * * * root " + bin + "/timemachine\n",
			filepath.Join(cron, "other"):      "* * * * * root " + bin + "/timemachine-lapse\n",
		} {
			if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		script := string(text)
		for _, top := range []string{"/usr/", "/etc/", "/var/", "/run/", "/home/", "/root/"} {
			script = strings.ReplaceAll(script, top, dir+top)
		}
		cmd := exec.Command("sh", "-c", script, "script", c.argument)
		cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%+v: %v: %s", c, err, out)
		}
		called, _ := os.ReadFile(filepath.Join(dir, "called"))
		for _, want := range []string{"timemachine schedule remove\n", "timemachine schedule remove --all\n", "systemctl disable --now timemachine.timer timemachine-watch.service\n"} {
			if strings.Contains(string(called), want) != c.unschedules {
				t.Errorf("%+v calls: %s", c, called)
			}
		}
		names := strings.Contains(string(out), "these still start "+bin+"/timemachine, and will fail:\n  "+cron+"/left\n")
		if names != c.unschedules || strings.Contains(string(out), "comment") || strings.Contains(string(out), "other") {
			t.Errorf("%+v says: %s", c, out)
		}
	}
}
