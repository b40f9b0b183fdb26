package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// modelDaemon is the program as it stays running in a world. It stands still while the world
// changes, so that what it records afterwards is to be what one run would record.
type modelDaemon struct {
	cmd    *exec.Cmd
	dest   string
	socket *net.UnixConn // where it says how it is
	out    bytes.Buffer

	mu     sync.Mutex
	ready  int       // times that it was ready
	idle   bool      // by its last status
	spoken time.Time // when it said that
}

// startDaemon starts the program, and waits until it has looked at everything.
func (w *modelWorld) startDaemon() *modelDaemon {
	name := w.path("notify")
	_ = os.Remove(name)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	w.must(err)
	d := &modelDaemon{cmd: w.command("watch", "--interval", "1h", "--settle", "20ms", "--events", w.daemonEvents), socket: socket, dest: w.dest}
	d.cmd.Env = append(d.cmd.Env, "NOTIFY_SOCKET="+name)
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	w.must(d.cmd.Start())
	go d.listen()
	return d
}

// listen takes what the daemon says of itself until the socket is closed.
func (d *modelDaemon) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := d.socket.Read(buf)
		if err != nil {
			return
		}
		d.mu.Lock()
		for line := range strings.Lines(string(buf[:n])) {
			if strings.HasPrefix(line, "READY=1") {
				d.ready++
			}
			if status, is := strings.CutPrefix(line, "STATUS="); is {
				d.idle, d.spoken = strings.HasPrefix(status, "idle"), time.Now()
			}
		}
		d.mu.Unlock()
	}
}

// waitFor waits until a condition on what the daemon has said holds.
func (w *modelWorld) waitFor(what string, holds func(d *modelDaemon) bool) {
	d := w.daemon
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		d.mu.Lock()
		done := holds(d)
		d.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			w.fail("daemon", "it is not %s: %s", what, d.out.String())
		}
	}
}

// daemonDelay is how long the daemon takes to hear of what happened while it stood still.
const daemonDelay = 100 * time.Millisecond

// eventful are the operations that the daemon hears of by events.
var eventful = []string{"quiet", "write", "behind", "touch", "chmod", "chown", "remove", "mkdir", "symlink", "link", "rename", "fifo", "empty", "aside", "compact", "folder", "attribute"}

// catchUp lets the daemon go on until it has nothing to do.
func (w *modelWorld) catchUp() (string, int) {
	if w.daemon != nil && w.daemon.dest != w.dest {
		w.stopDaemon(true)
	}
	if w.daemon == nil {
		w.daemon = w.startDaemon()
		w.waitFor("ready", func(d *modelDaemon) bool { return d.ready > 0 })
	} else {
		daemonHeard.Add(1)
		w.must(w.daemon.cmd.Process.Signal(syscall.SIGCONT))
	}
	ready := w.daemon.ready
	time.Sleep(daemonDelay)
	w.must(w.daemon.cmd.Process.Signal(syscall.SIGHUP)) // it answers, however busy the machine is
	w.waitFor("ready again", func(d *modelDaemon) bool { return d.ready > ready })
	time.Sleep(daemonDelay)
	w.waitFor("idle", func(d *modelDaemon) bool { return d.idle })
	w.must(w.daemon.cmd.Process.Signal(syscall.SIGSTOP))
	return w.daemon.out.String(), modelNoExit
}

// runBeside makes the run of a step: by the daemon, or by another process where the daemon does not
// hear of all.
func (w *modelWorld) runBeside() (string, int) {
	if w.daemonEvents == "" {
		return w.program("run")
	}
	unheard := w.daemon == nil || w.unheard || w.hasOtherNames()
	w.unheard = false
	if !unheard {
		return w.catchUp()
	}
	daemonTold.Add(1)
	out, code := w.program("run")
	w.catchUp()
	return out, code
}

// modelNoExit stands for the exit code of what goes on.
const modelNoExit = -1

// How often another process made the run, and how often a daemon went on.
var daemonTold, daemonHeard atomic.Int64

// hasOtherNames tells whether a watched file has other names: a change by one of these has no event
// where that is not watched.
func (w *modelWorld) hasOtherNames() bool {
	for p := range w.list.look(w).found {
		if info, err := os.Stat(p); err == nil && !info.IsDir() && info.Sys().(*syscall.Stat_t).Nlink > 1 {
			return true
		}
	}
	return false
}

// stopDaemon ends the daemon, which must do so in time and without an error.
func (w *modelWorld) stopDaemon(check bool) {
	d := w.daemon
	if d == nil {
		return
	}
	w.daemon = nil
	defer d.socket.Close()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Process.Signal(syscall.SIGCONT)
	ended := make(chan error, 1)
	go func() { ended <- d.cmd.Wait() }()
	select {
	case err := <-ended:
		if check && err != nil {
			w.fail("daemon", "it ends with %v: %s", err, d.out.String())
		}
	case <-time.After(30 * time.Second):
		d.cmd.Process.Kill()
		<-ended
		if check {
			w.fail("daemon", "it does not end")
		}
	}
}

// TestModelWatch is TestModel with a program that stays running, once with each source of events.
func TestModelWatch(t *testing.T) {
	t.Parallel()
	kinds := []string{"inotify"}
	if os.Geteuid() == 0 {
		kinds = append(kinds, "fanotify")
	}
	rounds, worlds := modelShortRounds, uint64(1)
	switch {
	case modelMounts: // there is time
		worlds = 3
	case testing.Short():
		rounds /= 2
	}
	if *modelRounds != 0 {
		rounds = *modelRounds
	}
	if *modelTotal > 0 {
		worlds = uint64(*modelTotal / rounds)
	}
	t.Run("worlds", func(t *testing.T) {
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				for seed := range worlds {
					if *modelSeed != 0 {
						seed = *modelSeed - 1
					}
					p := newModelPlan(seed+1, rounds)
					p.daemonEvents = kind
					p.steps = slices.DeleteFunc(p.steps, func(s modelStep) bool { return !s.isForDaemon(seed) })
					if *modelSteps != "" {
						p = p.only(stepNumbers(t, *modelSteps))
					}
					folder := modelFolder(t)
					if *modelKeep != "" {
						folder = filepath.Clean(*modelKeep)
					}
					if fault := p.play(folder); fault != nil {
						t.Errorf("seed %d: %s", seed+1, fault)
						if *modelShrink > 0 && *modelSteps == "" && *modelKeep == "" {
							small, fewer := p.shrink(t, fault)
							t.Errorf("%d steps of %d also fail: %s\nsteps %s\n%s", len(small.steps), len(p.steps), fewer, small.numbers(), small)
						}
						return
					}
					if *modelSeed != 0 {
						return
					}
				}
			})
		}
	})
	t.Logf("events told enough in %d of %d runs", daemonHeard.Load()-daemonTold.Load(), daemonHeard.Load())
}

// isForDaemon leaves out most of what no event tells, and hard links in most worlds: where these
// are, another process makes the runs.
func (s modelStep) isForDaemon(seed uint64) bool {
	switch {
	case s.op == "run":
		return true
	case s.op == "link":
		return seed%4 == 3
	}
	return slices.Contains(eventful, s.op) || s.number%4 == 0
}

// noteHeard notes whether the daemon hears of an operation.
func (w *modelWorld) noteHeard(s modelStep) {
	if s.op != "run" && !slices.Contains(eventful, s.op) {
		w.unheard = true
	}
}
