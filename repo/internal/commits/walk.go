package commits

import (
	"context"
	"runtime"
	"sync"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
)

// Walk reads commits from a tip back along first parents, newest first. A long way is read ahead of
// the visitor: one goroutine follows the parents, as many as there are processors make a T of each
// commit, and the visitor takes them in order. What is read ahead is bounded.
type Walk[T any] struct {
	Commits *Commits
	Stop    func(object.ID) bool              // for the first commit that is not wanted
	Make    func(id object.ID, raw []byte) T  // of a commit's body; called by several goroutines at once
	Visit   func(id object.ID, value T) error // called in order by run's caller
}

// Run returns where it stopped: the first commit that stop is true of, or zero after a root.
func (a *Walk[T]) Run(ctx context.Context, tip object.ID) (object.ID, error) {
	id := tip
	for range soloWalk {
		if a.ended(id) {
			return id, nil
		}
		if err := ctx.Err(); err != nil {
			return id, err
		}
		s := waypoint[T]{id: id}
		a.read(&s)
		if err := a.take(&s); err != nil {
			return id, err
		}
		id = s.parent
	}
	if a.ended(id) {
		return id, nil
	}
	id, lied, err := a.ahead(ctx, id, a.Commits.Graph)
	if lied && err == nil {
		a.Commits.Opts.Log("the commit-graph does not agree with the commits and is passed over", "commit", id.String())
		id, _, err = a.ahead(ctx, id, nil)
	}
	return id, err
}

func (a *Walk[T]) ended(id object.ID) bool { return id.IsZero() || a.Stop(id) }

func (a *Walk[T]) take(s *waypoint[T]) error {
	if s.err != nil {
		return a.Commits.unreadable(s.id, s.err)
	}
	return a.Visit(s.id, s.value)
}

// read fills a step in, and lets go of the raw commit.
func (a *Walk[T]) read(s *waypoint[T]) {
	if s.raw == nil && s.err == nil {
		s.raw, s.err = a.Commits.Store.ReadRawCommit(s.id)
	}
	if s.err == nil {
		s.parent, s.err = object.FirstParent(s.raw)
	}
	if s.err == nil {
		s.value = a.Make(s.id, s.raw)
	}
	s.raw = nil
}

// ahead goes on from a commit with several goroutines, which are gone when it returns. With hints,
// parents are taken from there before the commits themselves are read; lied tells that these say
// otherwise, and id is the true parent then.
func (a *Walk[T]) ahead(ctx context.Context, id object.ID, hints func() *commitgraph.Chain) (_ object.ID, lied bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	work, order := make(chan *stretch[T], readAhead), make(chan *stretch[T], readAhead)
	f := pathfinder[T]{a: a, openGraph: hints, id: id, pos: -1, work: work, order: order}
	all.Go(func() { f.follow(ctx) })
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for some := range work {
				for i := range some.points {
					if ctx.Err() == nil {
						a.read(&some.points[i])
					}
				}
				close(some.ready)
			}
		})
	}
	for some := range order {
		<-some.ready
		for i := range some.points {
			s := &some.points[i]
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

// Commits are read one by one up to soloWalk: what a run looks at as a rule is not worth more.
const (
	soloWalk   = 32
	stretchLen = 64
	stretchRaw = 1 << 20 // bytes of commits, where they are read by who follows
	readAhead  = 8       // stretches
	hintsAfter = 4096    // commits after which it is worth reading the commit-graph
)

// waypoint is one commit on the way. Either raw or err is set once it was read.
type waypoint[T any] struct {
	id     object.ID
	raw    []byte
	parent object.ID // as the commit says
	value  T
	err    error
}

// stretch is some waypoints in order, read when ready is closed.
type stretch[T any] struct {
	points []waypoint[T]
	ready  chan struct{}
}

// pathfinder goes from commit to parent.
type pathfinder[T any] struct {
	a           *Walk[T]
	openGraph   func() *commitgraph.Chain // nil for none
	graph       *commitgraph.Chain
	id          object.ID
	pos         int // in graph, -1 where it is not known
	steps       int
	work, order chan<- *stretch[T]
}

// follow ends with the way, with a commit that cannot be read, or with ctx.
func (f *pathfinder[T]) follow(ctx context.Context) {
	defer close(f.order)
	defer close(f.work)
	for !f.a.ended(f.id) {
		some := f.gather()
		last := some.points[len(some.points)-1].err != nil // while it is still ours
		for _, c := range []chan<- *stretch[T]{f.work, f.order} {
			select {
			case c <- some:
			case <-ctx.Done():
				return
			}
		}
		if last {
			return
		}
	}
}

func (f *pathfinder[T]) gather() *stretch[T] {
	some := &stretch[T]{points: make([]waypoint[T], 0, stretchLen), ready: make(chan struct{})}
	for raw := 0; len(some.points) < stretchLen && raw < stretchRaw && !f.a.ended(f.id); {
		s := f.step()
		raw += len(s.raw)
		some.points = append(some.points, s)
		if s.err != nil {
			break
		}
	}
	return some
}

// step is the commit at f.id, which moves on to its parent.
func (f *pathfinder[T]) step() waypoint[T] {
	s := waypoint[T]{id: f.id}
	if f.steps++; f.steps == hintsAfter && f.openGraph != nil {
		f.graph = f.openGraph()
	}
	if f.graph != nil && f.stepByGraph() {
		return s
	}
	if s.raw, s.err = f.a.Commits.Store.ReadRawCommit(s.id); s.err == nil {
		f.id, s.err = object.FirstParent(s.raw)
	}
	return s
}

// stepByGraph moves on by the graph; false where it does not cover the commit.
func (f *pathfinder[T]) stepByGraph() (ok bool) {
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
