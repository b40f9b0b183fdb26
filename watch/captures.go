package watch

import (
	"context"
	"runtime"
	"sync"

	"timemachine/watch/capture"
	"timemachine/watch/scan"
)

const (
	perTask   = 16      // changes that one goroutine captures at a time, at most
	taskBytes = 4 << 20 // of content in a task; a larger file is a task by itself
	maxAhead  = 2048    // changes captured before their turn to be committed, at most
)

// captured is the result of capturing one change.
type captured struct {
	capture.Content
	err error
}

// captures captures changes on all cores, a little ahead of who commits them. Tasks are begun in
// the order of the changes. None is begun while the batch is due to be published, or between pause
// and resume. A large source waits for its turn, since it takes long.
type captures struct {
	r       *run
	c       *capture.Capturer
	ctx     context.Context
	cancel  context.CancelFunc
	changes []scan.Change
	workers sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond      // of what follows
	tasks   []*captureTask // begun, in order; the first holds the change whose turn it is
	next    int            // the first change of the next task
	turn    int            // the change that is to be committed next
	running int            // tasks that are being captured
	due     bool           // the batch is to be published before another task begins
	started bool           // a task was begun since resume, or none is needed for the run to go on
	paused  bool
}

// captureTask is changes that stand side by side, captured by one goroutine.
type captureTask struct {
	from, to int
	gots     []captured
	ready    bool
}

// startCaptures starts to capture changes. Stop it at the end.
func (r *run) startCaptures(c *capture.Capturer, changes []scan.Change) *captures {
	s := &captures{r: r, c: c, changes: changes}
	s.changed.L = &s.mu
	s.ctx, s.cancel = context.WithCancel(r.ctx)
	for range min(runtime.GOMAXPROCS(0), len(changes)) {
		s.workers.Go(s.work)
	}
	return s
}

// stop ends the capture and waits for the goroutines.
func (s *captures) stop() {
	s.cancel()
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
	s.workers.Wait()
}

// work captures tasks until stop. With the last change it does not end: what was captured may be
// lost, and is captured again then.
func (s *captures) work() {
	o := capture.Opener{Own: s.r.own}
	defer o.Close()
	for t := s.begin(); t != nil; t = s.begin() {
		s.capture(t, &o)
		s.mu.Lock()
		t.ready = true
		s.running--
		s.changed.Broadcast()
		s.mu.Unlock()
	}
}

// begin begins the next task when its time has come. It returns nil after stop.
func (s *captures) begin() *captureTask {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ctx.Err() == nil {
		// A pause may be there to publish, which changes what isDue looks at.
		if s.started && !s.due && !s.paused && s.next < len(s.changes) && s.r.isDue() {
			s.due = true
			s.changed.Broadcast()
		}
		if !s.due && !s.paused && s.mayBegin() {
			t := &captureTask{from: s.next, to: s.endOfTask()}
			s.tasks, s.next = append(s.tasks, t), t.to
			s.running++
			s.started = true
			return t
		}
		s.changed.Wait()
	}
	s.changed.Broadcast() // who waits for a task need not wait any more
	return nil
}

// mayBegin tells whether there is a next task, near enough to its turn.
func (s *captures) mayBegin() bool {
	if s.next == len(s.changes) {
		return false
	}
	if changeSize(&s.changes[s.next]) > largeSource {
		return s.next == s.turn
	}
	return s.next < s.turn+maxAhead
}

// endOfTask is where the next task ends.
func (s *captures) endOfTask() int {
	end, size := s.next+1, changeSize(&s.changes[s.next])
	for end < min(s.next+perTask, len(s.changes)) && size+changeSize(&s.changes[end]) <= taskBytes {
		size += changeSize(&s.changes[end])
		end++
	}
	return end
}

// capture captures the changes of one task.
func (s *captures) capture(t *captureTask, o *capture.Opener) {
	part := s.changes[t.from:t.to]
	t.gots = make([]captured, len(part))
	s.c.Reader.LookAhead(part, o)
	for i := range part {
		if s.ctx.Err() == nil && !part[i].Deleted {
			t.gots[i].Content, t.gots[i].err = s.c.Capture(&part[i], o)
		}
	}
}

// wait waits until change i is captured, whose turn it is. It returns false where it will not be
// before the batch is published, or not at all.
func (s *captures) wait(i int) (got *captured, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn = i
	for len(s.tasks) > 0 && s.tasks[0].to <= i {
		s.tasks = s.tasks[1:]
		s.changed.Broadcast()
	}
	if s.next == i {
		s.changed.Broadcast() // a large source may begin
	}
	for {
		if s.ctx.Err() != nil {
			return nil, false
		}
		if len(s.tasks) > 0 && s.tasks[0].ready {
			return &s.tasks[0].gots[i-s.tasks[0].from], true
		}
		if len(s.tasks) == 0 && s.due {
			return nil, false
		}
		s.changed.Wait()
	}
}

// pause waits until nothing is being captured, and lets nothing begin.
func (s *captures) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	for s.running > 0 {
		s.changed.Wait()
	}
}

// resume ends a pause, where change i is the next to be committed. What was captured ahead still
// holds, unless it is lost: it went to a batch that was given up.
func (s *captures) resume(i int, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn = i; lost {
		s.tasks, s.next = nil, i
	}
	s.paused, s.due, s.started = false, false, len(s.tasks) > 0
	s.changed.Broadcast()
}

// isDue tells whether the batch is to be published before more is captured.
func (s *captures) isDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due
}
