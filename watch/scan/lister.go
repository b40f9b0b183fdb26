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

// list finds what is in the folder b.
func (l *lister) list(b *walkFolder) {
	if l.ctx.Err() != nil {
		if b.parent != nil {
			l.release(b.parent)
		}
		return
	}
	fd, err := l.open(b)
	if err != nil {
		if !durable.IsMissing(err) {
			b.setUnreadable(err)
		}
		return
	}
	defer func() { l.keepOpen(fd, b.subfolders) }()
	k, err := StatFD(fd)
	if err != nil {
		b.addProblem(b.path, "cannot be looked at", err)
		b.setFolder(folder{})
		return
	}
	top, glob := b.path == l.root, l.entry.Glob != ""
	pseudo := (k.Dev != b.dev || l.pseudo) && isPseudo(fd)
	if top {
		l.pseudo = pseudo
	}
	dest := [2]uint64{k.Dev, k.Ino} == l.dest
	if dest && !glob && b.path == l.entry.Root {
		b.addProblem(b.path, "is the destination itself: not watched", nil)
	}
	if dest && !(glob && b.path == l.entry.Root) || pseudo && !l.pseudo {
		b.setFolder(folder{})
		return
	}
	if l.names, err = appendNames(l.names[:0], fd, l.buf); err != nil {
		b.setUnreadable(err)
		return
	}
	b.setFolder(folder{dev: k.Dev, readable: true, empty: len(l.names) == 0})
	l.addNames(b, &listing{fd: fd, dev: k.Dev, dest: dest, pseudo: pseudo})
}

// listing is what holds for all in one folder.
type listing struct {
	fd           int
	dev          uint64
	dest, pseudo bool
	prefix       int // the length of the folder's path, with a slash at its end
	cursor       folderCursor
}

// addNames looks at all in the folder, by name.
func (l *lister) addNames(b *walkFolder, p *listing) {
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
	p.prefix = len(l.path)
	p.cursor = folderCursor{cacheMarks: l.cached, span: b.cached, prefix: p.prefix}
	if b.cached.empty() {
		b.found = make([]File, 0, len(l.order))
	}
	for _, name := range l.order {
		l.path = append(l.path[:p.prefix], name[:len(name)-1]...)
		if !p.dest || !destinationParts[string(l.path[p.prefix:])] {
			l.addName(b, name, p)
		}
	}
	b.trim(len(l.order))
}

// trim lets go of the memory for most of a folder's n names where few were taken.
func (b *walkFolder) trim(n int) {
	if len(b.found)+len(b.subfolders) <= n/2 {
		b.found = slices.Clip(slices.Clone(b.found))
	}
}

// destinationParts are what timemachine writes in the destination. A pattern may look for files
// beside them: the destination is the current folder unless the user says otherwise.
var destinationParts = map[string]bool{".git": true, "files": true, "copies": true, ".gitattributes": true, "README.txt": true}

// addName looks at one name, with a zero byte at its end, in an open folder. Its path is l.path.
func (l *lister) addName(b *walkFolder, name []byte, p *listing) {
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
			b.addProblem(path, "cannot be looked at", err)
			b.found = append(b.found, File{Path: path, Entry: e, skipped: true})
		}
		return
	}
	switch {
	case e.Excludes(path, k.isDir()):
	case k.isDir():
		if matched || e.MayContain(path) {
			b.subfolders = append(b.subfolders, subfolder{len(b.found), &walkFolder{path: strings.Clone(path), dev: p.dev, matched: matched, cached: p.cursor.enterFolder(path[p.prefix:])}})
		}
	case matched:
		special := !k.IsRegular() && !k.IsLink()
		if !special && !p.pseudo && p.cursor.markUnchanged(path[p.prefix:], &k) {
			return
		}
		path = strings.Clone(path)
		if special {
			b.addProblem(path, "is "+k.specialKind()+": skipped", nil)
		}
		b.found = append(b.found, File{Path: path, Stat: k, Entry: e, Pseudo: p.pseudo, skipped: special})
	}
}

func (b *walkFolder) setFolder(f folder) { b.known, b.folder = true, f }

func (b *walkFolder) setUnreadable(err error) {
	b.addProblem(b.path, "cannot be read", err)
	b.setFolder(folder{})
}

func (b *walkFolder) addProblem(path, msg string, err error) {
	b.problems = append(b.problems, Problem{Path: path, Msg: msg, Err: durable.WithoutPath(err)})
}
