//go:build system

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestWatchStopped: a watch that is stopped by a signal while more happens than the kernel's queue
// of events takes looks at everything once when it goes on, and one line of the log says why.
func TestWatchStopped(t *testing.T) {
	eachEvents(t, func(t *testing.T, w *watchWorld) {
		w.list("- " + w.src + "\n")
		w.write(w.src+"/stays", "1")
		w.write(w.src+"/goes", "1")
		w.start()
		w.recorded(w.src+"/stays", "1")
		looks := strings.Count(w.log(), "run begins")
		w.check(w.cmd.Process.Signal(syscall.SIGSTOP))
		for i := range 20_000 { // of names of their own: events that are equal are merged
			name := fmt.Sprint(w.src, "/", i)
			w.check(os.WriteFile(name, nil, 0o600))
			w.check(os.Remove(name))
		}
		w.write(w.src+"/stays", "2") // whose events are lost
		w.check(os.Remove(w.src + "/goes"))
		w.write(w.src+"/new/a/f", "1")
		w.check(w.cmd.Process.Signal(syscall.SIGCONT))
		w.recorded(w.src+"/stays", "2")
		w.recorded(w.src+"/new/a/f", "1")
		w.until("recorded as deleted", func() bool { return w.newest(w.src+"/goes") == "" })
		w.write(w.src+"/new/a/g", "seen in a new folder")
		w.recorded(w.src+"/new/a/g", "seen in a new folder")
		time.Sleep(2 * time.Second)
		w.stop()
		if n := strings.Count(w.log(), "events were lost"); n != 1 {
			t.Errorf("%d lines say that events were lost: %s", n, w.log())
		}
		if n := strings.Count(w.log(), "run begins") - looks; n != 1 {
			t.Errorf("%d looks at everything: %s", n, w.log())
		}
		if said := w.said(); said != "" {
			t.Errorf("it says %s", said)
		}
	})
}

// TestWatchOfASubvolume: subvolumes of btrfs, for which fanotify may give no events, have them from
// inotify, a file in each is seen, and so is a subvolume that comes later.
func TestWatchOfASubvolume(t *testing.T) {
	w := newWatchWorld(t, "auto")
	mount := w.src + "/disk"
	w.check(os.Mkdir(mount, 0o755))
	if _, ok := loopMount(t, mount, "200M", "mkfs.btrfs", "-q"); !ok {
		t.Skip("NOT TESTED: no btrfs here")
	}
	btrfs := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("btrfs", append([]string{"-q", "subvolume"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %s", args, out)
		}
	}
	btrfs("create", mount+"/sub")
	w.write(mount+"/sub/a/f", "1")
	w.start()
	w.write(mount+"/sub/a/f", "2")
	w.recorded(mount+"/sub/a/f", "2")
	w.write(mount+"/top", "1")
	w.recorded(mount+"/top", "1")
	btrfs("snapshot", mount+"/sub", mount+"/later")
	w.recorded(mount+"/later/a/f", "2")
	time.Sleep(2 * time.Second)
	w.write(mount+"/later/a/f", "3")
	w.recorded(mount+"/later/a/f", "3")
	w.write(mount+"/later/b/g", "1")
	w.recorded(mount+"/later/b/g", "1")
	if out, err := exec.Command("mv", mount+"/later/b/g", mount+"/sub/g").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	w.recorded(mount+"/sub/g", "1")
	w.stop()
	if looks := strings.Count(w.log(), "run begins"); looks > 3 {
		t.Errorf("%d looks at everything: %s", looks, w.log())
	}
}
