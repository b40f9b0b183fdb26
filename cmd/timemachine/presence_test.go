package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"timemachine/repo/durable"
)

// TestPresence finds the watches that run, and none that has ended, or whose process is another
// one by now.
func TestPresence(t *testing.T) {
	state, err := durable.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	since := time.Date(2026, 11, 30, 2, 40, 0, 0, time.UTC)
	running := func(want ...string) {
		t.Helper()
		list := runningWatches(state)
		if len(list) != len(want) {
			t.Fatalf("running: %+v, want %q", list, want)
		}
		for i, p := range list {
			if p.Config != want[i] || !p.Since.Equal(since) || p.Interval != time.Minute {
				t.Errorf("running: %+v, want %s", p, want[i])
			}
		}
	}
	running()
	own := newPresence("/etc/timemachine/config.dat", since, time.Minute)
	start := func(program string) *exec.Cmd {
		child := exec.Command(program, "60")
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { child.Process.Kill(); child.Wait() })
		return child
	}
	planted := *own // by somebody who may write in the destination
	planted.PID = start("sleep").Process.Pid
	planted.Process = processMark(planted.PID)
	if err := planted.note(state); err != nil {
		t.Fatal(err)
	}
	running()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	namesake := filepath.Join(t.TempDir(), filepath.Base(os.Args[0]))
	if out, err := exec.Command("cp", sleep, namesake).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	child := start(namesake)
	for end := time.Now().Add(30 * time.Second); !canBeWatch(child.Process.Pid) && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // until it is that program
	}
	other := *own
	other.Config, other.PID, other.Process = "/home/a/config.dat", child.Process.Pid, processMark(child.Process.Pid)
	reused := *own
	reused.Config, reused.Process = "/reused", other.Process
	if err := reused.note(state); err != nil {
		t.Fatal(err)
	}
	running()
	for _, p := range []*presence{own, &other} {
		if err := p.note(state); err != nil {
			t.Fatal(err)
		}
	}
	running("/etc/timemachine/config.dat", "/home/a/config.dat")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// nobody has waited for it yet
	for end := time.Now().Add(30 * time.Second); len(runningWatches(state)) > 1 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	running("/etc/timemachine/config.dat")

	name := presencePrefix + strconv.Itoa(own.PID)
	before, _ := os.Stat(state.Path(name))
	if err := own.note(state); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Stat(state.Path(name)); !os.SameFile(before, after) {
		t.Error("what is there already is written again")
	}
	third := *own
	if err := state.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := third.note(state); err != nil {
		t.Fatal(err)
	}
	if names, err := state.Names(); err != nil || len(names) != 1 {
		t.Errorf("there are %q, %v: what has ended was left", names, err)
	}
	for _, damaged := range []string{"", "{", `{"pid":-1,"process":""}`, "null"} {
		if err := os.WriteFile(state.Path(presencePrefix+"damaged"), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		running("/etc/timemachine/config.dat")
	}
}
