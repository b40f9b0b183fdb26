//go:build system

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// watchWorld is a folder that the program watches as a process of its own.
type watchWorld struct {
	t                         *testing.T
	bin, dir, conf, src, dest string
	events                    string
	cmd                       *exec.Cmd
	socket                    *net.UnixConn
	out                       *os.File
}

func newWatchWorld(t *testing.T, events string) *watchWorld {
	dir := t.TempDir()
	w := &watchWorld{t: t, bin: buildBinary(t), dir: dir, conf: dir + "/conf", src: dir + "/src", dest: dir + "/dest", events: events}
	for _, folder := range []string{w.conf, w.src, w.dest, dir + "/other", dir + "/home"} {
		w.check(os.Mkdir(folder, 0o755))
	}
	w.list("- " + w.src + "\n- " + dir + "/other/single\n")
	return w
}

func (w *watchWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watchWorld) list(text string) {
	w.t.Helper()
	w.check(os.WriteFile(w.conf+"/config.dat", []byte(text), 0o644))
}

func (w *watchWorld) write(path, text string) {
	w.t.Helper()
	w.check(os.MkdirAll(filepath.Dir(path), 0o755))
	w.check(os.WriteFile(path, []byte(text), 0o644))
}

func (w *watchWorld) args(more ...string) []string {
	return append([]string{"-cl", w.conf, "-d", w.dest}, more...)
}

// start starts the program and waits until it is idle. before are words to put before its command.
func (w *watchWorld) start(before ...string) {
	w.t.Helper()
	name := w.dir + "/notify"
	_ = os.Remove(name)
	var err error
	w.socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	w.check(err)
	w.out, err = os.Create(w.dir + "/out")
	w.check(err)
	words := append(before, append([]string{w.bin}, w.args("watch", "--interval", "1h", "--events", w.events)...)...)
	w.cmd = exec.Command(words[0], words[1:]...)
	w.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir + "/home", "NOTIFY_SOCKET=" + name}
	w.cmd.Stdout, w.cmd.Stderr = w.out, w.out
	w.check(w.cmd.Start())
	w.t.Cleanup(func() { w.cmd.Process.Kill(); w.cmd.Wait(); w.socket.Close() })
	w.hear("STATUS=idle")
	socket := w.socket
	go func() { // nothing waits for who does not read
		buf := make([]byte, 4096)
		for {
			if _, err := socket.Read(buf); err != nil {
				return
			}
		}
	}()
}

// hear waits for a message to the service manager.
func (w *watchWorld) hear(prefix string) {
	w.t.Helper()
	buf := make([]byte, 4096)
	w.check(w.socket.SetReadDeadline(time.Now().Add(30 * time.Second)))
	for {
		n, err := w.socket.Read(buf)
		if err != nil {
			w.t.Fatalf("%v; it says %s", err, w.said())
		}
		if strings.HasPrefix(string(buf[:n]), prefix) {
			w.check(w.socket.SetReadDeadline(time.Time{}))
			return
		}
	}
}

func (w *watchWorld) said() string {
	b, _ := os.ReadFile(w.dir + "/out")
	return string(b)
}

// until waits until a condition holds.
func (w *watchWorld) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("never %s; it says %s", what, w.said())
		}
	}
}

// newest returns the content of the newest version of a path; "" where it has none.
func (w *watchWorld) newest(path string) string {
	out, _ := exec.Command("git", "-C", w.dest, "cat-file", "blob", "HEAD:files"+path).Output()
	return string(out)
}

func (w *watchWorld) recorded(path, text string) {
	w.t.Helper()
	w.until(fmt.Sprintf("recorded %q of %s", text, path), func() bool { return w.newest(path) == text })
}

// stop ends the program, which exits 0 in time.
func (w *watchWorld) stop() {
	w.t.Helper()
	began := time.Now()
	w.check(w.cmd.Process.Signal(syscall.SIGTERM))
	if err := w.cmd.Wait(); err != nil || time.Since(began) > 20*time.Second {
		w.t.Errorf("it ends after %v with %v: %s", time.Since(began), err, w.said())
	}
	w.socket.Close()
	repotest.MustCheck(w.t, w.dest)
}

// eachEvents runs a test for each source of events.
func eachEvents(t *testing.T, do func(t *testing.T, w *watchWorld)) {
	for _, events := range []string{"fanotify", "inotify"} {
		t.Run(events, func(t *testing.T) { do(t, newWatchWorld(t, events)) })
	}
}

// TestWatchSeesChanges saves files in the ways of people and programs.
func TestWatchSeesChanges(t *testing.T) {
	eachEvents(t, func(t *testing.T, w *watchWorld) {
		w.start()
		w.write(w.src+"/a/b/c/f", "in new folders")
		w.recorded(w.src+"/a/b/c/f", "in new folders")

		single := w.dir + "/other/single" // its folder is not watched
		w.write(single, "one")
		w.recorded(single, "one")
		w.write(single+"~new", "two")
		w.check(os.Rename(single+"~new", single))
		w.recorded(single, "two")

		w.check(os.Rename(w.src+"/a", w.src+"/z"))
		w.recorded(w.src+"/z/b/c/f", "in new folders")
		w.write(w.src+"/z/b/c/f", "behind a folder that moved")
		w.recorded(w.src+"/z/b/c/f", "behind a folder that moved")
		from := repotest.Git(t, w.dest, "log", "--format=%(trailers:key=Renamed-From,valueonly,separator=)", "--", "files"+w.src+"/z/b/c/f")
		if !strings.Contains(from, w.src+"/a/b/c/f") {
			t.Errorf("renamed from %q", from)
		}
		w.until("recorded as deleted", func() bool { return w.newest(w.src+"/a/b/c/f") == "" })

		w.check(os.Remove(w.src + "/z/b/c/f"))
		w.write(w.src+"/stays", "so that the folder is not empty")
		w.until("recorded as deleted", func() bool { return w.newest(w.src+"/z/b/c/f") == "" })

		log, err := os.OpenFile(w.src+"/log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		w.check(err)
		defer log.Close()
		began := time.Now()
		w.until("recorded without a rest", func() bool {
			_, err := log.WriteString("a line\n")
			w.check(err)
			return w.newest(w.src+"/log") != ""
		})
		if took := time.Since(began); took < 4*time.Second {
			t.Errorf("what never rests is recorded after %v", took)
		}
		w.stop()
		if looks := strings.Count(w.log(), "run begins"); looks > 2 {
			t.Errorf("%d looks at everything: %s", looks, w.log())
		}
	})
}

func (w *watchWorld) log() string {
	b, err := os.ReadFile(w.conf + "/timemachine.log")
	w.check(err)
	return string(b)
}

// TestWatchAfterAKill finds what changed while nothing watched.
func TestWatchAfterAKill(t *testing.T) {
	w := newWatchWorld(t, "auto")
	w.write(w.src+"/f", "1")
	w.start()
	w.recorded(w.src+"/f", "1")
	w.check(w.cmd.Process.Kill())
	w.cmd.Wait()
	w.socket.Close()
	w.write(w.src+"/f", "2")
	w.start()
	w.recorded(w.src+"/f", "2")
	w.stop()
}

// TestWatchReadsItsConfiguration changes, breaks and mends it, swaps a link to its folder, and
// sends SIGHUP.
func TestWatchReadsItsConfiguration(t *testing.T) {
	w := newWatchWorld(t, "auto")
	first, second := w.conf+"1", w.conf+"2"
	w.check(os.Rename(w.conf, first))
	w.check(os.Symlink(first, w.conf))
	w.check(os.Mkdir(second, 0o755))
	w.check(os.WriteFile(second+"/config.dat", []byte("- "+w.dir+"/other\n"), 0o644))
	w.start()
	w.list("- [broken\n")
	w.until("said what is wrong", func() bool { return strings.Contains(w.said(), "config.dat") })
	time.Sleep(3 * time.Second)
	w.write(w.src+"/f", "all the same")
	w.recorded(w.src+"/f", "all the same")
	if n := strings.Count(w.said(), "stays in force"); n != 1 {
		t.Errorf("it says %d times: %s", n, w.said())
	}
	w.check(os.Remove(w.conf + "/config.dat")) // opened as a file is, a FIFO holds who opens it
	w.check(syscall.Mkfifo(w.conf+"/config.dat", 0o644))
	w.until("said that it is a FIFO", func() bool { return strings.Contains(w.said(), "is not a regular file") })
	w.write(w.src+"/f", "beside a FIFO")
	w.recorded(w.src+"/f", "beside a FIFO")
	w.check(os.Remove(w.conf + "/config.dat"))
	w.list("- " + w.src + "\n- " + w.dir + "/home\n")
	w.until("said that it is mended", func() bool { return strings.Contains(w.said(), "can be used again") })
	w.write(w.dir+"/home/new", "of a new entry")
	w.recorded(w.dir+"/home/new", "of a new entry")

	w.check(os.Symlink(second, w.dir+"/swap"))
	w.check(os.Rename(w.dir+"/swap", w.conf))
	w.write(w.dir+"/other/f", "of the other list")
	w.recorded(w.dir+"/other/f", "of the other list")

	w.list("- " + w.dir + "/other\n- " + w.src + "\n")
	w.check(w.cmd.Process.Signal(syscall.SIGHUP))
	w.write(w.src+"/g", "after a hangup")
	w.recorded(w.src+"/g", "after a hangup")
	w.stop()
}

// TestWatchBesideRuns has runs as by cron beside it, and commands.
func TestWatchBesideRuns(t *testing.T) {
	eachEvents(t, func(t *testing.T, w *watchWorld) {
		w.list("- " + w.src + "\n")
		w.start()
		end := make(chan struct{})
		var runs sync.WaitGroup
		runs.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if out, code := runBare(t, w.bin, w.args("run")...); code != 0 {
					t.Errorf("a run exits %d: %s", code, out)
					return
				}
			}
		})
		for i := range 40 {
			w.write(fmt.Sprintf("%s/d%d/f", w.src, i%7), fmt.Sprint(i))
			time.Sleep(50 * time.Millisecond)
		}
		close(end)
		runs.Wait()
		for i := 33; i < 40; i++ {
			w.recorded(fmt.Sprintf("%s/d%d/f", w.src, i%7), fmt.Sprint(i))
		}
		w.stop()
	})
}

// TestWatchOfAMount has a file system that goes and comes: it can be unmounted, nothing is taken
// for deleted, and what changes after that is seen.
func TestWatchOfAMount(t *testing.T) {
	eachEvents(t, func(t *testing.T, w *watchWorld) {
		mount := w.src + "/disk"
		w.check(os.Mkdir(mount, 0o755))
		image, ok := loopMount(t, mount, "16M", "mkfs.ext4", "-q", "-m", "0")
		if !ok {
			t.Skip("NOT TESTED: loop devices do not work here")
		}
		w.write(mount+"/f", "1")
		w.start()
		w.recorded(mount+"/f", "1")
		if out, err := exec.Command("umount", mount).CombinedOutput(); err != nil {
			t.Fatalf("umount: %v: %s", err, out)
		}
		w.write(w.src+"/beside", "while it is away")
		w.recorded(w.src+"/beside", "while it is away")
		if got := w.newest(mount + "/f"); got != "1" {
			t.Errorf("while it is away the newest version is %q", got)
		}
		if out, err := exec.Command("mount", "-o", "loop", image, mount).CombinedOutput(); err != nil {
			t.Fatalf("mount: %v: %s", err, out)
		}
		time.Sleep(3 * time.Second)
		w.write(mount+"/f", "2")
		w.recorded(mount+"/f", "2")
		w.stop()
	})
}

// TestWatchWithoutWatches spends the watches that the system gives: one line says so, with the
// setting, and the folders that have one are seen.
func TestWatchWithoutWatches(t *testing.T) {
	w := newWatchWorld(t, "auto")
	if err := exec.Command("unshare", "--user", "--map-root-user", "sh", "-c", "echo 9 >/proc/sys/user/max_inotify_watches").Run(); err != nil {
		t.Skip("NOT TESTED: no limits in a user namespace here:", err)
	}
	for i := range 40 {
		w.write(fmt.Sprintf("%s/d%02d/f", w.src, i), "1")
	}
	w.start("unshare", "--user", "--map-root-user", "sh", "-c", `echo 9 >/proc/sys/user/max_inotify_watches; exec "$@"`, "sh")
	w.recorded(w.src+"/d39/f", "1")
	w.until("said which limit", func() bool { return strings.Contains(w.said(), "fs.inotify.max_user_watches=") })
	w.write(w.src+"/new", "in a folder with a watch")
	w.recorded(w.src+"/new", "in a folder with a watch")
	if n := strings.Count(w.said(), "have no events"); n != 1 {
		t.Errorf("it says %d times: %s", n, w.said())
	}
	w.stop()
}

// TestWatchOnAFullDisk says once that the destination's disk is full, and goes on when there is
// room.
func TestWatchOnAFullDisk(t *testing.T) {
	w := newWatchWorld(t, "auto")
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", w.dest).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: no mounts: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", w.dest).Run() })
	w.write(w.src+"/f", "1")
	w.start()
	if err := os.WriteFile(w.dest+"/ballast", noise(16<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	w.write(w.src+"/g", string(noise(1<<20)))
	w.until("said that it is full", func() bool { return strings.Contains(w.said(), "ERR") })
	time.Sleep(5 * time.Second)
	if n := strings.Count(w.said(), "ERR"); n > 2 {
		t.Errorf("it says so %d times: %s", n, w.said())
	}
	w.check(os.Remove(w.dest + "/ballast"))
	w.write(w.src+"/f", "2")
	w.recorded(w.src+"/f", "2")
	w.until("recorded what did not fit", func() bool { return len(w.newest(w.src+"/g")) == 1<<20 })
	w.stop()
}
