package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var (
	modelSeed   = flag.Uint64("model.seed", 0, "the one seed to play; 0 takes 1, 2, 3 and so on, or new ones where the total is given")
	modelRounds = flag.Int("model.rounds", 0, "rounds of a world; 0 leaves it to the kind of test")
	modelTotal  = flag.Int("model.total", 0, "rounds to play over all worlds; 0 plays for some seconds")
	modelSteps  = flag.String("model.steps", "", "play only these steps of the seed: 3,17,40")
	modelBinary = flag.String("model.binary", "timemachine", "the program to drive")
	modelOff    = flag.String("model.off", "", "operations to leave out: names, with commas")
	modelShrink = flag.Duration("model.shrink", 20*time.Second, "how long to look for fewer steps that fail")
	modelKeep   = flag.String("model.keep", "", "play the one seed in this folder, and leave it there as it is at the first fault")
	modelTell   = flag.Bool("model.tell", false, "print each step as it is played")
)

const (
	modelShortRounds = 12              // of a world, so that many watch lists have their turn
	modelLongRounds  = 100             // of a world where the total is given
	modelShortTime   = 6 * time.Second // to begin new worlds in
)

// TestModel drives the program through random operations beside a model of what the history must
// hold, and compares the two after every run. Each seed is a world of its own; one that fails is
// played again with fewer steps, and the command that repeats it is printed. Without flags the
// worlds are the same each time, as many of them as the time allows.
func TestModel(t *testing.T) {
	t.Parallel()
	if !modelMounts {
		t.Log("left out: mounts and coarse clocks: tag system, root")
	}
	if os.Geteuid() != 0 {
		t.Log("left out: owners: root")
	}
	for _, name := range modelLeftOut() {
		if !slices.ContainsFunc(modelOperations, func(o modelOperation) bool { return o.name == name }) {
			t.Fatalf("-model.off: no operation %q", name)
		}
	}
	rounds := *modelRounds
	if rounds == 0 {
		rounds = modelShortRounds
		if *modelTotal > 0 {
			rounds = modelLongRounds
		}
	}
	if *modelSeed != 0 {
		playSeed(t, *modelSeed, rounds)
		return
	}
	short := modelShortTime
	if testing.Short() {
		short, rounds = short/3, rounds/2
	}
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(*modelTotal))
	more := func() bool {
		if *modelTotal > 0 {
			return left.Add(-int64(rounds)) > -int64(rounds)
		}
		return time.Since(began) < short
	}
	var worlds atomic.Uint64
	t.Run("worlds", func(t *testing.T) {
		for range runtime.NumCPU() + 1 { // since worlds sleep at times
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for !t.Failed() && more() {
					seed := worlds.Add(1)
					if *modelTotal > 0 {
						seed = rand.Uint64N(1<<40) + 1
					}
					playSeed(t, seed, rounds)
				}
			})
		}
	})
	t.Logf("%d worlds of %d rounds", worlds.Load(), rounds)
}

// playSeed plays one world, and fails the test with the command that repeats it.
func playSeed(t *testing.T, seed uint64, rounds int) {
	p := newModelPlan(seed, rounds)
	if *modelSteps != "" {
		p = p.only(stepNumbers(t, *modelSteps))
	}
	if *modelKeep != "" {
		if fault := p.play(*modelKeep); fault != nil {
			t.Errorf("seed %d: %s", seed, fault)
		}
		return
	}
	fault := p.play(modelFolder(t))
	if fault == nil {
		return
	}
	again := fmt.Sprintf("go test ./cmd/timemachine -run '^TestModel$' -model.seed=%d -model.rounds=%d", seed, rounds)
	if modelMounts {
		again += " -tags system"
	}
	if *modelOff != "" {
		again += " -model.off=" + *modelOff
	}
	t.Errorf("seed %d: %s\nto repeat it: %s", seed, fault, again)
	if *modelShrink == 0 || *modelSteps != "" {
		return
	}
	small, fewer := p.shrink(t, fault)
	t.Errorf("%d steps of %d also fail: %s\nto repeat them: %s -model.steps=%s\n%s", len(small.steps), len(p.steps), fewer, again, small.numbers(), small)
}

// modelLeftOut lists the operations that are left out.
func modelLeftOut() []string {
	return strings.FieldsFunc(*modelOff, func(r rune) bool { return r == ',' })
}

func stepNumbers(t *testing.T, list string) []int {
	var all []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("-model.steps: %v", err)
		}
		all = append(all, n)
	}
	return all
}

// modelFolder is a new folder for one world, on a tmpfs where there is one. It goes with the test,
// or sooner.
func modelFolder(t *testing.T) string {
	dir := ""
	if unix.Access("/dev/shm", unix.W_OK) == nil {
		dir = "/dev/shm"
	}
	dir, err := os.MkdirTemp(dir, "timemachine-model-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "x")
}

// shrink finds fewer steps that fail the same check: it leaves out all of a kind, then ever smaller
// parts of the list.
func (p *modelPlan) shrink(t *testing.T, fault *modelFault) (*modelPlan, *modelFault) {
	end := time.Now().Add(*modelShrink)
	best := p.until(fault.step)
	best.about = fault.check
	dir := modelFolder(t)
	try := func(steps []modelStep) bool {
		if len(steps) == len(best.steps) || time.Now().After(end) {
			return false
		}
		fewer := *best
		fewer.steps = steps
		f := fewer.play(dir)
		if f == nil || f.check != fault.check {
			return false
		}
		best, fault = fewer.until(f.step), f
		return true
	}
	last := best.steps[len(best.steps)-1]
	for _, op := range modelOperations {
		try(slices.DeleteFunc(slices.Clone(best.steps), func(s modelStep) bool { return s.op == op.name && s.op != "run" && s.number != last.number }))
	}
	for size := len(best.steps) / 2; size > 0; size /= 2 {
		for to := len(best.steps); to > 0; to -= size {
			try(slices.Concat(best.steps[:max(0, to-size)], best.steps[min(to, len(best.steps)):]))
		}
	}
	return best, fault
}
