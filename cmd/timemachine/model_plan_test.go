package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// modelPlan is what a seed stands for. It is made without a look at the disk, so that any of its
// steps can be left out.
type modelPlan struct {
	seed    uint64
	setting modelSetting
	steps   []modelStep
	about   string // the one check that is looked for; "" for all

	daemonEvents string // where a program that stays running has its events from; "": none does
}

// modelSetting is what holds for a world from its beginning to its end.
type modelSetting struct {
	touched bool // a new mtime alone makes a version
	copies  bool
	inside  bool // the configuration and its log lie in a watched folder
	coarse  bool // the sources are on a file system with a clock of seconds
	within  bool // the destination lies in a watched folder
}

// dest is where the destination lies in the world's folder.
func (s modelSetting) dest() string {
	if s.within {
		return "/w/b/dest"
	}
	return "/dest"
}

// modelStep is one thing done. Paths are relative to the world's folder.
type modelStep struct {
	number int // in the whole plan
	op     string
	a, b   string
	n, m   int
}

func (s modelStep) String() string {
	return strings.TrimSpace(fmt.Sprintf("%4d %-11s %-16q %-16q %d %d", s.number, s.op, s.a, s.b, s.n, s.m))
}

// newModelPlan makes the plan of a seed. Operations that are left out are drawn all the same, so
// that a seed keeps its meaning.
func newModelPlan(seed uint64, rounds int) *modelPlan {
	r := rand.New(rand.NewPCG(seed, 0x6d6f64656c))
	p := &modelPlan{seed: seed}
	p.setting = modelSetting{
		touched: r.IntN(4) > 0, copies: r.IntN(4) > 0, inside: r.IntN(8) == 0, coarse: r.IntN(6) == 0,
		within: r.IntN(6) == 0,
	}
	total := 0
	for _, op := range modelOperations {
		total += op.weight
	}
	number := 0
	add := func(s modelStep) {
		s.number = number
		number++
		p.steps = append(p.steps, s)
	}
	add(modelStep{op: "watch", n: r.IntN(1 << 30)})
	for range 8 {
		add(modelStep{op: "write", a: modelPath(r), n: r.IntN(1 << 20)})
	}
	for range rounds {
		for range 1 + r.IntN(6) {
			at := r.IntN(total)
			i := 0
			for ; at >= modelOperations[i].weight; i++ {
				at -= modelOperations[i].weight
			}
			s := modelStep{op: modelOperations[i].name, a: modelPath(r), b: modelPath(r), n: r.IntN(1 << 20), m: r.IntN(1 << 20)}
			add(s)
		}
		add(modelStep{op: "run", a: modelPath(r), n: r.IntN(1 << 20), m: r.IntN(1 << 20)})
	}
	add(modelStep{op: "quiet"})
	off := modelLeftOut()
	p.steps = slices.DeleteFunc(p.steps, func(s modelStep) bool {
		return slices.Contains(off, s.op) || (s.op == "mount" || s.op == "reboot") && !modelMounts
	})
	return p
}

// modelNames are the names that files, folders and links have: few, so that they get into each
// other's way.
var modelNames = []string{"f0", "f1", "c.txt", "d.md", "e.tmp", "d0", "d1", "d2", "l0", "l1"}

// modelOddNames are those that need care in git, in trailers or in output.
var modelOddNames = []string{".git", "git~1", ".gitattributes", ".gitmodules", ".gitignore", "%2Egit", "HEAD", "%48EAD", "new\nline", "tab\t\"quote\"", " space ", "back\\slash", "\xff\xfe", "ü", "2001-01-01T00-00-00.000000Z-f0", ":c", "-d"}

// modelPath draws a path. Those that are watched come more often.
func modelPath(r *rand.Rand) string {
	path := []string{"w/a", "w/a", "w/a", "w/b", "w/b", "o", "w"}[r.IntN(7)]
	for range 1 + min(r.IntN(4), r.IntN(4)) {
		name := modelNames[r.IntN(len(modelNames))]
		if r.IntN(12) == 0 {
			name = modelOddNames[r.IntN(len(modelOddNames))]
		}
		path += "/" + name
	}
	return path
}

// until is the plan up to a step, by its place in the list.
func (p *modelPlan) until(step int) *modelPlan {
	q := *p
	q.steps = p.steps[:min(step+1, len(p.steps))]
	return &q
}

// only is the plan with none but the steps of these numbers.
func (p *modelPlan) only(numbers []int) *modelPlan {
	q := *p
	q.steps = nil
	for _, s := range p.steps {
		if slices.Contains(numbers, s.number) {
			q.steps = append(q.steps, s)
		}
	}
	return &q
}

func (p *modelPlan) numbers() string {
	all := make([]string, 0, len(p.steps))
	for _, s := range p.steps {
		all = append(all, strconv.Itoa(s.number))
	}
	return strings.Join(all, ",")
}

func (p *modelPlan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n", p.setting)
	for _, s := range p.steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// modelFault is a check that failed.
type modelFault struct {
	step  int // in the list that was played
	check string
	text  string
}

func (f *modelFault) String() string { return f.check + ": " + f.text }
