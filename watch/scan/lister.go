package scan

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"timemachine/repo/durable"
)

// lister looks at one folder after the other in a walk, and uses its memory again.
type lister struct {
	*walk
	buf   []byte   // what the kernel writes to
	names []byte   // of all in the folder, a zero byte after each
	order [][]byte // the names, sorted, with the zero byte
	path  []byte   // of what is looked at
	stat  statBuffer
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
		if !durable.IsMissing(err) {
			b.unreadable(err)
		}
		return
	}
	defer func() { l.keep(fd, b.inner) }()
	k, err := StatFD(fd)
	if err != nil {
		b.fail(b.path, "cannot be looked at", err)
		b.note(folder{})
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
	l.children(b, &place{fd: fd, dev: k.Dev, dest: dest, pseudo: pseudo})
}

// place is what holds for all in one folder.
type place struct {
	fd           int
	dev          uint64
	dest, pseudo bool
	above        int // the length of the folder's path, with a slash at its end
	past         passage
}

// children looks at all in the folder, by name.
func (l *lister) children(b *block, p *place) {
	l.order = l.order[:0]
	for rest := l.names; len(rest) > 0; {
		end := bytes.IndexByte(rest, 0) + 1
		l.order = append(l.order, rest[:end])
		rest = rest[end:]
	}
	slices.SortFunc(l.order, bytes.Compare)
	l.path = append(l.path[:0], b.path...)
	if !strings.HasSuffix(b.path, "/") {
		l.path = append(l.path, '/')
	}
	p.above = len(l.path)
	p.past = passage{past: l.past, span: b.past, above: p.above}
	if b.past.empty() {
		b.found = make([]File, 0, len(l.order))
	}
	for _, name := range l.order {
		l.path = append(l.path[:p.above], name[:len(name)-1]...)
		if !p.dest || !destinationParts[string(l.path[p.above:])] {
			l.child(b, name, p)
		}
	}
	b.trim(len(l.order))
}

// trim lets go of the memory for most of a folder's n names where few were taken.
func (b *block) trim(n int) {
	if len(b.found)+len(b.inner) <= n/2 {
		b.found = slices.Clip(slices.Clone(b.found))
	}
}

// destinationParts are what timemachine writes in the destination. A pattern may look for files
// beside them: the destination is the current folder unless the user says otherwise.
var destinationParts = map[string]bool{".git": true, "files": true, "copies": true, ".gitattributes": true, "README.txt": true}

// child looks at one name, with a zero byte at its end, in an open folder. Its path is l.path.
func (l *lister) child(b *block, name []byte, p *place) {
	e := l.entry
	k, err := statName(p.fd, name, &l.stat)
	if durable.IsMissing(err) {
		return
	}
	path := unsafe.String(unsafe.SliceData(l.path), len(l.path)) // until the next child: what keeps it takes a copy
	matched := b.matched || e.Matches(path)
	if err != nil {
		if (matched || e.MayContain(path)) && !e.Excludes(path, false) {
			path = strings.Clone(path)
			b.fail(path, "cannot be looked at", err)
			b.found = append(b.found, File{Path: path, Entry: e, skipped: true})
		}
		return
	}
	switch {
	case e.Excludes(path, k.isDir()):
	case k.isDir():
		if matched || e.MayContain(path) {
			b.inner = append(b.inner, inner{len(b.found), &block{path: strings.Clone(path), dev: p.dev, matched: matched, past: p.past.below(path[p.above:])}})
		}
	case matched:
		special := !k.IsRegular() && !k.IsLink()
		if !special && !p.pseudo && p.past.same(path[p.above:], &k) {
			return
		}
		path = strings.Clone(path)
		if special {
			b.fail(path, "is "+k.specialKind()+": skipped", nil)
		}
		b.found = append(b.found, File{Path: path, Stat: k, Entry: e, Pseudo: p.pseudo, skipped: special})
	}
}

func (b *block) note(f folder) { b.noted, b.folder = true, f }

func (b *block) unreadable(err error) {
	b.fail(b.path, "cannot be read", err)
	b.note(folder{})
}

func (b *block) fail(path, msg string, err error) {
	b.problems = append(b.problems, Problem{Path: path, Msg: msg, Err: durable.WithoutPath(err)})
}

// nameOf is a path's last component.
func nameOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
