package scan

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/watch/cache"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// lister lists one folder after the other in a walk and uses its memory again.
type lister struct {
	*walk
	buf   []byte   // for the kernel to write to
	names []byte   // in the folder, each with a zero byte at its end
	order [][]byte // the names, sorted
	path  []byte   // of the present name
	stat  disk.StatBuffer

	barred map[uint32]bool // owners whose folders cannot be read without changing the atime
}

// list finds the sources and subfolders in folder b.
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
			l.addFolder(b, &b.stat)
		}
		return
	}
	defer func() { l.keepOpen(fd, b.subfolders) }()
	st, err := disk.StatFD(fd)
	if err != nil {
		b.addProblem(b.path, "cannot be looked at", err)
		b.setFolder(folder{})
		return
	}
	top, glob := b.path == l.root, !l.entry.IsLiteral()
	if top && l.own.CheckFolder(fd) != nil {
		b.addProblem(b.path, own.ErrOwn.Error(), nil)
		b.setFolder(folder{})
		return
	}
	pseudo := (st.Dev != b.dev || l.pseudo) && disk.IsPseudo(fd)
	if top {
		l.pseudo = pseudo
	}
	dest := st.Inode() == l.own.Dest
	if dest && !glob && b.path == l.entry.Root {
		b.addProblem(b.path, "is the destination itself: not watched", nil)
	}
	if dest && !(glob && b.path == l.entry.Root) || pseudo && !l.pseudo || l.own.HasFolder(st.Inode()) {
		b.setFolder(folder{})
		return
	}
	if !dest && !pseudo {
		l.addFolder(b, &st)
	}
	if l.watch != nil {
		l.watch(b.path, st.Dev)
	}
	empty := false
	if b.only != nil {
		l.names, empty = b.only.appendTo(l.names[:0]), disk.IsEmpty(fd)
	} else if l.names, err = disk.AppendNames(l.names[:0], fd, l.buf); err != nil {
		b.setUnreadable(err)
		return
	} else {
		empty = len(l.names) == 0
	}
	b.setFolder(folder{dev: st.Dev, readable: true, empty: empty})
	l.addNames(b, &listing{fd: fd, dev: st.Dev, pseudo: pseudo, own: l.own.Names(st.Inode())})
}

// addFolder adds a folder as a source, unless only what lies in it is selected. The folder at the
// top of the file system is none. An entry's root is no mark alone: where a link is there, another
// entry's walk finds that, and must not win.
func (l *lister) addFolder(b *walkFolder, st *disk.Stat) {
	root := b.path == l.entry.Root
	if b.matched && b.path != "/" && (root || !l.cached.MarkFolder(b.place, st)) {
		b.self = &File{Path: b.path, Stat: *st, Entry: l.entry, Listed: root}
	}
}

// open opens a folder for reading.
func (l *lister) open(b *walkFolder) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	if b.path == l.root {
		return disk.ReadThrough(b.path, flags, nil)
	}
	name := disk.BaseName(b.path)
	if b.parent != nil {
		defer l.release(b.parent)
		return l.openSubfolder(b.parent.fd, name, b.stat.UID)
	}
	root, err := l.own.OpenRoot(l.root)
	if err != nil {
		return 0, err
	}
	defer unix.Close(root)
	dir, err := disk.OpenBelow(root, l.root, b.path[:max(len(b.path)-len(name)-1, 1)])
	if err != nil {
		return 0, durable.WithoutPath(err)
	}
	defer unix.Close(dir)
	return l.openSubfolder(dir, name, b.stat.UID)
}

// openSubfolder opens a folder in dir for reading. It is OpenToRead, but for an owner that barred
// holds it does not try in vain again.
func (l *lister) openSubfolder(dir int, name string, owner uint32) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	if !l.barred[owner] {
		fd, err := disk.OpenAt(dir, name, flags|disk.NoAtime)
		if err != unix.EPERM {
			return fd, err
		}
		if l.barred == nil {
			l.barred = map[uint32]bool{}
		}
		l.barred[owner] = true
	}
	return disk.OpenAt(dir, name, flags)
}

// listing is what all names in one folder have in common.
type listing struct {
	fd     int
	dev    uint64
	pseudo bool
	own    func(name string) bool // tells which names are timemachine's own; may be nil
	prefix int                    // length of the folder's path with a slash
	cursor cache.Cursor
}

// addNames adds all names in the folder, in order.
func (l *lister) addNames(b *walkFolder, in *listing) {
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
	in.prefix = len(l.path)
	in.cursor = l.cached.NewCursor(b.cached, in.prefix)
	if b.cached.Empty() {
		b.found = make([]File, 0, len(l.order))
	}
	tooLong := false
	for _, name := range l.order {
		l.path = append(l.path[:in.prefix], name[:len(name)-1]...)
		if len(l.path) >= unix.PathMax {
			tooLong = true
			continue
		}
		if in.own == nil || !in.own(unsafe.String(unsafe.SliceData(name), len(name)-1)) {
			l.addName(b, name, in)
		}
	}
	if tooLong {
		b.addProblem(b.path, "holds names whose paths are longer than the system takes: not watched", unix.ENAMETOOLONG)
	}
	b.trim(len(l.order))
}

// trim frees memory where few of the folder's n names were taken.
func (b *walkFolder) trim(n int) {
	if len(b.found)+len(b.subfolders) <= n/2 {
		b.found = slices.Clip(slices.Clone(b.found))
	}
}

// addName adds one name of the folder, which ends in a zero byte. Its path is l.path.
func (l *lister) addName(b *walkFolder, name []byte, in *listing) {
	e := l.entry
	st, err := disk.StatName(in.fd, name, &l.stat)
	// Valid until the next name: code that keeps the path clones it.
	path := unsafe.String(unsafe.SliceData(l.path), len(l.path))
	alone := b.only.wantsAlone(name) && err == nil && st.IsDir() && l.cached.IsFolder(path, st.Inode())
	if b.only != nil && !alone {
		l.cached.ForgetBelow(path)
	}
	if durable.IsMissing(err) {
		return
	}
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
	case e.Excludes(path, st.IsDir()):
	case st.IsDir():
		if matched || e.MayContain(path) {
			sub := &walkFolder{path: strings.Clone(path), dev: in.dev, stat: st, matched: matched}
			sub.place, sub.cached = in.cursor.EnterFolder(path[in.prefix:])
			if alone {
				sub.only = onlyNames{}
			}
			b.subfolders = append(b.subfolders, subfolder{len(b.found), sub})
		}
	case matched:
		special := !st.IsRegular() && !st.IsLink()
		if !special && !in.pseudo && in.cursor.MarkUnchanged(path[in.prefix:], &st) {
			return
		}
		path = strings.Clone(path)
		if special {
			b.problems = append(b.problems, Problem{Path: path, Msg: "is " + st.SpecialKind() + ": skipped", Warning: true, Once: true})
		}
		mounted := st.IsRegular() && st.Dev != in.dev
		pseudo := in.pseudo || mounted && disk.IsPseudoPath(path)
		linked := !special && disk.HasOtherNames(&l.stat)
		b.found = append(b.found, File{Path: path, Stat: st, Entry: e, Pseudo: pseudo, skipped: special, linked: linked})
	}
}

// setFolder notes what was found out about the folder.
func (b *walkFolder) setFolder(f folder) { b.known, b.folder = true, f }

// setUnreadable notes that the folder cannot be read, and why.
func (b *walkFolder) setUnreadable(err error) {
	b.addProblem(b.path, "cannot be read", err)
	b.setFolder(folder{})
}

func (b *walkFolder) addProblem(path, msg string, err error) {
	b.problems = append(b.problems, Problem{Path: path, Msg: msg, Err: durable.WithoutPath(err)})
}
