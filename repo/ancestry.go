package repo

import (
	"context"
	"runtime"
	"sync"

	"timemachine/repo/commitgraph"
	"timemachine/repo/object"
)

// ancestry reads commits from a tip back along first parents, newest first. A long way is read ahead of the visitor: one
// goroutine follows the parents, as many as there are processors make a T of each commit, and the visitor takes them
// in order. What is read ahead is bounded.
type ancestry[T any] struct {
	r     *Repo
	stop  func(object.ID) bool              // for the first commit that is not wanted
	make  func(id object.ID, raw []byte) T  // of a commit's body; called by several goroutines at once
	visit func(id object.ID, value T) error // called in order by run's caller
}

// Commits are read one by one up to soloSteps: what a run looks at as a rule is not worth more.
const (
	soloSteps  = 32
	batchSteps = 64
	batchRaw   = 1 << 20 // bytes of commits, where they are read by who follows
	readAhead  = 8       // batches
	hintSteps  = 4096    // after which it is worth reading the commit-graph
)

// step is one commit on the way. Either raw or err is set once it was read.
type step[T any] struct {
	id     object.ID
	raw    []byte
	parent object.ID // as the commit says
	value  T
	err    error
}

// stretch is some steps in order, read when ready is closed.
type stretch[T any] struct {
	steps []step[T]
	ready chan struct{}
}

// run returns where it stopped: the first commit that stop is true of, or zero after a root.
func (a *ancestry[T]) run(ctx context.Context, tip object.ID) (object.ID, error) {
	id := tip
	for range soloSteps {
		if a.ended(id) {
			return id, nil
		}
		if err := ctx.Err(); err != nil {
			return id, err
		}
		s := step[T]{id: id}
		a.read(&s)
		if err := a.take(&s); err != nil {
			return id, err
		}
		id = s.parent
	}
	if a.ended(id) {
		return id, nil
	}
	id, lied, err := a.ahead(ctx, id, a.r.graphHints)
	if lied && err == nil {
		a.r.o.Log("the commit-graph does not agree with the commits and is passed over", "commit", id.String())
		id, _, err = a.ahead(ctx, id, nil)
	}
	return id, err
}

func (a *ancestry[T]) ended(id object.ID) bool { return id.IsZero() || a.stop(id) }

func (a *ancestry[T]) take(s *step[T]) error {
	if s.err != nil {
		return a.r.unreadable(s.id, s.err)
	}
	return a.visit(s.id, s.value)
}

// read fills a step in, and lets go of the raw commit.
func (a *ancestry[T]) read(s *step[T]) {
	if s.raw == nil && s.err == nil {
		s.raw, s.err = a.r.store.ReadRawCommit(s.id)
	}
	if s.err == nil {
		s.parent, s.err = object.FirstParent(s.raw)
	}
	if s.err == nil {
		s.value = a.make(s.id, s.raw)
	}
	s.raw = nil
}

// ahead goes on from a commit with several goroutines, which are gone when it returns. With hints, parents are taken
// from there before the commits themselves are read; lied tells that these say otherwise, and id is the true parent then.
func (a *ancestry[T]) ahead(ctx context.Context, id object.ID, hints func() *commitgraph.Chain) (_ object.ID, lied bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	work, order := make(chan *stretch[T], readAhead), make(chan *stretch[T], readAhead)
	f := follower[T]{a: a, hints: hints, id: id, pos: -1, work: work, order: order}
	all.Go(func() { f.follow(ctx) })
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for some := range work {
				for i := range some.steps {
					if ctx.Err() == nil {
						a.read(&some.steps[i])
					}
				}
				close(some.ready)
			}
		})
	}
	for some := range order {
		<-some.ready
		for i := range some.steps {
			s := &some.steps[i]
			if err := ctx.Err(); err != nil {
				return id, false, err
			}
			if s.id != id {
				return id, true, nil
			}
			if err := a.take(s); err != nil {
				return id, false, err
			}
			id = s.parent
		}
	}
	return id, !a.ended(id) && ctx.Err() == nil, ctx.Err()
}

// follower goes from commit to parent.
type follower[T any] struct {
	a           *ancestry[T]
	hints       func() *commitgraph.Chain // nil for none
	graph       *commitgraph.Chain
	id          object.ID
	pos         int // in graph, -1 where it is not known
	steps       int
	work, order chan<- *stretch[T]
}

// follow ends with the way, with a commit that cannot be read, or with ctx.
func (f *follower[T]) follow(ctx context.Context) {
	defer close(f.order)
	defer close(f.work)
	for !f.a.ended(f.id) {
		some := f.gather()
		for _, c := range []chan<- *stretch[T]{f.work, f.order} {
			select {
			case c <- some:
			case <-ctx.Done():
				return
			}
		}
		if some.steps[len(some.steps)-1].err != nil {
			return
		}
	}
}

func (f *follower[T]) gather() *stretch[T] {
	some := &stretch[T]{steps: make([]step[T], 0, batchSteps), ready: make(chan struct{})}
	for raw := 0; len(some.steps) < batchSteps && raw < batchRaw && !f.a.ended(f.id); {
		s := f.step()
		raw += len(s.raw)
		some.steps = append(some.steps, s)
		if s.err != nil {
			break
		}
	}
	return some
}

// step is the commit at f.id, which moves on to its parent.
func (f *follower[T]) step() step[T] {
	s := step[T]{id: f.id}
	if f.steps++; f.steps == hintSteps && f.hints != nil {
		f.graph = f.hints()
	}
	if f.graph != nil && f.hinted() {
		return s
	}
	if s.raw, s.err = f.a.r.store.ReadRawCommit(s.id); s.err == nil {
		f.id, s.err = object.FirstParent(s.raw)
	}
	return s
}

// hinted moves on by the graph; false where it does not cover the commit.
func (f *follower[T]) hinted() (ok bool) {
	if f.pos < 0 {
		if f.pos, ok = f.graph.Find(f.id); !ok {
			f.pos = -1
			return false
		}
	}
	var buf [2]uint32
	parents, err := f.graph.Parents(f.pos, buf[:0])
	if err != nil {
		f.graph = nil
		return false
	}
	if len(parents) == 0 {
		f.id = object.ID{}
		return true
	}
	f.pos = int(parents[0])
	f.id = f.graph.ID(f.pos)
	return true
}
