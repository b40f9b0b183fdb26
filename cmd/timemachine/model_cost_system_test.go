//go:build system && linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// costCalls are the system calls that an idle run is measured by: those that files cost.
const costCalls = "%file,read,write,pread64,pwrite64,fstat,getdents64,close,flock,fsync"

// TestIdleRunCostsTheSame counts the system calls of a run that finds nothing, after a short
// history and after a long one of the same sources. What came before makes no difference.
func TestIdleRunCostsTheSame(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: NO PROCESS MAY BE TRACED HERE: %v %s", err, out)
	}
	for _, c := range []struct {
		name    string
		prepare func(w *modelWorld)
	}{
		{"plain", func(*modelWorld) {}},
		{"unfollowed", func(w *modelWorld) { // a foreign folder has the place of a version
			place := w.dest + "/files" + w.path("w/a/new")
			w.must(os.MkdirAll(place+"/own", 0o755))
			w.must(os.WriteFile(place+"/own/f", nil, 0o644))
			w.must(os.WriteFile(w.path("w/a/new"), []byte("new\n"), 0o644))
			w.program("run")
		}},
		{"split", func(w *modelWorld) { // each run looks whether the index takes what it lacks
			w.git("config", "core.splitIndex", "true")
			w.git("update-index", "--split-index")
			w.must(os.WriteFile(w.path("w/a/f0"), []byte("split\n"), 0o644))
			w.program("run")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newModelWorld(&modelPlan{seed: 1, setting: modelSetting{touched: true, copies: true}}, modelFolder(t))
			defer w.close()
			w.make()
			w.list = &modelList{entries: []modelEntry{{text: w.path("w/a"), root: w.path("w/a")}}}
			w.writeList()
			w.grow(t, 3)
			c.prepare(w)
			short := w.idleCalls(t)
			runs := 60
			if *repotest.Torture {
				runs = 200
			}
			w.grow(t, runs)
			if long := w.idleCalls(t); long != short {
				t.Errorf("an idle run costs %d calls after a short history, %d after a long one", short, long)
			}
		})
	}
}

// grow records versions of each of some files.
func (w *modelWorld) grow(t *testing.T, versions int) {
	for v := range versions {
		for i := range 10 {
			w.must(os.WriteFile(w.path(fmt.Sprint("w/a/f", i)), fmt.Appendf(nil, "%d of %d\n", v, versions), 0o644))
		}
		if out, code := w.program("run"); code != 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
	w.program("compact")
}

// idleCalls counts the system calls of a run that finds nothing: the fewest of six runs, since
// some calls are interrupted by signals of Go's scheduler and made again.
func (w *modelWorld) idleCalls(t *testing.T) int {
	time.Sleep(2100 * time.Millisecond)
	for range 2 {
		w.program("run")
	}
	calls := w.tracedCalls(t)
	for range 5 {
		calls = min(calls, w.tracedCalls(t))
	}
	return calls
}

// tracedCalls counts the system calls of a run.
func (w *modelWorld) tracedCalls(t *testing.T) (calls int) {
	run := w.command("run")
	cmd := exec.Command("strace", append([]string{"-f", "-qq", "-y", "-e", "signal=none", "-e", "trace=" + costCalls, "-o", w.path("calls")}, run.Args...)...)
	// Go looks once a second how many processors it may use.
	cmd.Env, cmd.Dir = append(run.Env, "GODEBUG=updatemaxprocs=0"), run.Dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	b, err := os.ReadFile(w.path("calls"))
	w.must(err)
	for line := range strings.Lines(string(b)) {
		// Go's scheduler wakes itself by an eventfd, as often as it likes.
		if !strings.Contains(line, " resumed>") && !strings.Contains(line, "anon_inode:[eventfd]") {
			calls++
		}
	}
	if calls == 0 {
		t.Fatal("strace tells nothing")
	}
	return calls
}
