//go:build torture

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
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

	"timemachine/repo/object"
	"timemachine/repo/repotest"
)

const (
	tortureRounds = 600
	tortureFiles  = 12
	settleEach    = 50 // rounds between two looks at everything
	longestLife   = 120 * time.Millisecond
)

// hell is a destination in which runs are killed while others use it.
type hell struct {
	*damaged
	src      string
	recorded map[string]string // content that a finished run has seen, by what it was written to
	kills    int
	finished int
	gits     atomic.Int64
}

// TestKilledAmongOthers kills runs, compactions, repairs and rebuilds at random moments while git reads and writes
// beside them. Readers never fail; what a finished run has seen is in the history, once.
func TestKilledAmongOthers(t *testing.T) {
	h := &hell{damaged: newDamaged(t), recorded: map[string]string{}}
	h.src = filepath.Join(filepath.Dir(h.dest), "many")
	if err := os.Mkdir(h.src, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.src, "f0"), []byte("first\n"))
	if out, code := h.timemachine("add", h.src); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	for round := 0; round < tortureRounds && !t.Failed(); round += settleEach {
		stop := h.others()
		for i := range settleEach {
			h.round(round + i)
		}
		stop()
		h.settle()
	}
	t.Logf("%d kills, %d runs finished, %d git commands beside them, %d versions that were acknowledged found",
		h.kills, h.finished, h.gits.Load(), len(h.recorded))
}

// round changes the files and starts one of our commands, which most often is killed.
func (h *hell) round(n int) {
	contents := map[string]string{}
	for i := range tortureFiles {
		name := filepath.Join(h.src, fmt.Sprint("f", i))
		text := fmt.Sprintf("round %d of file %d\n%s", n, i, strings.Repeat("x", rand.IntN(5000)))
		write(h.t, name, []byte(text))
		contents[text] = name
	}
	args := []string{"run"}
	if n%5 == 4 {
		args = [][]string{{"compact"}, {"verify", "--repair"}, {"copies", "rebuild"}}[rand.IntN(3)]
	}
	cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(h.dest), "-d", h.dest}, args...)...)
	cmd.Env = h.env()
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	timer := time.AfterFunc(rand.N(longestLife), func() { cmd.Process.Kill() })
	cmd.Wait()
	timer.Stop()
	switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case status.Signaled():
		h.kills++
	case status.ExitStatus() == 0 && args[0] == "run":
		h.finished++
		maps.Copy(h.recorded, contents)
	}
}

// others uses git on the destination until stop is called. Readers must not fail; writers may, where a lock is held.
func (h *hell) others() (stop func()) {
	var working sync.WaitGroup
	end := make(chan struct{})
	beside := func(reads bool, commands ...string) {
		working.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				cmd := exec.Command("git", append([]string{"-C", h.dest, "-c", "user.name=s", "-c", "user.email=s@example.org"},
					strings.Fields(commands[rand.IntN(len(commands))])...)...)
				cmd.Env = h.env()
				out, err := cmd.CombinedOutput()
				h.gits.Add(1)
				if err != nil && reads {
					h.t.Errorf("%s: %v: %s", cmd, err, out)
				}
				time.Sleep(rand.N(20 * time.Millisecond))
			}
		})
	}
	beside(true, "log --stat -5 main", "rev-list --objects --count main", "status --porcelain", "cat-file --batch-check --batch-all-objects")
	beside(false, "gc -q", "repack -adq", "pack-refs --all", "commit -q --allow-empty -m mine", "checkout -q --detach", "checkout -q main", "commit-graph write --reachable")
	return func() {
		close(end)
		working.Wait()
	}
}

// settle lets a run end and looks at everything.
func (h *hell) settle() {
	h.t.Helper()
	h.timemachine("run") // clears an index.lock that a kill has left
	repotest.Git(h.t, h.dest, "checkout", "-q", "-f", "main")
	for _, args := range [][]string{{"run"}, {"verify", "--repair"}, {"run"}, {"verify"}} {
		if out, code := h.timemachine(args...); code != 0 {
			h.t.Errorf("%s: exit %d: %s", args[0], code, out)
		}
	}
	repotest.MustCheck(h.t, h.dest)
	left, _ := filepath.Glob(strings.ReplaceAll(h.git("objects/pack/*.keep"), "$", `\$`))
	if names, err := os.ReadDir(h.git("timemachine/stage")); len(left) > 0 || err != nil || slices.ContainsFunc(names, func(e os.DirEntry) bool { return !strings.HasSuffix(e.Name(), ".lock") }) {
		h.t.Errorf("left behind: %v %v", left, names)
	}
	h.compare()
}

// compare finds each acknowledged content in the history, and nothing twice.
func (h *hell) compare() {
	h.t.Helper()
	seen := map[string]bool{}
	blobs := map[string]bool{}
	for _, line := range repotest.Lines(h.t, h.dest, "log", "--format=%(trailers:key=Source,valueonly,separator=)%x00%(trailers:key=Blob,valueonly,separator=)%x00%(trailers:key=Mtime,valueonly,separator=)%x00%(trailers:key=Event,valueonly,separator=)", "main") {
		f := strings.Split(line, "\x00")
		if f[0] == "" {
			continue // somebody else's commit
		}
		if seen[line] {
			h.t.Errorf("recorded twice: %q", line)
		}
		seen[line] = true
		blobs[f[0]+"\x00"+f[1]] = true
	}
	for text, name := range h.recorded {
		id, err := object.HashBlob([]byte(text))
		if err != nil || !blobs[name+"\x00"+id.String()] {
			h.t.Errorf("lost: %.30q of %s", text, name)
		}
	}
}
