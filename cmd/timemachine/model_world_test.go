package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"
)

// modelWorld is a folder with sources, a watch list and a destination, and beside them the model of
// what the history must hold.
type modelWorld struct {
	*modelPlan
	base, dest, branch string
	list               *modelList
	clones             int

	recorded map[string]modelState  // the newest version of each source that is not deleted
	newest   map[string]modelRecord // the newest record of each source
	versions map[string][]string    // blobs that a source has had
	keys     map[string]modelKey    // how each source was found by the last run
	folders  map[string]bool        // sources whose newest record is of a folder
	tip      string
	history  map[string][]modelRecord // all records of each source, oldest first
	moments  []modelMoment

	blank     bool                         // what the program knew is lost since the last run
	tainted   map[string]bool              // what somebody's commit may have changed in the tree
	loose     map[string]bool              // those of them that no run has looked at since
	away      bool                         // HEAD is not on the recorded branch
	locked    bool                         // somebody holds the index
	split     bool                         // the index is split: it cannot be written
	reverted  bool                         // somebody has taken a commit back
	partly    map[string]bool              // recorded by a run that saw no other names
	noRoom    bool                         // for copies
	owed      bool                         // copies were left out for want of room
	behind    bool                         // files/ and the index may not be what the branch says
	rewritten bool                         // git has written in files/, which does not know mtimes
	mapped    map[[2]uint64]bool           // files that were written through a mapping
	before    func()                       // is done right before the next run
	beside    *modelStep                   // what goes on beside the next run
	during    []func(stop <-chan struct{}) // what works beside the next run
	shaky     map[string]*modelShaky
	mounts    []*modelMount

	daemon  *modelDaemon // nil: none runs
	unheard bool         // something was done of which a daemon may not hear by events
}

// modelMoment is the state after a run.
type modelMoment struct {
	tip      string
	at       time.Time
	recorded map[string]modelState
	loose    map[string]bool // as of the world
}

// modelShaky is what a source went through while a run was at work.
type modelShaky struct {
	blobs  map[string]bool           // each state it had as a whole; nil: any
	whole  func(content string) bool // or tells whether it had a state; nil: blobs does
	absent bool                      // for a moment
}

// newModelWorld is the world of a plan in a folder that it is to make.
func newModelWorld(p *modelPlan, base string) *modelWorld {
	return &modelWorld{modelPlan: p, base: base, dest: base + p.setting.dest(), branch: "main", list: &modelList{}, folders: map[string]bool{},
		recorded: map[string]modelState{}, newest: map[string]modelRecord{}, versions: map[string][]string{}, history: map[string][]modelRecord{},
		keys: map[string]modelKey{}, tainted: map[string]bool{}, loose: map[string]bool{}, partly: map[string]bool{}, mapped: map[[2]uint64]bool{}, shaky: map[string]*modelShaky{}}
}

// play plays the plan in a new folder and returns the first fault.
func (p *modelPlan) play(base string) (fault *modelFault) {
	w := newModelWorld(p, base)
	at := 0
	defer func() {
		r := recover()
		if r == nil || *modelKeep == "" {
			w.close()
		}
		if r != nil {
			f, ok := r.(*modelFault)
			if !ok {
				panic(r)
			}
			f.step = at
			fault = f
		}
	}()
	w.make()
	for i, s := range p.steps {
		at = i
		if *modelTell {
			fmt.Println(s)
		}
		for _, op := range modelOperations {
			if op.name == s.op {
				w.noteHeard(s)
				op.do(w, s)
			}
		}
	}
	w.stopDaemon(true)
	return nil
}

// fail ends the world: a check does not hold.
func (w *modelWorld) fail(check, format string, args ...any) {
	panic(&modelFault{check: check, text: strings.ReplaceAll(fmt.Sprintf(format, args...), w.base, "")})
}

// must fails the world where the test itself cannot go on.
func (w *modelWorld) must(err error) {
	if err != nil {
		w.fail("test", "%v", err)
	}
}

func (w *modelWorld) make() {
	w.close()
	for _, dir := range []string{"w/a", "w/b", "o/d0", "home", "state"} {
		w.must(os.MkdirAll(w.path(dir), 0o755))
	}
	w.must(os.WriteFile(w.path("o/f0"), []byte("outside\n"), 0o644))
	w.must(os.WriteFile(w.path("o/d0/f0"), []byte("outside, in a folder\n"), 0o644))
	if w.coarse() {
		if err := w.mountCoarse(); err != nil {
			fmt.Println("NO FILE SYSTEM WITH A COARSE CLOCK:", err)
		}
		w.must(os.MkdirAll(w.path("w/a"), 0o755))
		w.must(os.MkdirAll(w.path("w/b"), 0o755))
	}
	w.must(os.MkdirAll(w.configFolder(), 0o755))
	w.must(os.MkdirAll(w.dest, 0o700))
	w.must(os.Symlink("../o/f0", w.path("w/l0")))
	w.must(os.Symlink("../o/d0", w.path("w/l1")))
}

// close takes all of the world away.
func (w *modelWorld) close() {
	w.stopDaemon(false)
	w.unmountAll()
	os.RemoveAll(w.base)
}

func (w *modelWorld) path(name string) string { return w.base + "/" + name }

func (w *modelWorld) coarse() bool {
	return w.setting.coarse && modelMounts
}

// configFolder is where the watch list and the log lie.
func (w *modelWorld) configFolder() string {
	if w.setting.inside {
		return w.path("w/a/timemachine")
	}
	return w.path("conf")
}

// never tells what is no source, whatever the watch list says.
func (w *modelWorld) never(p string) bool {
	return p == w.dest || strings.HasPrefix(p, w.configFolder()+"/timemachine.log")
}

// removeAll removes a file or folder, and what is mounted there.
func (w *modelWorld) removeAll(p string) {
	w.unmountBelow(p)
	w.must(os.RemoveAll(p))
}

// writeList writes the watch list as a person would.
func (w *modelWorld) writeList() {
	var b strings.Builder
	if !w.setting.copies {
		b.WriteString("copies: none\n")
	} else if w.noRoom {
		b.WriteString("copies: {min-free: 100%}\n")
	}
	if !w.setting.touched {
		b.WriteString("touched: ignore\n")
	}
	b.WriteString("watch:\n")
	for _, e := range w.list.entries {
		fmt.Fprintf(&b, "  - path: %q\n", e.text)
		if len(e.exclude) > 0 {
			fmt.Fprintf(&b, "    exclude: [%q]\n", strings.Join(e.exclude, `", "`))
		}
	}
	if len(w.list.exclude) > 0 {
		fmt.Fprintf(&b, "exclude: [\"%s\"]\n", strings.Join(w.list.exclude, `", "`))
	}
	w.must(os.MkdirAll(w.configFolder(), 0o755))
	w.must(os.WriteFile(w.configFolder()+"/config.dat", []byte(b.String()), 0o644))
}

// watch draws a new watch list.
func (w *modelWorld) watch(s modelStep) {
	w.list = newModelList(rand.New(rand.NewPCG(w.seed, uint64(s.n))), w.base)
	w.writeList()
}

// program runs timemachine.
func (w *modelWorld) program(args ...string) (out string, code int) {
	cmd := w.command(args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	if cmd.ProcessState == nil {
		w.must(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

func (w *modelWorld) command(args ...string) *exec.Cmd {
	cmd := exec.Command(*modelBinary, append([]string{"-cl", w.configFolder(), "-d", w.dest}, args...)...)
	cmd.Env = w.env()
	cmd.Dir = w.base
	return cmd
}

// remember keeps the state after a run, for restore.
func (w *modelWorld) remember() {
	if w.tip == "" || len(w.moments) > 0 && w.moments[len(w.moments)-1].tip == w.tip {
		return
	}
	w.moments = append(w.moments, modelMoment{tip: w.tip, at: time.Now(), recorded: maps.Clone(w.recorded), loose: maps.Clone(w.loose)})
}

func (w *modelWorld) rel(p string) string { return strings.TrimPrefix(p, w.base+"/") }
