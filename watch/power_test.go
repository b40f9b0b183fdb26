package watch_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// perOutage is how many moments of a scenario, taken at random, the short form tries beside the
// last.
const perOutage = 1

// TestPowerFailures cuts the power at every moment of every scenario. Of the unsynced names and
// contents, all, some or only the contents are lost. What was acknowledged before is whole, and the
// next run goes on.
func TestPowerFailures(t *testing.T) {
	repotest.OneAtATime(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			dir := repotest.InMemory(t)
			w := newWorldIn(t, dir)
			s.prepare(w)
			o := &outage{sweep: sweep{world: w, scenario: s, template: filepath.Join(dir, "template")}}
			copyTree(t, w.dest, o.template)
			o.reference(t)
			o.images(t)
			o.judgeAll(t)
		})
	}
}

// outage is one scenario during which the power fails.
type outage struct {
	sweep
	cuts []image
}

// image is a destination after a power failure.
type image struct{ dest, what string }

// images does the work once and keeps the destination after a failure, at every moment or at some.
func (o *outage) images(t *testing.T) {
	o.check(os.RemoveAll(o.dest))
	copyTree(t, o.template, o.dest)
	dir := filepath.Join(filepath.Dir(o.dest), "images")
	o.check(os.Mkdir(dir, 0o700))
	p := repotest.NewPower(t, o.dest)
	keep := func(what string) {
		for _, loss := range repotest.AllLosses {
			to := filepath.Join(dir, fmt.Sprint(len(o.cuts)))
			p.Cut(t, to, loss)
			o.cuts = append(o.cuts, image{to, fmt.Sprintf("%s is lost before %s", loss, what)})
		}
	}
	p.Watch(func(op *durable.Op) {
		if *repotest.Torture || rand.IntN(max(1, o.count/perOutage)) == 0 {
			keep(fmt.Sprintf("%s %s %s", op.Kind, op.Path, op.To))
		}
	})
	remove := durable.SetSeam(p)
	err := o.work(o.world)
	remove()
	o.check(err)
	keep("anything else")
}

// judgeAll makes each image the destination and checks that it recovers.
func (o *outage) judgeAll(t *testing.T) {
	done := tipOf(o.dest)
	o.boot = "twice"
	for i, c := range o.cuts {
		if i == len(o.cuts)-len(repotest.AllLosses) {
			o.before = done // after the work
		}
		o.check(os.RemoveAll(o.dest))
		o.check(os.Rename(c.dest, o.dest))
		o.judge(t, c.what)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d power failures, %d versions each", len(o.cuts), len(o.want))
}
