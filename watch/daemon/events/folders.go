package events

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// A limit that was met is tried again after a pause, which doubles.
const (
	firstPause = time.Minute
	lastPause  = time.Hour
)

// folders watches folders, each by itself.
type folders struct {
	options Options
	ended   sync.WaitGroup

	mu      sync.Mutex
	watcher *fsnotify.Watcher // nil: the system gives none
	watched map[string]int    // for which round each folder was asked for last
	round   int               // counts the calls of forget
	moved   map[string]bool   // folders that have left their paths, with all below
	spent   error             // why a folder could not be watched: a limit of the system
	left    int               // folders that have no watch, since begin
	pause   time.Duration
	again   time.Time // when the limit is tried again
}

func openFolders(o Options) *folders {
	f := &folders{options: o, watched: map[string]int{}, round: 1, moved: map[string]bool{}}
	f.open()
	return f
}

// open asks the system for a watcher.
func (f *folders) open() {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		f.refuse(err)
		return
	}
	f.watcher = w
	f.ended.Go(func() { f.read(w) })
}

// refuse notes that the system gives no more.
func (f *folders) refuse(err error) {
	f.pause = min(max(firstPause, 2*f.pause), lastPause)
	f.spent, f.again = err, time.Now().Add(f.pause)
}

// watch watches a folder. What cannot be watched for another reason than a limit is left: the scan
// has the same trouble with it.
func (f *folders) watch(folder string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watched[folder] == f.round {
		return
	}
	if f.spent != nil {
		if time.Now().Before(f.again) {
			f.left++
			return
		}
		f.spent = nil
		if f.watcher == nil {
			f.open()
		}
	}
	if f.watcher == nil {
		f.left++
		return
	}
	switch err := f.watcher.Add(folder); {
	case err == nil:
		f.watched[folder] = f.round
		f.pause = 0
	case isLimit(err):
		f.refuse(err)
		f.left++
	}
}

// isLimit tells whether an error says that the system gives no more of something.
func isLimit(err error) bool {
	for _, limit := range []error{unix.ENOSPC, unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if errors.Is(err, limit) {
			return true
		}
	}
	return false
}

func (f *folders) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = 0
	if len(f.moved) == 0 {
		return
	}
	f.remove(func(folder string) bool {
		for p := folder; ; p = filepath.Dir(p) {
			if f.moved[p] || len(p) <= 1 {
				return f.moved[p]
			}
		}
	})
	clear(f.moved)
}

// remove takes away the watches of some folders. They may have gone with their folders.
func (f *folders) remove(which func(folder string) bool) {
	for folder := range f.watched {
		if which(folder) {
			_ = f.watcher.Remove(folder)
			delete(f.watched, folder)
		}
	}
}

// forget makes the next scan ask for all watches again. Those that stand cost the system nothing.
func (f *folders) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.round++
	f.pause, f.again = 0, time.Time{}
}

// prune takes away the watches that no scan has asked for since forget.
func (f *folders) prune() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(func(folder string) bool { return f.watched[folder] != f.round })
}

// read passes events on until the watcher is closed.
func (f *folders) read(w *fsnotify.Watcher) {
	for {
		select {
		case e, open := <-w.Events:
			if !open {
				return
			}
			f.pass(e)
		case err, open := <-w.Errors:
			if !open {
				return
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				f.options.Lost()
			}
		}
	}
}

func (f *folders) pass(e fsnotify.Event) {
	if e.Name == "" {
		return
	}
	gone := e.Op.Has(fsnotify.Remove) || e.Op.Has(fsnotify.Rename)
	if gone {
		f.mu.Lock()
		if f.watched[e.Name] > 0 {
			f.moved[e.Name] = true
		}
		f.mu.Unlock()
	}
	f.options.Changed(Event{Path: e.Name, New: e.Op.Has(fsnotify.Create), Gone: gone})
}

func (f *folders) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watched)
}

func (f *folders) limit() *Limit {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return nil
	}
	l := limitOf(f.spent)
	l.Folders = f.left
	if l.Setting == watchLimit {
		l.raise()
	}
	return l
}

func (f *folders) close() {
	f.mu.Lock()
	w := f.watcher
	f.mu.Unlock()
	if w != nil {
		w.Close()
	}
	f.ended.Wait()
}
