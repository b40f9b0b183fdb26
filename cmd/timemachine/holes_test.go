package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestNoFileIsWhatItClaims: each file of a destination claims to be far larger than it is, by a
// hole behind or in the place of its content. No command takes memory or time for the hole, and the
// run that has no other damage goes on.
func TestNoFileIsWhatItClaims(t *testing.T) {
	t.Parallel()
	const (
		mostMemory = 300 << 20
		mostTime   = 40 * time.Second
	)
	sizes := []int64{4 << 30, 1 << 40}
	names := []string{"index", "objects/info/commit-graph", "timemachine/cache", "objects/pack/*.idx", "timemachine/packs", "timemachine/pending", "timemachine/checked",
		"packed-refs", "logs/refs/heads/main", "objects/pack/*.pack", "config", "HEAD", "refs/heads/main", "info/attributes", "objects/pack/multi-pack-index"}
	if testing.Short() {
		names = names[:4]
	}
	for _, name := range names {
		for _, keep := range []bool{true, false} {
			for _, size := range sizes {
				if testing.Short() && !keep && name != "index" {
					continue
				}
				if !*repotest.Torture && keep != (size == sizes[0]) {
					continue // the smaller hole goes behind the content, the larger one is alone
				}
				t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
					d := newDamaged(t)
					repotest.Git(t, d.dest, "commit-graph", "write", "--reachable", "--changed-paths")
					file := d.git(name)
					if strings.Contains(name, "*") {
						file = d.git(d.firstMatch(name))
					}
					if !keep {
						os.Remove(file)
					}
					d.check(os.Chmod(filepath.Dir(file), 0o700))
					os.Chmod(file, 0o600)
					f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
					d.check(err)
					if err := f.Truncate(size); err != nil {
						t.Skip("no file as large as that here:", err)
					}
					d.check(f.Close())
					write(t, d.file, []byte("four\n"))
					for _, args := range [][]string{{"run"}, {"status"}, {"log"}, {"verify"}, {"verify", "--repair"}, {"compact"}, {"run"}} {
						if args[0] == "verify" && strings.HasSuffix(name, ".pack") {
							continue // to find what is damaged, it reads all of a pack
						}
						began := time.Now()
						cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(d.dest), "-d", d.dest}, args...)...)
						cmd.Env = d.env()
						out, memory := runMeasured(t, cmd)
						if took := time.Since(began); memory > mostMemory || took > mostTime || cmd.ProcessState.ExitCode() < 0 || strings.Contains(string(out), "goroutine ") {
							t.Fatalf("%q: %d MB, %v, %v: %.500s", args, memory>>20, took, cmd.ProcessState, out)
						}
						if len(out) > 64<<10 {
							t.Errorf("%q says %d bytes", args, len(out))
						}
						if disposable := name == "index" || strings.Contains(name, "cache") || strings.Contains(name, "commit-graph"); disposable && args[0] == "run" && cmd.ProcessState.ExitCode() != 0 && cmd.ProcessState.ExitCode() != 3 {
							t.Errorf("%q: exit %d: %s", args, cmd.ProcessState.ExitCode(), out)
						}
					}
				})
			}
		}
	}
}

// runMeasured runs a command and returns its output, and the most memory that it was seen to take.
// What wait4(2) tells counts the memory of this process too, from which it was forked.
func runMeasured(t *testing.T, cmd *exec.Cmd) (out []byte, memory int64) {
	t.Helper()
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the caller looks at the state
		close(ended)
	}()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if _, rest, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
			var kilobytes int64
			if _, err := fmt.Sscan(string(rest), &kilobytes); err == nil {
				memory = max(memory, kilobytes<<10)
			}
		}
		select {
		case <-ended:
			return b.Bytes(), memory
		case <-time.After(2 * time.Millisecond):
		}
	}
}
