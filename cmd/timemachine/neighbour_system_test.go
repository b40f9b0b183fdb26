//go:build system

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// neighbour is a destination of another user, in which root makes its runs.
type neighbour struct {
	*testDisk
}

func newNeighbour(t *testing.T) *neighbour {
	n := &neighbour{newDisk(t, "64m")}
	n.write("a", "one\n")
	n.openWays()
	n.runTool("chown", fmt.Sprint(nobody, ":", nobody), n.dest)
	n.run(0)
	return n
}

// sh runs a script in the destination as its owner.
func (n *neighbour) sh(script string) (string, error) {
	cmd := exec.Command("setpriv", "--reuid", fmt.Sprint(nobody), "--regid", fmt.Sprint(nobody), "--clear-groups", "sh", "-ec", script)
	cmd.Dir = n.dest
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (n *neighbour) must(script string) {
	n.t.Helper()
	if out, err := n.sh(script); err != nil {
		n.t.Fatalf("%s: %v %s", script, err, out)
	}
}

// TestNamesFromTheDestination: the owner of a destination writes names that lead out of it wherever
// runs read names. Nothing outside is made or changed, and the run says what is damaged.
func TestNamesFromTheDestination(t *testing.T) {
	const out = "../../../../outside/evil"
	for what, script := range map[string]string{
		"timemachine.branch":  "git config timemachine.branch " + out,
		"a branch of one dot": "git config timemachine.branch ./../../../outside/evil",
		"a branch in .git":    "git config timemachine.branch ../../config",
		"HEAD":                "echo 'ref: refs/heads/" + out + "' > .git/HEAD",
		"HEAD and the branch": "git config timemachine.branch " + out + "; echo 'ref: refs/heads/" + out + "' > .git/HEAD",
		"packed-refs":         "echo \"$(git rev-parse HEAD) refs/heads/" + out + "\" >> .git/packed-refs",
		"the list of packs":   "echo ../../../../outside/evil >> .git/timemachine/packs",
		"the commit-graph":    "mkdir -p .git/objects/info/commit-graphs; echo ../../../../outside/evil > .git/objects/info/commit-graphs/commit-graph-chain",
	} {
		t.Run(what, func(t *testing.T) {
			n := newNeighbour(t)
			outside := filepath.Join(filepath.Dir(n.dest), "outside")
			if err := os.MkdirAll(filepath.Join(outside, "below"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(outside, "evil.pack"), []byte("not a pack"))
			n.must(script)
			config, err := os.ReadFile(filepath.Join(n.dest, ".git/config"))
			if err != nil {
				t.Fatal(err)
			}
			before := listing(t, outside)
			n.write("a", "two\n")
			for _, args := range [][]string{{"run"}, {"verify"}, {"verify", "--repair"}, {"compact"}, {"init", "--adopt"}, {"run"}, {"log"}, {"status"}} {
				said, code := runBare(t, n.bin, append([]string{"-cl", n.dir, "-d", n.dest}, args...)...)
				if strings.Contains(said, "goroutine ") {
					t.Errorf("%q: exit %d: %s", args, code, said)
				}
				if args[0] == "run" && code == 1 && !strings.Contains(said, "is no name of") && !strings.Contains(said, "damaged") {
					t.Errorf("the run says: %s", said)
				}
			}
			if after := listing(t, outside); after != before {
				t.Errorf("outside there was\n%s\nthere is\n%s", before, after)
			}
			if now, err := os.ReadFile(filepath.Join(n.dest, ".git/config")); err != nil || !strings.HasPrefix(string(now), string(config)) {
				t.Errorf("the configuration is now %q, %v", now, err)
			}
		})
	}
}

// TestNothingIsGivenAway: the owner of a destination puts files and folders of root's where runs
// make theirs. None of them changes its owner, and none with a further name its content.
func TestNothingIsGivenAway(t *testing.T) {
	for _, at := range []string{".git/timemachine/lock", ".git/logs/HEAD", ".git/logs/refs/heads/main", ".git/timemachine/cache", ".git/timemachine/ran"} {
		for _, way := range []string{"mv -f", "ln -f"} {
			t.Run(way+" "+at, func(t *testing.T) {
				n := newNeighbour(t)
				file := filepath.Join(n.dest, "rootfile")
				write(t, file, []byte("root's secret\n"))
				if err := os.Chmod(file, 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := n.sh(way + " rootfile " + at); err != nil {
					if way == "mv -f" {
						t.Fatalf("%v %s", err, out)
					}
					// fs.protected_hardlinks: root makes the link for them.
					n.runTool("ln", "-f", file, filepath.Join(n.dest, at))
				}
				n.write("a", "two\n")
				runBare(t, n.bin, "-cl", n.dir, "-d", n.dest)
				path := file
				if way == "mv -f" {
					path = filepath.Join(n.dest, at)
				}
				st, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if secret := strings.Contains(string(data), "secret"); secret && st.Sys().(*syscall.Stat_t).Uid != 0 {
					t.Errorf("%s belongs to %d and holds %q", path, st.Sys().(*syscall.Stat_t).Uid, data)
				}
				if way == "ln -f" && string(data) != "root's secret\n" {
					t.Errorf("%s holds %q", path, data)
				}
				if out, err := n.sh("cat " + at); strings.Contains(out, "secret") {
					t.Errorf("their owner reads %q, %v", out, err)
				}
			})
		}
	}
}

// TestNothingOfOthersGoes: the owner of a destination moves a folder there in which a third user
// has files. No command of root's removes, replaces or closes them: the owner could not either.
func TestNothingOfOthersGoes(t *testing.T) {
	const third = 4003
	for at, plant := range map[string]string{
		".git/timemachine/stage/share": "mv share .git/timemachine/stage/share",
		"files/share":                  "mv share files/share",
		"the folder of a source":       `d="files$(dirname "$SOURCE")"; mv "$d" aside; mv share "$d"`,
		"the folder of a copy":         `d="copies$(dirname "$SOURCE")"; mv "$d" aside; mv share "$d"`,
	} {
		t.Run(at, func(t *testing.T) {
			n := newNeighbour(t)
			n.write("b", "one\n")
			n.run(0)
			share := filepath.Join(n.dest, "share")
			mine := filepath.Join(share, filepath.Base(n.src))
			if err := os.MkdirAll(mine, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b", "thesis"} {
				write(t, filepath.Join(mine, name), []byte("of a third user\n"))
			}
			n.runTool("chown", "-R", fmt.Sprint(third, ":", third), mine)
			n.runTool("chown", fmt.Sprint(nobody, ":", nobody), share)
			if out, err := n.sh("rm share/*/thesis"); err == nil {
				t.Fatalf("the owner of the destination may remove it: %s", out)
			}
			if out, err := n.sh("SOURCE='" + n.src + "'; " + plant); err != nil {
				t.Fatalf("the owner cannot move it there: %s", out)
			}
			n.write("a", "two\n")
			if err := os.Remove(filepath.Join(n.src, "b")); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"run"}, {"copies", "rebuild"}, {"copies", "prune"}, {"verify", "--repair"}, {"compact"}, {"run"}} {
				if said, code := runBare(t, n.bin, append([]string{"-cl", n.dir, "-d", n.dest}, args...)...); strings.Contains(said, "goroutine ") {
					t.Errorf("%q: exit %d: %s", args, code, said)
				}
			}
			left := 0
			filepath.WalkDir(n.dest, func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return nil
				}
				info, err := d.Info()
				if err == nil && info.Sys().(*syscall.Stat_t).Uid == third {
					if data, err := os.ReadFile(path); err != nil || string(data) != "of a third user\n" {
						t.Errorf("%s holds %q, %v", path, data, err)
					}
					left++
				}
				return nil
			})
			if left != 3 {
				t.Errorf("%d of 3 files of a third user are left", left)
			}
		})
	}
}

// TestExchangedOwnership: while root makes folders and links in another user's destination, that
// user exchanges each new one for a folder or link of root's. None of root's changes its owner.
func TestExchangedOwnership(t *testing.T) {
	n := newNeighbour(t)
	const (
		rounds, each = 10, 40
		marked       = 0o701 // no folder that a run makes has it
	)
	places := filepath.Join(n.dest, "files"+n.src)
	for i := range rounds * each {
		if err := os.Mkdir(filepath.Join(places, fmt.Sprint(".d", i)), marked); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("root's", filepath.Join(places, fmt.Sprint(".l", i))); err != nil {
			t.Fatal(err)
		}
	}
	stop := exchangeNew(t, places)
	for round := range rounds {
		for i := range each {
			n.write(fmt.Sprintf("d%d-%d/f", round, i), "x\n")
			if err := os.Symlink(fmt.Sprint("to", i), filepath.Join(n.src, fmt.Sprintf("l%d-%d", round, i))); err != nil {
				t.Fatal(err)
			}
		}
		runBare(t, n.bin, "-cl", n.dir, "-d", n.dest)
	}
	t.Log("exchanged:", stop())
	given := 0
	walk(t, n.dest, func(path string, info os.FileInfo) {
		roots := info.IsDir() && info.Mode().Perm() == marked
		if info.Mode()&os.ModeSymlink != 0 {
			target, _ := os.Readlink(path)
			roots = target == "root's"
		}
		if roots && info.Sys().(*syscall.Stat_t).Uid != 0 {
			given++
		}
	})
	if given > 0 {
		t.Errorf("%d of root's folders and links were given away", given)
	}
	n.readAsNobody()
}

// exchangeNew waits for new names in a folder and exchanges each, with the rights of user nobody,
// for .dN or .lN there. stop says how many it has exchanged.
func exchangeNew(t *testing.T, folder string) (stop func() int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == nil {
		_, err = unix.InotifyAddWatch(fd, folder, unix.IN_CREATE)
	}
	if err != nil {
		t.Fatal(err)
	}
	end, hits := make(chan struct{}), make(chan int)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		unix.Setfsgid(nobody)
		unix.Setfsuid(nobody)
		var next [2]int
		buf := make([]byte, 64<<10)
		for {
			select {
			case <-end:
				unix.Close(fd)
				hits <- next[0] + next[1]
				return
			default:
			}
			size, _ := unix.Read(fd, buf)
			for at := 0; at+unix.SizeofInotifyEvent <= size; {
				e := (*unix.InotifyEvent)(unsafe.Pointer(&buf[at]))
				name := strings.TrimRight(string(buf[at+unix.SizeofInotifyEvent:at+unix.SizeofInotifyEvent+int(e.Len)]), "\x00")
				at += unix.SizeofInotifyEvent + int(e.Len)
				kind, prefix := 0, ".d"
				if e.Mask&unix.IN_ISDIR == 0 {
					kind, prefix = 1, ".l"
				}
				if unix.Renameat2(unix.AT_FDCWD, filepath.Join(folder, fmt.Sprint(prefix, next[kind])), unix.AT_FDCWD, filepath.Join(folder, name), unix.RENAME_EXCHANGE) == nil {
					next[kind]++
				}
			}
		}
	}()
	return func() int { close(end); return <-hits }
}
