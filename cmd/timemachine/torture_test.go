//go:build torture

package main

import (
	"bytes"
	"encoding/json"
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

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

const (
	tortureRounds  = 600
	tortureFiles   = 12
	roundsPerCheck = 50 // rounds between two checks of the whole destination
	longestLife    = 120 * time.Millisecond
)

// busyDestination is a destination in which runs are killed while other programs use it.
type busyDestination struct {
	*damaged
	src      string
	recorded map[string]string // the file of each content that a finished run has read
	gits     atomic.Int64

	running sync.WaitGroup
	mu      sync.Mutex // guards the counts and recorded

	kills, finished, busy int
}

// TestKilledAmongOthers kills runs, compactions, repairs and rebuilds at random moments while git
// reads and writes in the destination. Readers never fail. Everything that a finished run has read
// is in the history, once.
func TestKilledAmongOthers(t *testing.T) {
	h := &busyDestination{damaged: newDamaged(t), recorded: map[string]string{}}
	h.src = filepath.Join(filepath.Dir(h.dest), "many")
	if err := os.Mkdir(h.src, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.src, "f0"), []byte("first\n"))
	if out, code := h.timemachine("add", h.src); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	for round := 0; round < tortureRounds && !t.Failed(); round += roundsPerCheck {
		stop := h.useGit()
		for i := range roundsPerCheck {
			h.runRound(round + i)
		}
		stop()
		h.checkAll()
	}
	t.Logf("%d kills, %d runs finished, %d found another at work, %d git commands beside them, %d versions that were acknowledged found",
		h.kills, h.finished, h.busy, h.gits.Load(), len(h.recorded))
}

// runRound changes the files and starts a command of timemachine, which it kills in most rounds.
func (h *busyDestination) runRound(n int) {
	contents := map[string]string{}
	for i := range tortureFiles {
		name := filepath.Join(h.src, fmt.Sprint("f", i))
		text := fmt.Sprintf("round %d of file %d\n%s", n, i, strings.Repeat("x", rand.IntN(5000)))
		write(h.t, name, []byte(text))
		contents[text] = name
	}
	args := []string{"run", "--json"}
	if n%5 == 4 {
		args = [][]string{{"compact"}, {"verify", "--repair"}, {"copies", "rebuild"}}[rand.IntN(3)]
	}
	h.startCommand(args, contents)
	if n%4 == 0 { // several at once
		h.startCommand([]string{"run", "--json"}, contents)
		h.startCommand([]string{"run", "--json"}, contents)
	}
	h.running.Wait()
}

// startCommand lets a command live for a random time. The contents count as recorded by a run that
// finished and was not told of another run.
func (h *busyDestination) startCommand(args []string, contents map[string]string) {
	h.t.Helper()
	cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(h.dest), "-d", h.dest}, args...)...)
	cmd.Env = h.env()
	var said bytes.Buffer
	cmd.Stdout = &said
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.running.Go(func() {
		timer := time.AfterFunc(rand.N(longestLife), func() { cmd.Process.Kill() })
		cmd.Wait()
		timer.Stop()
		h.mu.Lock()
		defer h.mu.Unlock()
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		var told struct{ Busy bool }
		switch {
		case status.Signaled():
			h.kills++
		case status.ExitStatus() != 0 || args[0] != "run":
		case json.Unmarshal(said.Bytes(), &told) != nil:
			h.t.Errorf("a run that ends well says: %s", said.Bytes())
		case told.Busy:
			h.busy++
		default:
			h.finished++
			maps.Copy(h.recorded, contents)
		}
	})
}

// What a user does with git beside the runs: each line is several commands. Some of them fail
// because a lock is held or the branch has moved. None rewrites the recorded branch.
var gitWrites = []string{
	"gc -q", "gc -q --prune=now", "repack -adq", "repack -dq", "pack-refs --all", "commit-graph write --reachable", "multi-pack-index write --bitmap",
	"commit -q --allow-empty -m mine", "checkout -q --detach", "checkout -q main", "stash -q",
	"checkout -q -B side main; commit -q --allow-empty -m side; checkout -q main; merge -q --no-ff --no-edit side",
	"checkout -q -B side main~2; revert --no-edit HEAD; checkout -q main; merge -q --no-ff --no-edit side; merge --abort",
	"checkout -q -B side main~2; revert --no-edit HEAD~1; revert --abort; checkout -q main",
	"checkout -q -B topic main~3; commit -q --allow-empty -m topic; rebase -q main topic; rebase --abort; checkout -q main",
	"checkout -q -B topic main~3; cherry-pick main~1; cherry-pick --abort; rebase -q main topic; rebase --skip; rebase --abort; checkout -q main",
}

var gitReads = []string{"log --stat -5 main", "rev-list --objects --count main", "status --porcelain", "cat-file --batch-check --batch-all-objects"}

// useGit uses git on the destination until stop is called. Readers must not fail. Writers may,
// where a lock is held.
func (h *busyDestination) useGit() (stop func()) {
	var working sync.WaitGroup
	end := make(chan struct{})
	beside := func(mustWork bool, all []string) {
		working.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				for command := range strings.SplitSeq(all[rand.IntN(len(all))], "; ") {
					cmd := exec.Command("git", append([]string{"-C", h.dest, "-c", "user.name=s", "-c", "user.email=s@example.org"}, strings.Fields(command)...)...)
					cmd.Env = append(h.env(), "GIT_EDITOR=true")
					out, err := cmd.CombinedOutput()
					h.gits.Add(1)
					if err != nil && mustWork {
						h.t.Errorf("%s: %v: %s", cmd, err, out)
					}
				}
				time.Sleep(rand.N(20 * time.Millisecond))
			}
		})
	}
	beside(true, gitReads)
	beside(false, gitWrites)
	return func() {
		close(end)
		working.Wait()
	}
}

// checkAll lets a run end and checks the whole destination.
func (h *busyDestination) checkAll() {
	h.t.Helper()
	h.timemachine("run") // removes an index.lock that a kill has left
	for _, what := range []string{"merge", "rebase", "revert", "cherry-pick"} {
		cmd := exec.Command("git", "-C", h.dest, what, "--abort")
		cmd.Env = h.env()
		cmd.Run() // fails where none is in progress
	}
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
	h.compareHistory()
}

// compareHistory finds each acknowledged content in the history. It finds no content twice, unless
// a foreign commit removed it in between.
func (h *busyDestination) compareHistory() {
	h.t.Helper()
	const trailers = "%(trailers:key=Source,valueonly,separator=)%x00%(trailers:key=Blob,valueonly,separator=)%x00%(trailers:key=Mtime,valueonly,separator=)%x00%(trailers:key=Event,valueonly,separator=)"
	seen := map[string]bool{}
	blobs := map[string]bool{}
	lines := repotest.Lines(h.t, h.dest, "log", "--first-parent", "--format=%T%x00"+trailers, "main")
	for i, line := range lines {
		tree, line, _ := strings.Cut(line, "\x00")
		f := strings.Split(line, "\x00")
		if f[0] == "" { // a foreign commit: its changes are recorded again
			if i+1 < len(lines) && !strings.HasPrefix(lines[i+1], tree) {
				clear(seen)
			}
			continue
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
