package daemon

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// places tells which sources an event is about. Events have paths without links; an entry's root
// can lead through some, so that a path can stand for several sources, or for none.
type places struct {
	entries map[string][]*config.Entry // by root
	roots   map[string][]string        // by the path that they lead to
	reals   map[string]string          // the path that each root leads to
	way     map[string][]string        // roots by the names on the way to them
	inWay   map[string]bool            // folders that hold such names
	watched map[string]bool            // those of them where a name can come, or lead elsewhere
}

// newPlaces finds where the entries of a configuration lead.
func newPlaces(c *config.Config) *places {
	p := &places{entries: map[string][]*config.Entry{}, roots: map[string][]string{}, reals: map[string]string{}, way: map[string][]string{},
		inWay: map[string]bool{}, watched: map[string]bool{}}
	for _, e := range c.Entries {
		if p.entries[e.Root] == nil {
			real := p.follow(e.Root)
			p.roots[real] = append(p.roots[real], e.Root)
			p.reals[e.Root] = real
		}
		p.entries[e.Root] = append(p.entries[e.Root], e)
	}
	return p
}

// mostLinks is how many links one path may lead through, as in Linux.
const mostLinks = 40

// follow goes the way to an entry's root and returns where it leads. What is missing is taken to be
// no link.
func (p *places) follow(root string) string {
	at, links := "/", 0
	left := names(root)
	for len(left) > 0 {
		next := filepath.Join(at, left[0])
		left = left[1:]
		p.way[next] = append(p.way[next], root)
		p.inWay[at] = true
		st, err := os.Lstat(next)
		isLink := err == nil && st.Mode()&os.ModeSymlink != 0
		if err != nil || isLink || len(left) == 0 {
			p.watched[at] = true
		}
		if err != nil {
			return filepath.Join(append([]string{next}, left...)...)
		}
		if !isLink {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > mostLinks {
			return next
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		left = slices.Concat(names(target), left)
	}
	return at
}

// names returns the components of a path.
func names(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// sources returns the sources that a path without links may be, of those that entries select.
func (p *places) sources(path string) (all []string) {
	for at := path; ; at = filepath.Dir(at) {
		for _, root := range p.roots[at] {
			source := filepath.Join(root, path[len(at):])
			if slices.ContainsFunc(p.entries[root], func(e *config.Entry) bool { return mayTake(e, source) }) {
				all = append(all, source)
			}
		}
		if at == "/" {
			return all
		}
	}
}

// mayTake tells whether a walk for an entry may take what is at a path, or go on below it.
func mayTake(e *config.Entry, source string) bool {
	if source == e.Root {
		return true
	}
	all, enters := e.Enters(filepath.Dir(source))
	return enters && (all || e.Matches(source) || e.MayContain(source)) && !(e.Excludes(source, false) && e.Excludes(source, true))
}

// relevant tells whether events in a folder, whose path has no links, are wanted.
func (p *places) relevant(folder string) bool {
	if p.inWay[folder] {
		return true
	}
	for at := folder; ; at = filepath.Dir(at) {
		for _, root := range p.roots[at] {
			source := filepath.Join(root, folder[len(at):])
			if slices.ContainsFunc(p.entries[root], func(e *config.Entry) bool {
				_, enters := e.Enters(source)
				return enters
			}) {
				return true
			}
		}
		if at == "/" {
			return false
		}
	}
}

// real returns the path without links of a folder at or below an entry's root.
func (p *places) real(source string) string {
	for at := source; ; at = filepath.Dir(at) {
		if real, is := p.reals[at]; is {
			return filepath.Join(real, source[len(at):])
		}
		if at == "/" {
			return source
		}
	}
}

// leadsTo returns the roots that a name is on the way to.
func (p *places) leadsTo(path string) []string { return p.way[path] }

// folders returns the folders where a name on the way to a root can come, or lead elsewhere.
func (p *places) folders() []string { return slices.Sorted(maps.Keys(p.watched)) }

// isOnTheWay tells whether a mount at a path lies at, above or below an entry's root.
func (p *places) isOnTheWay(path string) bool {
	for real := range p.roots {
		if disk.Inside(path, real) || disk.Inside(real, path) {
			return true
		}
	}
	return false
}

// placesHolder holds the present places. Goroutines share it.
type placesHolder struct {
	now   atomic.Pointer[places]
	stale atomic.Bool // a root may lead elsewhere

	mu  sync.Mutex
	own *own.Set
}

func (h *placesHolder) get() *places  { return h.now.Load() }
func (h *placesHolder) setStale()     { h.stale.Store(true) }
func (h *placesHolder) isStale() bool { return h.stale.Load() }

// resolve finds anew where all leads, and tells whether that is another place than before.
func (h *placesHolder) resolve(s *Setting) (changed bool) {
	h.stale.Store(false)
	before, now := h.get(), newPlaces(s.Config)
	o := s.Own.Find(s.Dest)
	h.mu.Lock()
	h.own = o
	h.mu.Unlock()
	h.now.Store(now)
	return before != nil && !(maps.Equal(before.reals, now.reals) && maps.Equal(before.inWay, now.inWay))
}

// isOwn tells whether a path is timemachine's own: it changes with each run.
func (h *placesHolder) isOwn(path string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.own.HasFile(path, disk.Inode{})
}

// deviceOf returns the device of a folder.
func deviceOf(folder string) (uint64, error) {
	st, err := disk.StatAt(unix.AT_FDCWD, folder, 0)
	return st.Dev, err
}
