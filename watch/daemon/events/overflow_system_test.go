//go:build system && linux

package events

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOverflow makes more events than the kernel's queue takes, while nobody reads. The source says
// that events were lost, and goes on.
func TestOverflow(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		setting string
	}{{Fanotify, "fs.fanotify.max_queued_events"}, {Folders, "fs.inotify.max_queued_events"}} {
		t.Run(string(c.kind), func(t *testing.T) {
			most := readSetting(c.setting)
			if most == 0 {
				most = 16384
			}
			folder := t.TempDir()
			held, release := make(chan struct{}), make(chan struct{})
			var first sync.Once
			var lost atomic.Int32
			var last atomic.Value
			s := Open(Options{Kind: c.kind, Relevant: func(string) bool { return true }, Lost: func() { lost.Add(1) }, Log: func(string, ...any) {},
				Changed: func(e Event) {
					first.Do(func() { close(held); <-release })
					last.Store(filepath.Base(e.Path))
				}})
			defer s.Close()
			var st unix.Stat_t
			if err := unix.Stat(folder, &st); err != nil {
				t.Fatal(err)
			}
			s.Begin()
			s.Watch(folder, st.Dev)
			touch := func(name string) { // by another process: fanotify drops our own
				t.Helper()
				if out, err := exec.Command("touch", filepath.Join(folder, name)).CombinedOutput(); err != nil {
					t.Fatalf("%s", out)
				}
			}
			touch("first")
			<-held
			for i := range most + 1000 { // each of another name: equal ones are merged
				if f, err := os.Create(filepath.Join(folder, fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				} else {
					f.Close()
				}
			}
			if lost.Load() != 0 {
				t.Error("lost before the queue was read")
			}
			close(release)
			until(t, "lost", func() bool { return lost.Load() > 0 })
			touch("last")
			until(t, "the next event", func() bool { return last.Load() == "last" })
			if n := lost.Load(); n != 1 {
				t.Errorf("said %d times that events were lost", n)
			}
		})
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
