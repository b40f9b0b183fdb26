// Package events tells which paths change.
//
// It takes the best source that the system has: as root on Linux fanotify, with one mark for a
// whole file system; else a watch on each folder, by inotify on Linux and kqueue on macOS. What
// neither covers has no events. Paths in events lead through no link.
package events

import (
	"cmp"
	"fmt"
)

// Event is a path that has changed.
type Event struct {
	Path string
	// New says that something has come to this name. Where it is a folder, what lies in it may have
	// no events of its own.
	New bool
	// Gone says that something has left this name.
	Gone bool
}

// Kind chooses a source.
type Kind string

// The sources. Auto is the best one.
const (
	Auto     Kind = "auto"
	Fanotify Kind = "fanotify"
	Folders  Kind = "inotify" // a watch on each folder
	None     Kind = "none"
)

// Options say what to do with events. Its functions are called by goroutines of the source.
type Options struct {
	Kind    Kind
	Changed func(Event)
	// Relevant tells whether events in a folder are wanted. The answer must stand until Forget.
	Relevant func(folder string) bool
	// Lost is called when events were lost: anything may have changed.
	Lost func()
	Log  func(msg string, args ...any) // important actions; never nil
}

// Source is an open source of events.
type Source struct {
	whole   *fileSystems // nil: none
	folders *folders     // nil: none
	mounts  *mounts
	options Options
}

// Open opens the sources that there are. Without any, no event comes.
func Open(o Options) *Source {
	s := &Source{mounts: openMounts(), options: o}
	if o.Kind == None {
		return s
	}
	if o.Kind != Folders {
		var err error
		if s.whole, err = openFileSystems(o); err != nil {
			o.Log("fanotify cannot be used", "cause", err.Error())
		}
	}
	if o.Kind != Fanotify {
		s.folders = openFolders(o)
	}
	return s
}

// Watch begins to watch a folder, whose path leads through no link, and whose device is given. What
// happens in it from now on has events.
func (s *Source) Watch(folder string, dev uint64) {
	if s.whole != nil && s.whole.watch(folder, dev) {
		return
	}
	if s.folders != nil {
		s.folders.watch(folder)
	}
}

// Begin is called before folders are watched for a scan. Watches of folders that have moved are
// taken away: the scan finds them at their new places.
func (s *Source) Begin() {
	if s.folders != nil {
		s.folders.begin()
	}
}

// Forget is called when other folders are wanted than before, or when file systems were mounted:
// the next scan watches all anew.
func (s *Source) Forget() {
	if s.whole != nil {
		s.whole.forget()
	}
	if s.folders != nil {
		s.folders.forget()
	}
}

// Prune is called after a scan of everything: what it has not asked to watch is watched no longer.
func (s *Source) Prune() {
	if s.folders != nil {
		s.folders.prune()
	}
}

// MountsChanged tells whether file systems were mounted or unmounted since it was last called, at
// paths for which relevant is true.
func (s *Source) MountsChanged(relevant func(path string) bool) bool {
	return s.mounts.changed(relevant)
}

// Limit is a limit of the system that leaves folders without events.
type Limit struct {
	Setting string // the name for sysctl
	Now     int    // its value; 0: unknown
	Enough  int    // a value that would be enough
	Folders int    // number of folders without events
}

// raise sets Enough, with room for as many folders again.
func (l *Limit) raise() {
	for l.Enough = max(l.Now, 8192); l.Enough < l.Now+2*l.Folders; {
		l.Enough *= 2
	}
}

// Command is what sets the limit to what is enough; "" where that is not known.
func (l *Limit) Command() string {
	if l.Enough <= 0 {
		return ""
	}
	return fmt.Sprintf("sysctl %s=%d", l.Setting, l.Enough)
}

// FolderLimit returns the limit that a watch without fanotify would meet with so many folders, or
// nil.
func FolderLimit(folders int) *Limit {
	l := limitOf(nil)
	if l.Folders = folders - l.Now; l.Now <= 0 || l.Folders <= 0 {
		return nil
	}
	l.raise()
	return l
}

// Limit returns the limit that the last scan met, or nil.
func (s *Source) Limit() *Limit {
	if s.folders == nil {
		return nil
	}
	return s.folders.limit()
}

// String says what the source is, such as "fanotify on 2 file systems".
func (s *Source) String() string {
	text := ""
	if s.whole != nil {
		text = counted("fanotify on", s.whole.count(), "file system")
	}
	if s.folders != nil {
		if n := s.folders.count(); n > 0 || text == "" {
			if text != "" {
				text += ", "
			}
			text += counted(folderKind+" on", n, "folder")
		}
	}
	return cmp.Or(text, "no events")
}

func counted(what string, n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%s %d %s", what, n, of)
}

// Close closes the sources. No function is called afterwards.
func (s *Source) Close() {
	if s.whole != nil {
		s.whole.close()
	}
	if s.folders != nil {
		s.folders.close()
	}
	s.mounts.close()
}
