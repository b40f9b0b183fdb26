package scan

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// Several goroutines share a walk and list a folder each, since most of the time goes into waiting
// for the kernel. A folder stays open until its subfolders are opened. Where more than maxOpen are
// open, subfolders are opened from the root.
const (
	walkers      = 4
	maxOpen      = 128
	direntBuffer = 32 << 10 // bytes, for reading a folder
)

// walk walks a folder and all below it for one entry.
type walk struct {
	ctx    context.Context
	own    *own.Set
	entry  *config.Entry
	root   string
	cached *cache.Marks

	opened atomic.Int64 // number of folders kept open

	mu      sync.Mutex
	wake    sync.Cond
	waiting []*walkFolder // folders to list; the last is the next
	busy    int           // number of goroutines that list a folder
	started int           // number of goroutines
	fault   error         // the cache file could not be read
	ended   sync.WaitGroup

	pseudo bool // the root is on a file system like /proc; the walk lists the root first
	watch  FolderWatch
}

// walkFolder is one folder of a walk, and what was found there.
type walkFolder struct {
	path    string
	parent  *openParent // nil: open the folder from the root
	dev     uint64      // of the parent
	stat    disk.Stat   // as its parent's listing gave it, or the root's as scanned
	matched bool        // the entry selects it, and all in it that is not excluded
	place   cache.Place // of the folder itself in the cache
	cached  cache.Span  // the sources of the cache below it
	only    onlyNames   // nil: all names in it

	known      bool // folder is filled in
	folder     folder
	self       *File       // the folder as a source; nil: it is none, or unchanged
	found      []File      // by name
	subfolders []subfolder // by name
	problems   []Problem
}

// subfolder is a folder in another one.
type subfolder struct {
	before int // number of sources found in the other one that sort before it
	*walkFolder
}

// openParent is a folder that stays open until its subfolders are opened.
type openParent struct {
	fd    int
	users atomic.Int64 // subfolders that are not open yet
}

// walkEntry walks the folder path, whose stat is st, and all below it. matched says that the entry
// selects all in it that is not excluded.
func (s *Scan) walkEntry(e *config.Entry, path string, st *disk.Stat, matched bool) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	top := &walkFolder{path: path, stat: *st, matched: matched, place: s.cached.Place(path), cached: s.cached.Below(path)}
	return s.walkFrom(top, e, path)
}

// walkFrom walks a folder and what is wanted below it, for an entry, from a root at or above it.
func (s *Scan) walkFrom(top *walkFolder, e *config.Entry, root string) error {
	w := &walk{ctx: s.ctx, own: s.own, entry: e, root: root, cached: &s.cached, watch: s.watch}
	w.wake.L = &w.mu
	w.waiting, w.started = []*walkFolder{top}, 1
	w.work()
	w.ended.Wait()
	if err := cmp.Or(s.ctx.Err(), w.fault); err != nil {
		return err
	}
	s.found = slices.Grow(s.found, top.countFound())
	problems := len(s.Problems)
	s.collect(top)
	slices.SortStableFunc(s.Problems[problems:], func(a, b Problem) int { return disk.ComparePaths(a.Path, b.Path) })
	return nil
}

// countFound returns the number of sources found in the folder and below.
func (b *walkFolder) countFound() int {
	n := len(b.found)
	if b.self != nil {
		n++
	}
	for _, sub := range b.subfolders {
		n += sub.countFound()
	}
	return n
}

// collect takes over what was found in a folder and below, in path order.
func (s *Scan) collect(b *walkFolder) {
	if b.known {
		s.folders[b.path] = b.folder
	}
	if s.part != nil && b.only != nil && len(b.only) == 0 {
		s.part.alone[b.path] = true
	}
	s.Problems = append(s.Problems, b.problems...)
	if b.self != nil {
		s.found = append(s.found, *b.self)
	}
	done := 0
	for _, sub := range b.subfolders {
		s.found = append(s.found, b.found[done:sub.before]...)
		done = sub.before
		s.collect(sub.walkFolder)
	}
	s.found = append(s.found, b.found[done:]...)
}

// work lists folders until all are listed.
func (w *walk) work() {
	l := &lister{walk: w, buf: make([]byte, direntBuffer)}
	for b := w.nextFolder(); b != nil; b = w.nextFolder() {
		err := durable.Guard(func() error {
			l.list(b)
			return nil
		})
		w.finish(b, err)
	}
}

// nextFolder waits for a folder to list. It returns nil when all are listed.
func (w *walk) nextFolder() *walkFolder {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) == 0 && w.busy > 0 {
		w.wake.Wait()
	}
	last := len(w.waiting) - 1
	if last < 0 {
		return nil
	}
	b := w.waiting[last]
	w.waiting = w.waiting[:last]
	w.busy++
	return b
}

// finish queues the subfolders of b and starts more goroutines where enough folders wait.
func (w *walk) finish(b *walkFolder, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.fault = errors.Join(w.fault, err)
	for _, sub := range slices.Backward(b.subfolders) {
		w.waiting = append(w.waiting, sub.walkFolder)
	}
	for w.started < walkers && len(w.waiting) > w.started {
		w.started++
		w.ended.Go(w.work)
	}
	w.wake.Broadcast()
}

// keepOpen keeps a folder open for its subfolders. It closes the folder where there are none, or
// where too many folders are open.
func (w *walk) keepOpen(fd int, subs []subfolder) {
	if len(subs) == 0 || w.opened.Load() >= maxOpen {
		unix.Close(fd)
		return
	}
	w.opened.Add(1)
	p := &openParent{fd: fd}
	p.users.Store(int64(len(subs)))
	for _, sub := range subs {
		sub.parent = p
	}
}

// release closes a parent when its last subfolder is done with it.
func (w *walk) release(p *openParent) {
	if p.users.Add(-1) == 0 {
		unix.Close(p.fd)
		w.opened.Add(-1)
	}
}
