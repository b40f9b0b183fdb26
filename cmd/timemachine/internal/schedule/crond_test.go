package schedule

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCronRuns: cron is a process of that name and executable, of root, alive, and of this machine.
func TestCronRuns(t *testing.T) {
	if _, known := cronRuns(t.TempDir()); known {
		t.Error("known without processes")
	}
	const ofRoot, ofUser = "Uid:\t0\t0\t0\t0\n", "Uid:\t1000\t1000\t1000\t1000\n"
	for name, c := range map[string]struct {
		comm, exe, status string
		want              bool
	}{
		"cron":                  {"cron", "/usr/sbin/cron", ofRoot, true},
		"crond":                 {"crond", "/usr/sbin/crond", ofRoot, true},
		"of busybox":            {"crond", "/bin/busybox", ofRoot, true},
		"upgraded":              {"cron", "/usr/sbin/cron (deleted)", ofRoot, true},
		"not to be seen":        {"cron", "", ofRoot, true},
		"a user's":              {"cron", "/usr/sbin/cron", ofUser, false},
		"started by a user":     {"cron", "", "Uid:\t1000\t0\t0\t0\n", false},
		"another program":       {"cron", "/usr/bin/sleep", ofRoot, false},
		"another program, gone": {"cron", "/usr/bin/sleep (deleted)", ofRoot, false},
		"another name":          {"sleep", "/usr/sbin/cron", ofRoot, false},
		"crontab":               {"crontab", "/usr/bin/crontab", ofRoot, false},
		"dead":                  {"cron", "", ofRoot + "State:\tZ (zombie)\n", false},
		"of a container":        {"cron", "/usr/sbin/cron", ofRoot + "NSpid:\t7\t1\n", false},
	} {
		proc := t.TempDir()
		for file, text := range map[string]string{"1/status": "NSpid:\t1\n", "7/comm": c.comm + "\n", "7/status": c.status} {
			file = filepath.Join(proc, file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if c.exe != "" {
			if err := os.Symlink(c.exe, filepath.Join(proc, "7/exe")); err != nil {
				t.Fatal(err)
			}
		}
		if got, known := cronRuns(proc); got != c.want || !known {
			t.Errorf("%s: %v, %v", name, got, known)
		}
	}
}

// TestUserCrontab: a user without a table has an empty one; where crontab fails nothing is known.
func TestUserCrontab(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		empty  bool
	}{
		"vixie":          {"echo 'no crontab for joe' >&2; exit 1", true},
		"busybox":        {`echo "crontab: can't open 'joe': No such file or directory" >&2; exit 1`, true},
		"no folder":      {`echo "crontab: can't change directory to '/var/spool/cron/crontabs': No such file or directory" >&2; exit 1`, false},
		"no program":     {"exec /nowhere/crontab -l", false},
		"no interpreter": {"", false},
		"refused":        {"echo 'you (joe) are not allowed to use this program' >&2; exit 1", false},
	} {
		program := filepath.Join(t.TempDir(), "crontab")
		text := "#!/bin/sh\n" + c.script + "\n"
		if c.script == "" {
			text = "#!/nowhere/sh\n"
		}
		if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		places := Places{Root: t.TempDir(), Crontab: program, Env: os.Environ()}
		_, err := places.userCrontab(context.Background())
		if (err == nil) != c.empty {
			t.Errorf("%s: %v", name, err)
		}
		if _, found := Find(context.Background(), places); (found == nil) != c.empty {
			t.Errorf("%s: Find: %v", name, found)
		}
	}
}

// TestCrontabThatNeverEnds: a program that hangs, with what it has started, and one that prints
// without end are ended. Their failure is told.
func TestCrontabThatNeverEnds(t *testing.T) {
	for name, script := range map[string]string{
		"hangs":              "exec sleep 60",
		"leaves one behind":  "sleep 60 & echo $! >$0.pid; wait",
		"prints without end": "exec cat /dev/zero",
		"says without end":   "exec cat /dev/zero >&2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "crontab")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			places := Places{Root: t.TempDir(), Crontab: program, Env: os.Environ()}
			out, said, err := places.command(context.Background(), 200*time.Millisecond, "", program, "-l")
			if err == nil || len(out) > mostOutput || len(said) > mostOutput {
				t.Errorf("%v, %d and %d bytes", err, len(out), len(said))
			}
			if b, err := os.ReadFile(program + ".pid"); err == nil {
				pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
				if err != nil {
					t.Fatal(err)
				}
				for range 1000 {
					stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
					if err = syscall.Kill(pid, 0); err != nil || bytes.Contains(stat, []byte(") Z ")) {
						err = os.ErrProcessDone
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				if err == nil {
					t.Error("what it has started is still there")
				}
			}
		})
	}
}
