package daemon

import (
	"os"
	"slices"
	"sync"
	"time"
)

const (
	manyPaths = 1000   // so many wait for one another
	mostPaths = 50_000 // for more, a look at everything costs less
	gather    = 10 * time.Millisecond
)

// pending holds the paths that have changed and were not looked at.
type pending struct {
	settle time.Duration
	wake   chan struct{} // there is a path where there was none

	mu    sync.Mutex
	paths map[string]*rest
}

// rest is a path that has changed, and since when it rests.
type rest struct {
	path        string
	first, last time.Time // of its events
	whole       bool      // something has come to this name
	gone        bool      // something has left it
}

func newPending(settle time.Duration) *pending {
	return &pending{settle: settle, wake: make(chan struct{}, 1), paths: map[string]*rest{}}
}

// add notes an event. It returns false where there are too many paths: then all are forgotten.
func (p *pending) add(path string, whole, gone bool, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.paths[path]
	if r == nil {
		if len(p.paths) >= mostPaths {
			clear(p.paths)
			return false
		}
		r = &rest{path: path, first: now}
		p.paths[path] = r
		if len(p.paths) == 1 {
			p.signal()
		}
	}
	r.last, r.whole, r.gone = now, r.whole || whole, gone
	return true
}

func (p *pending) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// due is when a path is to be looked at.
func (p *pending) due(r *rest) time.Time {
	due := r.last.Add(p.settle)
	if latest := r.first.Add(patience); latest.Before(due) {
		return latest
	}
	return due
}

// next is when the first path is to be looked at. What rests a little later goes with it.
func (p *pending) next() (next time.Time, some bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first()
}

func (p *pending) first() (next time.Time, some bool) {
	for _, r := range p.paths {
		if due := p.due(r).Add(gather); !some || due.Before(next) {
			next, some = due, true
		}
	}
	return next, some
}

// take returns the paths to look at now, and forgets them. A path that is missing waits for one
// that has come and does not rest yet: it may be its new name. In a flood of changes, all wait for
// all.
func (p *pending) take(now time.Time) (taken []*rest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if next, some := p.first(); !some || now.Before(next) {
		return nil
	}
	moving, latest := false, false
	for _, r := range p.paths {
		switch {
		case !now.Before(p.due(r)):
			taken = append(taken, r)
			latest = latest || !now.Before(r.first.Add(patience))
		case r.whole:
			moving = true
		}
	}
	if len(p.paths) > manyPaths && len(taken) < len(p.paths) && !latest {
		p.delay(taken, now)
		return nil
	}
	if moving {
		taken = slices.DeleteFunc(taken, func(r *rest) bool {
			waits := now.Before(r.first.Add(patience)) && isMissing(r.path)
			if waits {
				r.last = now.Add(gather - p.settle)
			}
			return waits
		})
	}
	for _, r := range taken {
		delete(p.paths, r.path)
	}
	return taken
}

// delay makes paths that are due wait for the others of a flood.
func (p *pending) delay(due []*rest, now time.Time) {
	for _, r := range due {
		r.last = now.Add(min(p.settle/4, gather) - p.settle + gather)
	}
}

func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return err != nil
}

// putBack keeps paths for another look.
func (p *pending) putBack(taken []*rest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range taken {
		if newer := p.paths[r.path]; newer != nil {
			newer.first, newer.whole = r.first, newer.whole || r.whole
		} else {
			p.paths[r.path] = r
		}
	}
}

// forgetBefore forgets the paths without an event since a look at everything began.
func (p *pending) forgetBefore(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for path, r := range p.paths {
		if r.last.Before(began) {
			delete(p.paths, path)
		}
	}
}

func (p *pending) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.paths)
}
