package watch

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// lister looks at one folder after the other in a walk, and uses its memory again.
type lister struct {
	*walk
	buf   []byte   // what the kernel writes to
	names []byte   // of all in the folder, a zero byte after each
	order [][]byte // the names, sorted, without the zero byte
	text  []byte   // the paths, one after the other
}

// look finds what is in the folder b.
func (l *lister) look(b *block) {
	if l.ctx.Err() != nil {
		if b.parent != nil {
			l.leave(b.parent)
		}
		return
	}
	fd, err := l.open(b)
	if err != nil {
		if !gone(err) {
			b.unreadable(err)
		}
		return
	}
	defer func() { l.keep(fd, b.inner) }()
	k, err := statFD(fd)
	if err != nil {
		b.fail(b.path, "cannot be looked at", err)
		return
	}
	top, glob := b.path == l.root, l.entry.Glob != ""
	pseudo := (k.Dev != b.dev || l.madeUp) && isPseudo(fd)
	if top {
		l.madeUp = pseudo
	}
	dest := [2]uint64{k.Dev, k.Ino} == l.dest
	if dest && !glob && b.path == l.entry.Root {
		b.fail(b.path, "is the destination itself: not watched", nil)
	}
	if dest && !(glob && b.path == l.entry.Root) || pseudo && !l.madeUp {
		b.note(folder{})
		return
	}
	if l.names, err = appendNames(l.names[:0], fd, l.buf); err != nil {
		b.unreadable(err)
		return
	}
	b.note(folder{dev: k.Dev, readable: true, empty: len(l.names) == 0})
	l.children(b, fd, &place{dev: k.Dev, dest: dest, pseudo: pseudo})
}

// place is what holds for all in one folder.
type place struct {
	dev          uint64
	dest, pseudo bool
}

// children looks at all in the folder, by name.
func (l *lister) children(b *block, fd int, p *place) {
	l.order = l.order[:0]
	for rest := l.names; len(rest) > 0; {
		end := bytes.IndexByte(rest, 0)
		l.order = append(l.order, rest[:end])
		rest = rest[end+1:]
	}
	slices.SortFunc(l.order, bytes.Compare)
	l.text = l.text[:0]
	for _, name := range l.order {
		l.text = append(append(l.text, strings.TrimSuffix(b.path, "/")...), '/')
		l.text = append(l.text, name...)
	}
	paths, before := string(l.text), len(strings.TrimSuffix(b.path, "/"))+1
	b.found = make([]seen, 0, len(l.order))
	for _, name := range l.order {
		path := paths[:before+len(name)]
		paths = paths[len(path):]
		if !p.dest || !destinationParts[path[before:]] {
			l.child(b, fd, path, p)
		}
	}
	b.trim(len(l.order))
}

// trim lets go of the memory of most of a folder's n names where few were taken.
func (b *block) trim(n int) {
	if len(b.found)+len(b.inner) > n/2 {
		return
	}
	b.found = slices.Clone(b.found)
	for i := range b.found {
		b.found[i].path = strings.Clone(b.found[i].path)
	}
	for _, sub := range b.inner {
		sub.path = strings.Clone(sub.path)
	}
}

// destinationParts are what timemachine writes in the destination. A pattern may look for files beside them: the
// destination is the current folder unless the user says otherwise.
var destinationParts = map[string]bool{".git": true, "files": true, "copies": true, ".gitattributes": true, "README.txt": true}

// child looks at one name in the open folder fd.
func (l *lister) child(b *block, fd int, path string, p *place) {
	e := l.entry
	k, err := statAt(fd, nameOf(path), unix.AT_SYMLINK_NOFOLLOW)
	if gone(err) {
		return
	}
	matched := b.matched || e.Matches(path)
	if err != nil {
		if matched && !e.Excludes(path, false) {
			b.fail(path, "cannot be looked at", err)
			b.found = append(b.found, seen{path: path, entry: e, kept: true})
		}
		return
	}
	switch {
	case e.Excludes(path, k.isDir()):
	case k.isDir():
		if matched || e.MayContain(path) {
			b.inner = append(b.inner, inner{len(b.found), &block{path: path, dev: p.dev, matched: matched}})
		}
	case matched:
		special := !k.isRegular() && !k.isLink()
		if special {
			b.fail(path, "is "+k.specialKind()+": skipped", nil)
		}
		b.found = append(b.found, seen{path: path, key: k, entry: e, pseudo: p.pseudo, kept: special})
	}
}

func (b *block) note(f folder) { b.noted, b.folder = true, f }

func (b *block) unreadable(err error) {
	b.fail(b.path, "cannot be read", err)
	b.note(folder{})
}

func (b *block) fail(path, msg string, err error) {
	b.problems = append(b.problems, Problem{Path: path, Msg: msg, Err: reason(err)})
}

// nameOf is a path's last component.
func nameOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
