package main

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// modelState is what a version records of a source. A folder has no blob, size and mtime.
type modelState struct {
	link     bool
	folder   bool
	blob     string
	size     int64
	mode     uint32
	uid, gid uint32
	mtime    time.Time
	xattrs   string // all, in a text
	linked   string // the path that the record names as the same file
}

func (s modelState) String() string {
	text := fmt.Sprintf("%04o %d:%d %.200s", s.mode, s.uid, s.gid, strings.ReplaceAll(s.xattrs, "\n", " "))
	if s.linked != "" {
		text += " linked with " + s.linked
	}
	kind := "file"
	switch {
	case s.folder:
		return "folder " + text
	case s.link:
		kind = "link"
	}
	return fmt.Sprintf("%s %.8s of %d bytes, %s, %s", kind, s.blob, s.size, s.mtime.UTC().Format(time.RFC3339Nano), text)
}

// modelKey is what tells of a file, without its content, whether it may have changed.
type modelKey struct {
	home         int  // the mount that it lies in
	lost         bool // the program has lost it, and has not found the source again
	followed     bool // an entry names a link, and all this is of what it leads to
	dev, ino     uint64
	size         int64
	mtime, ctime time.Time
	mode         uint32
	uid, gid     uint32
}

// modelEntry is an entry of the watch list, understood by the model alone.
type modelEntry struct {
	text    string   // as in the configuration
	root    string   // absolute
	pattern []string // components below root; nil where the entry is a plain path
	exclude []string
}

// modelList is a watch list.
type modelList struct {
	entries []modelEntry
	exclude []string
}

// newModelList draws a watch list for the folder base.
func newModelList(r *rand.Rand, base string) *modelList {
	l := &modelList{}
	plain := func(name string) modelEntry { return modelEntry{text: base + "/" + name, root: base + "/" + name} }
	glob := func(root, pattern string) modelEntry {
		return modelEntry{text: base + "/" + root + "/" + pattern, root: base + "/" + root, pattern: strings.Split(pattern, "/")}
	}
	all := []modelEntry{
		plain("w/a"), plain("w/b"), plain("w/a"), plain("w"), plain("w/a/d0"), plain("w/a/f0"), plain("w/b/d0/f1"), plain("w/b/d1"),
		glob("w/b", "*.txt"), glob("w/a", "**/*.md"), glob("w", "*/d1"), glob("w/b", "d?/**"),
		plain("w/l0"), plain("w/l1"), plain("w/a/l0"), plain("w/a/l1"), plain("w/a/l1/f0"), plain("w/a/d0/l0"),
	}
	for range 1 + r.IntN(4) {
		e := all[r.IntN(len(all))]
		if slices.ContainsFunc(l.entries, func(o modelEntry) bool { return o.text == e.text }) {
			continue
		}
		if r.IntN(6) == 0 {
			e.exclude = []string{"c.*"}
		}
		l.entries = append(l.entries, e)
	}
	if r.IntN(3) == 0 {
		l.exclude = append(l.exclude, "*.tmp")
	}
	if r.IntN(4) == 0 {
		l.exclude = append(l.exclude, "d2/")
	}
	return l
}

// matches tells whether the entry names a path.
func (e *modelEntry) matches(p string) bool {
	if e.pattern == nil {
		return p == e.root
	}
	rest, below := strings.CutPrefix(p, e.root+"/")
	return below && matchComponents(e.pattern, strings.Split(rest, "/"))
}

func matchComponents(pattern, names []string) bool {
	switch {
	case len(pattern) == 0:
		return len(names) == 0
	case pattern[0] == "**":
		return matchComponents(pattern[1:], names) || len(names) > 0 && matchComponents(pattern, names[1:])
	case len(names) == 0:
		return false
	}
	ok, _ := path.Match(pattern[0], names[0])
	return ok && matchComponents(pattern[1:], names[1:])
}

// excludes tells whether an exclusion names a path itself.
func (l *modelList) excludes(e *modelEntry, p string, folder bool) bool {
	if p == e.root {
		return false
	}
	for _, x := range slices.Concat([]string{".git/"}, l.exclude, e.exclude) {
		name, onlyFolders := strings.CutSuffix(x, "/")
		if ok, _ := path.Match(name, filepath.Base(p)); ok && (folder || !onlyFolders) {
			return true
		}
	}
	return false
}

// selects tells whether the entry would take a file, or a folder, at p.
func (l *modelList) selects(e *modelEntry, p string, folder bool) bool {
	if p != e.root && !strings.HasPrefix(p, e.root+"/") {
		return false
	}
	matched := e.matches(e.root)
	for end := len(e.root); end < len(p); {
		if i := strings.IndexByte(p[end+1:], '/'); i >= 0 {
			end += 1 + i
		} else {
			end = len(p)
		}
		if l.excludes(e, p[:end], folder || end < len(p)) {
			return false
		}
		matched = matched || e.matches(p[:end])
	}
	return matched
}

// names tells whether an entry is this very path.
func (l *modelList) names(p string) bool {
	return slices.ContainsFunc(l.entries, func(e modelEntry) bool { return e.root == p })
}

// leadsThrough tells whether an entry is this path, or lies below it.
func (l *modelList) leadsThrough(p string) bool {
	return slices.ContainsFunc(l.entries, func(e modelEntry) bool { return e.root == p || strings.HasPrefix(e.root, p+"/") })
}

// watched tells whether any entry would take a file at p.
func (l *modelList) watched(p string) bool { return l.watchedAs(p, false) }

// watchedAs tells whether any entry would take a file, or a folder, at p.
func (l *modelList) watchedAs(p string, folder bool) bool {
	return slices.ContainsFunc(l.entries, func(e modelEntry) bool { return l.selects(&e, p, folder) })
}

// comesTo tells whether an entry would take a file, or a folder, at p, and its walk comes there: it
// leads through no link, also not where another entry names that.
func (l *modelList) comesTo(e *modelEntry, p string, folder bool) bool {
	return l.selects(e, p, folder) && !slices.ContainsFunc(l.entries, func(other modelEntry) bool {
		info, err := os.Lstat(other.root)
		return len(other.root) > len(e.root) && strings.HasPrefix(p, other.root+"/") && err == nil && info.Mode()&os.ModeSymlink != 0
	})
}

// anyComesTo tells whether some entry's walk comes to p.
func (l *modelList) anyComesTo(p string, folder bool) bool {
	return slices.ContainsFunc(l.entries, func(e modelEntry) bool { return l.comesTo(&e, p, folder) })
}

// modelSight is what there is of what is watched.
type modelSight struct {
	list    *modelList
	found   map[string]modelState
	keys    map[string]modelKey
	named   map[string]bool // an entry is this path, or leads there through a link that it names
	special map[string]bool // there, and nothing that can be recorded
	either  map[string]bool // recorded or not: nobody has said which
	trouble bool            // a run must say that something is left out
	maybe   bool            // a run may say so
	world   *modelWorld
}

// look looks at everything that is watched.
func (l *modelList) look(w *modelWorld) *modelSight {
	s := &modelSight{list: l, world: w, found: map[string]modelState{}, keys: map[string]modelKey{}, named: map[string]bool{},
		special: map[string]bool{}, either: map[string]bool{}}
	for i := range l.entries {
		s.entry(&l.entries[i])
	}
	for _, p := range slices.Collect(maps.Keys(s.found)) {
		if above := filepath.Dir(p); s.named[p] {
			for ; len(above) > 1; above = filepath.Dir(above) {
				if _, there := s.found[above]; there && s.found[above].link {
					delete(s.found, above) // what an entry names wins over what a walk finds
				}
			}
		}
	}
	return s
}

// has tells whether a source was found.
func (s *modelSight) has(p string) bool {
	_, there := s.found[p]
	return there
}

func (s *modelSight) entry(e *modelEntry) {
	info, err := os.Stat(e.root)
	if err != nil || barred(e.root) {
		// a link that leads nowhere
		if _, err := os.Lstat(e.root); err == nil || barred(e.root) {
			s.special[e.root], s.either[e.root], s.trouble = true, true, true
			return
		}
		s.maybe = true // an entry that never had anything is named
		return
	}
	if !info.IsDir() {
		if e.pattern != nil {
			s.trouble = true
			return
		}
		s.take(e.root, info, true)
		return
	}
	s.walk(e, e.root, info, e.matches(e.root))
}

// barred tells whether a path leads through a link that root does not follow: another user's, to
// what does not belong to that user.
func barred(p string) bool {
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			continue
		}
		behind, err := os.Stat(at)
		if err != nil {
			return false // it leads nowhere, or to itself
		}
		target, err := os.Readlink(at)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Dir(at) + "/" + target
		}
		owner := info.Sys().(*syscall.Stat_t).Uid
		if os.Geteuid() == 0 && owner != 0 && behind.Sys().(*syscall.Stat_t).Uid != owner || barred(target) {
			return true
		}
		if at, err = filepath.EvalSymlinks(at); err != nil {
			return false
		}
	}
	return false
}

// walk takes what the entry selects in a folder, and the folder where the entry selects all in it.
func (s *modelSight) walk(e *modelEntry, folder string, info os.FileInfo, matched bool) {
	take := func(p string, info os.FileInfo) {
		s.take(p, info, p == e.root && e.pattern == nil)
		if real, err := filepath.EvalSymlinks(e.root); e.pattern == nil && err == nil && real != e.root {
			s.named[p] = true
		}
	}
	if matched {
		take(folder, info)
	}
	children, err := os.ReadDir(folder)
	if err != nil {
		s.trouble = true
		return
	}
	for _, c := range children {
		p := folder + "/" + c.Name()
		info, err := os.Lstat(p)
		if err != nil || s.world.never(p) || s.list.excludes(e, p, info.IsDir()) {
			continue
		}
		switch m := matched || e.matches(p); {
		case info.IsDir():
			s.walk(e, p, info, m)
		case m:
			take(p, info)
		}
	}
}

// take takes a source. One that is named has had its link followed.
func (s *modelSight) take(p string, info os.FileInfo, named bool) {
	if s.named[p] && !named {
		return
	}
	s.named[p] = s.named[p] || named
	if !info.IsDir() && !info.Mode().IsRegular() && info.Mode()&os.ModeSymlink == 0 {
		_, recorded := s.world.recorded[p]
		s.special[p], s.trouble = true, s.trouble || named || recorded
		return
	}
	state, key, err := stateOf(p, info)
	if err != nil {
		s.special[p], s.trouble = true, true
		return
	}
	key.home = s.world.home(p)
	if link, err := os.Lstat(p); named && err == nil {
		key.followed = link.Mode()&os.ModeSymlink != 0
	}
	s.found[p], s.keys[p] = state, key
}

// stateOf reads a file, link or folder.
func stateOf(p string, info os.FileInfo) (modelState, modelKey, error) {
	st := info.Sys().(*syscall.Stat_t)
	s := modelState{mode: uint32(st.Mode) & 0o7777, uid: st.Uid, gid: st.Gid, mtime: info.ModTime()}
	var content []byte
	var err error
	switch s.link, s.folder = info.Mode()&os.ModeSymlink != 0, info.IsDir(); {
	case s.folder:
		s.mtime = time.Time{}
	case s.link:
		var target string
		target, err = os.Readlink(p)
		content, s.mode = []byte(target), 0o777
	default:
		content, err = os.ReadFile(p)
	}
	if err == nil {
		s.xattrs, err = xattrsOf(p, !s.link)
	}
	if err != nil {
		return s, modelKey{}, err
	}
	if !s.folder {
		s.size, s.blob = int64(len(content)), blobName(content)
	}
	return s, modelKey{dev: uint64(st.Dev), ino: st.Ino, size: st.Size, mtime: info.ModTime(), ctime: changeTime(st), mode: uint32(st.Mode), uid: st.Uid, gid: st.Gid}, nil
}

// blobName is git's name for a content.
func blobName(content []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// modelFate is what a run does about a source that is recorded, watched and not found.
type modelFate string

const (
	gone   modelFate = "must be recorded as deleted"
	held   modelFate = "must not be recorded as deleted"
	either modelFate = ""
)

// fate judges a recorded source that was not found. key is how it was found last, others are what
// is recorded, and blank tells that the program has lost what it knew.
func (s *modelSight) fate(p string, key modelKey, others map[string]modelState, blank bool) modelFate {
	if s.special[p] {
		return held
	}
	for above := filepath.Dir(p); len(above) > 1; above = filepath.Dir(above) {
		switch state, taken := s.found[above]; {
		case !taken, state.folder, state.link && s.list.leadsThrough(above):
		case s.either[above]:
			return either
		default:
			return gone // the tree cannot hold both
		}
	}
	for below := range s.found {
		if !others[p].folder && strings.HasPrefix(below, p+"/") && !s.either[below] {
			return gone // nor this
		}
	}
	var clear, suspicious int
	for i := range s.list.entries {
		e := &s.list.entries[i]
		if !s.list.comesTo(e, p, others[p].folder) {
			continue
		}
		if s.suspicious(e, p, others[p].folder) {
			suspicious++
		} else {
			clear++
		}
	}
	place := filepath.Dir(p)
	info, err := os.Lstat(place)
	for err != nil || !info.IsDir() {
		if err == nil && info.Mode()&os.ModeSymlink != 0 && s.list.names(place) {
			info, err = os.Stat(place)
			continue
		}
		place = filepath.Dir(place)
		info, err = os.Lstat(place)
	}
	away := key.ino != 0 && s.world.home(place) != key.home
	lost := blank || key.lost || key.ino == 0
	beside := s.neighbour(place, p, key, others, lost)
	names, _ := os.ReadDir(place)
	switch {
	case suspicious > 0 && clear == 0:
		return held
	case suspicious > 0:
		return either
	case away && key.followed && len(names) > 0:
		return either // nobody knows where the link itself was
	case away && (!beside || lost && len(names) == 0):
		return held
	case away, lost && (!beside || !blank || len(names) == 0):
		return either
	case !lost && !beside && s.device(place) != key.dev:
		return either // a copy of the file system, of which nothing that was known is left there
	}
	return gone
}

// neighbour tells whether a source that was beside p is still in the folder or below, as it was.
// Where nobody knows what p was beside, it must be as it was since p was recorded.
func (s *modelSight) neighbour(folder, p string, key modelKey, others map[string]modelState, lost bool) bool {
	for o, now := range s.found {
		was, known := others[o]
		if !known || now.folder || !strings.HasPrefix(o, folder+"/") {
			continue
		}
		before, after := s.world.keys[o], s.keys[o]
		mine, its := s.world.newest[p], s.world.newest[o]
		switch {
		case lost && was.equal(now, true) && (its.scan == mine.scan || its.captured.Before(mine.captured)):
			return true
		case !lost && before.ino != 0 && before.home == key.home && before.size == after.size && before.mtime.Equal(after.mtime):
			return true
		}
	}
	return false
}

// device returns the device that a path is on.
func (s *modelSight) device(p string) uint64 {
	info, err := os.Stat(p)
	if err != nil {
		return 0
	}
	return uint64(info.Sys().(*syscall.Stat_t).Dev)
}

// suspicious tells whether the entry's root speaks against a deletion.
func (s *modelSight) suspicious(e *modelEntry, p string, folder bool) bool {
	if e.root == p && !folder {
		info, err := os.Stat(filepath.Dir(p))
		return err != nil || !info.IsDir()
	}
	info, err := os.Stat(e.root)
	if err != nil || barred(e.root) {
		return true
	}
	names, err := os.ReadDir(e.root)
	return info.IsDir() && (err != nil || len(names) == 0)
}
