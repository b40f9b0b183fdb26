package commits

import (
	"context"
	"runtime"
	"sync"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/ownpacks"
)

// Walk reads commits from a tip back along first parents, newest first. A long walk reads ahead of
// Visit: one goroutine follows the parents, one on each processor makes a T of each commit, and
// Visit gets them in order. The amount that is read ahead has a limit.
type Walk[T any] struct {
	Commits *Commits
	Stop    func(object.ID) bool              // selects the first commit that is not visited
	Make    func(id object.ID, raw []byte) T  // parses a commit; several goroutines call it at once
	Visit   func(id object.ID, value T) error // called in order, by Run's goroutine
	Known   *ownpacks.Contents                // commits that are not read from the disk; nil: none
}

// Run walks from tip on. It returns the commit that Stop selected, or zero after a root.
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
	id, disagrees, err := a.ahead(ctx, id, a.Commits.Graph)
	if disagrees && err == nil {
		a.Commits.Opts.Log("the commit-graph does not agree with the commits and is passed over", "commit", id.String())
		id, _, err = a.ahead(ctx, id, nil)
	}
	return id, err
}

func (a *Walk[T]) ended(id object.ID) bool { return id.IsZero() || a.Stop(id) }

// take visits a commit that was read.
func (a *Walk[T]) take(s *waypoint[T]) error {
	if s.err != nil {
		return a.Commits.unreadable(s.id, s.err)
	}
	return a.Visit(s.id, s.value)
}

// raw is a commit as it is stored.
func (a *Walk[T]) raw(id object.ID) ([]byte, error) {
	if a.Known != nil {
		if raw, ok := a.Known.Get(id); ok {
			return raw, nil
		}
	}
	return a.Commits.Store.ReadRawCommit(id)
}

// read fills in a waypoint and drops the raw commit.
func (a *Walk[T]) read(s *waypoint[T]) {
	if s.raw == nil && s.err == nil {
		s.raw, s.err = a.raw(s.id)
	}
	if s.err == nil {
		s.parent, s.err = object.FirstParent(s.raw)
	}
	if s.err == nil {
		s.value = a.Make(s.id, s.raw)
	}
	s.raw = nil
}

// ahead walks on from a commit with several goroutines, which have ended when it returns. It takes
// parents from the graph before it reads the commits themselves; openGraph may be nil. disagrees
// tells that a commit has another parent than the graph says; the ID returned is the true one.
func (a *Walk[T]) ahead(ctx context.Context, id object.ID, openGraph func() *commitgraph.Chain) (_ object.ID, disagrees bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	work, order := make(chan *stretch[T], readAhead), make(chan *stretch[T], readAhead)
	f := pathfinder[T]{a: a, openGraph: openGraph, id: id, pos: -1, work: work, order: order}
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

const (
	soloWalk   = 32      // commits that are read one by one: most runs walk no further
	stretchLen = 64      // commits of a stretch
	stretchRaw = 1 << 20 // bytes of commits in a stretch that the pathfinder reads
	readAhead  = 8       // stretches
	graphAfter = 4096    // commits after which the pathfinder opens the commit-graph
)

// waypoint is one commit of the walk. raw or err is set after it was read.
type waypoint[T any] struct {
	id     object.ID
	raw    []byte
	parent object.ID // by the commit itself
	value  T
	err    error
}

// stretch holds waypoints in order. They have been read when ready is closed.
type stretch[T any] struct {
	points []waypoint[T]
	ready  chan struct{}
}

// pathfinder goes from commit to parent and hands out stretches.
type pathfinder[T any] struct {
	a           *Walk[T]
	openGraph   func() *commitgraph.Chain // nil: the graph is not used
	graph       *commitgraph.Chain
	id          object.ID
	pos         int // of id in graph; -1: unknown
	steps       int
	work, order chan<- *stretch[T]
}

// follow hands out all stretches. It ends early after a commit that cannot be read, or when ctx is
// cancelled.
func (f *pathfinder[T]) follow(ctx context.Context) {
	defer close(f.order)
	defer close(f.work)
	for !f.a.ended(f.id) {
		some := f.gather()
		// read before the goroutines get the stretch
		last := some.points[len(some.points)-1].err != nil
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

// gather makes the next stretch.
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

// step is the waypoint of the commit f.id. It sets f.id to the parent.
func (f *pathfinder[T]) step() waypoint[T] {
	s := waypoint[T]{id: f.id}
	if f.steps++; f.steps == graphAfter && f.openGraph != nil {
		f.graph = f.openGraph()
	}
	if f.graph != nil && f.stepByGraph() {
		return s
	}
	if s.raw, s.err = f.a.raw(s.id); s.err == nil {
		f.id, s.err = object.FirstParent(s.raw)
	}
	return s
}

// stepByGraph sets f.id to the parent in the graph. It returns false where the graph lacks the
// commit.
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
