package watch

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"timemachine/watch/capture"
	"timemachine/watch/scan"
)

const (
	perPart   = 4096    // changes in a part
	perTask   = 16      // changes that one goroutine captures at a time, at most
	taskBytes = 4 << 20 // of content in a task; a larger file is a task by itself
)

// captured is the result of capturing one change.
type captured struct {
	capture.Content
	err error
}

// partCapture captures the changes of a part on all cores. Tasks are begun in order. When the batch
// is due to be published, no more are begun.
type partCapture struct {
	gots  []captured
	tasks []captureTask
	task  int           // the one that wait looks at
	ended chan struct{} // closed when no goroutine captures
	stop  func()        // ends the capture and waits for the goroutines
}

// captureTask is changes that stand side by side, captured by one goroutine.
type captureTask struct {
	from, to int
	ready    chan struct{} // closed when they are captured
}

// startCapture starts to capture the changes of a part.
func (r *run) startCapture(c *capture.Capturer, part []scan.Change) *partCapture {
	p := &partCapture{gots: make([]captured, len(part)), tasks: captureTasks(part), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(r.ctx)
	var workers sync.WaitGroup
	var next atomic.Int64
	var full atomic.Bool
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			o := capture.Opener{Own: r.own}
			defer o.Close()
			for !full.Load() {
				i := int(next.Add(1) - 1)
				if i >= len(p.tasks) {
					return
				}
				p.capture(ctx, c, part, &p.tasks[i], &o)
				if r.isDue() {
					full.Store(true)
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(p.ended)
	}()
	p.stop = func() {
		cancel()
		<-p.ended
	}
	return p
}

// captureTasks cuts a part into tasks.
func captureTasks(part []scan.Change) []captureTask {
	tasks := make([]captureTask, 0, len(part)/perTask+1)
	for from := 0; from < len(part); {
		to, size := from+1, changeSize(&part[from])
		for to < min(from+perTask, len(part)) && size+changeSize(&part[to]) <= taskBytes {
			size += changeSize(&part[to])
			to++
		}
		tasks = append(tasks, captureTask{from: from, to: to, ready: make(chan struct{})})
		from = to
	}
	return tasks
}

// capture captures the changes of one task.
func (p *partCapture) capture(ctx context.Context, c *capture.Capturer, part []scan.Change, t *captureTask, o *capture.Opener) {
	c.Reader.LookAhead(part[t.from:t.to], o)
	for i := t.from; i < t.to && ctx.Err() == nil; i++ {
		if !part[i].Deleted {
			p.gots[i].Content, p.gots[i].err = c.Capture(&part[i], o)
		}
	}
	close(t.ready)
}

// wait waits until change i is captured. It returns false where it will not be: at the end of the
// part, or where the batch is due. Calls come in the order of the changes.
func (p *partCapture) wait(i int) bool {
	for p.task < len(p.tasks) && p.tasks[p.task].to <= i {
		p.task++
	}
	if p.task == len(p.tasks) {
		return false
	}
	ready := p.tasks[p.task].ready
	select {
	case <-ready:
		return true
	case <-p.ended:
	}
	select {
	case <-ready: // both were
		return true
	default:
		return false
	}
}
