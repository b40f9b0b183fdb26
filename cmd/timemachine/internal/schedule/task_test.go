package schedule

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// oddPaths are names that cron, a shell or systemd read as something else where they are not
// quoted.
var oddPaths = []string{"/plain", "/with space", "/it's", `/say "x"`, "/100%", "/%h", "/a%%b", "/$HOME", "/$$x", "/${A}", "/`id`", "/#c", "/a # b", "/a;b&c|d", "/*?[x]", "/~", "/é", "/!x", "/=", "/-n", "/'", `/'%'`, "/a  b ", "/# timemachine schedule"}

// TestLinesAreRead: status reads from a line what install has written, and a shell starts the
// program with that.
func TestLinesAreRead(t *testing.T) {
	dir := t.TempDir()
	for _, odd := range oddPaths {
		program := filepath.Join(dir, odd, "tm")
		if err := os.MkdirAll(filepath.Dir(program), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$STATE\" \"$@\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		task := Task{Name: "timemachine-1", Program: program, Config: odd, Destination: "/d" + odd, Env: []string{"STATE=" + odd}, Every: 5 * time.Minute}
		state := odd
		if strings.Contains(odd, "=") { // which env takes for a variable
			task.Env, state = nil, ""
		}
		for _, own := range []bool{true, false} {
			line, err := task.line(own)
			if err != nil {
				t.Errorf("%q: %v", odd, err)
				continue
			}
			jobs := crontab(line+"\n", "x", !own)
			want := Command{Program: program, Config: filepath.Clean(odd), Destination: filepath.Clean("/d" + odd)}
			if len(jobs) != 1 || jobs[0].Command != want || jobs[0].Name != task.Name || jobs[0].Spacing() != task.Every {
				t.Errorf("%s\nis read as %+v", line, jobs)
			}
			if strings.Contains(strings.ReplaceAll(line, `\%`, ""), "%") {
				t.Errorf("cron ends the command at a bare percent sign: %s", line)
			}
			_, command, _ := strings.Cut(line, "* * * * ")
			command = cronCommand(strings.TrimPrefix(command, "root "))
			out, err := exec.Command("sh", "-c", command).Output()
			if want := strings.Join([]string{state, "-c", odd, "-d", "/d" + odd}, "\n") + "\n"; err != nil || string(out) != want {
				t.Errorf("%s\nstarts it with %q: %v", line, out, err)
			}
		}
	}
}

// TestUnitsAreRead: status reads from a unit what install has written.
func TestUnitsAreRead(t *testing.T) {
	dir := t.TempDir()
	for _, odd := range append(oddPaths, `/back\slash`) {
		for _, kind := range []Kind{Timer, Watch} {
			task := Task{Name: "timemachine-1", Program: "/opt/time machine/tm", Config: odd, Destination: "/d" + odd, Env: []string{"STATE=" + odd}, Every: 2 * time.Hour}
			files, err := task.units(kind, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(dir, files[0].name)
			j, ok := unitJob(file, []string{dir})
			if !ok || j.Unclear || j.Config != filepath.Clean(odd) || j.Destination != filepath.Clean("/d"+odd) || j.Name != task.Name || j.Spacing() != task.Every || j.Kind != kind {
				t.Errorf("%s\n%sis read as %+v %v", odd, files[len(files)-1].text, j, ok)
			}
			if env := readUnit(filepath.Join(dir, files[len(files)-1].name)).environment()["STATE"]; env != odd {
				t.Errorf("%q: the environment is %q", odd, env)
			}
		}
	}
}

// TestRefusedPaths: what cron or systemd cannot be given is refused.
func TestRefusedPaths(t *testing.T) {
	good := Task{Name: "timemachine", Program: "/bin/tm", Config: "/c", Every: time.Minute}
	for _, c := range []struct {
		kind Kind
		with func(*Task)
	}{
		{Cron, func(t *Task) { t.Config = "/a\nb" }},
		{Cron, func(t *Task) { t.Config = `/a\b` }},
		{Cron, func(t *Task) { t.Destination = "/a\x1b[31m" }},
		{Cron, func(t *Task) { t.Env = []string{"X=\xff"} }},
		{Cron, func(t *Task) { t.Config = "/" + strings.Repeat("a", 980) }},
		{Cron, func(t *Task) { t.Program, t.Env = "/a=b", []string{"X=y"} }},
		{Timer, func(t *Task) { t.Config = "/a\nExecStart=/b" }},
		{Timer, func(t *Task) { t.Program = "/a$b" }},
		{Timer, func(t *Task) { t.Program = "/a\u202eb" }},
		{Watch, func(t *Task) { t.Destination = "/\xff" }},
	} {
		task := good
		c.with(&task)
		var err error
		if c.kind == Cron {
			_, err = task.line(true)
		} else {
			_, err = task.units(c.kind, true)
		}
		if err == nil {
			t.Errorf("%s takes %+v", c.kind, task)
		}
	}
}

// TestSpacing: each time between runs is said to cron and to systemd, and read again.
func TestSpacing(t *testing.T) {
	for _, d := range everyWanted {
		job := Job{When: cronWords([5]string(strings.Fields(cronFields(d))))}
		if job.Spacing() != d {
			t.Errorf("%v is %s to cron, read as %s", d, cronFields(d), job.When)
		}
		timer := Job{When: timerWords(unit{"OnCalendar": {calendar(d)}})}
		if timer.Spacing() != d {
			t.Errorf("%v is %s to systemd, read as %s", d, calendar(d), timer.When)
		}
	}
	for _, d := range []time.Duration{0, -time.Minute, time.Second, 90 * time.Second, 7 * time.Minute, 5 * time.Hour, 25 * time.Hour} {
		if CanRunEvery(d) {
			t.Errorf("%v", d)
		}
	}
}

// TestSetLine puts a line into crontabs of every form. What is not ours stays to the byte.
func TestSetLine(t *testing.T) {
	const ours, line = "* * * * * tm # timemachine schedule", "0 * * * * new # timemachine schedule"
	former := []string{"* * * * * former"}
	for _, c := range []struct{ text, with, without string }{
		{"", line + "\n", ""},
		{"a\n", "a\n" + line + "\n", "a\n"},
		{"a", "a\n" + line + "\n", "a"},
		{"\n\n", "\n\n" + line + "\n", "\n\n"},
		{"a\r\n" + ours + "\r\nb\n", "a\r\n" + line + "\nb\n", "a\r\nb\n"},
		{ours + "\n" + ours + "\nb", line + "\nb", "b"},
		{"  " + ours + " \n", line + "\n", ""},
		{"#" + ours + "\n", "#" + ours + "\n" + line + "\n", "#" + ours + "\n"},
		{"* * * * * former\n", line + "\n", ""},
		{"* * * * * formerly\n", "* * * * * formerly\n" + line + "\n", "* * * * * formerly\n"},
		{"* * * * * x # timemachine-2 schedule\n", "* * * * * x # timemachine-2 schedule\n" + line + "\n", "* * * * * x # timemachine-2 schedule\n"},
		{"a\x00\xff\n", "a\x00\xff\n" + line + "\n", "a\x00\xff\n"},
	} {
		if got := setLine(c.text, line, "timemachine", former); got != c.with {
			t.Errorf("%q with a line is %q", c.text, got)
		}
		if got := setLine(c.text, "", "timemachine", former); got != c.without {
			t.Errorf("%q without a line is %q", c.text, got)
		}
		if again := setLine(c.with, line, "timemachine", former); again != c.with {
			t.Errorf("%q is changed once more: %q", c.with, again)
		}
	}
}
