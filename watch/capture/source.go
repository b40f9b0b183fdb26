package capture

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
)

// source is a source in its open folder. No link below its entry's root was followed to open that.
type source struct {
	dir    int // open until the opener's next call
	name   string
	path   string
	listed bool // the entry names this very path, so a link there is followed
	pseudo bool // on a file system like /proc
	own    *own.Set
	seen   *disk.Look // by the owner of the destination; nil: not yet
	time   stopwatch  // how long it is read
}

// Opener opens the folders that sources lie in. It keeps the last one open, so that the next source
// in the same folder needs no opening, and the root of its entry. It is ready once Own is set. Not
// for concurrent use.
type Opener struct {
	Own          *own.Set // which is never a source
	seen         map[string]*disk.Look
	root, folder string // "": not open
	top, dir     int    // the entry's root, and the folder
}

// open opens the folder of a source. The folder stays open until the next call. The entry's root
// may be reached through links, since the user named it.
func (o *Opener) open(f *scan.File) (source, error) {
	if f.Listed {
		return source{dir: unix.AT_FDCWD, name: f.Path, path: f.Path, listed: true, pseudo: f.Pseudo, own: o.Own, seen: o.seen[f.Path]}, nil
	}
	cut := strings.LastIndexByte(f.Path, '/')
	if !o.has(f) {
		o.closeFolder()
		if err := o.openRoot(f.Entry.Root); err != nil {
			return source{}, asSourceError(err)
		}
		folder := f.Path[:max(cut, 1)]
		dir, err := disk.OpenBelow(o.top, o.root, folder)
		if err != nil {
			return source{}, asSourceError(err)
		}
		o.folder, o.dir = folder, dir
	}
	return source{dir: o.dir, name: f.Path[cut+1:], path: f.Path, pseudo: f.Pseudo, seen: o.seen[f.Path]}, nil
}

// has tells whether the folder of a source is open.
func (o *Opener) has(f *scan.File) bool {
	return !f.Listed && o.folder == f.Path[:max(strings.LastIndexByte(f.Path, '/'), 1)] && o.root == f.Entry.Root
}

// openRoot opens an entry's root, unless it is open.
func (o *Opener) openRoot(root string) error {
	if o.root == root {
		return nil
	}
	o.Close()
	top, err := o.Own.OpenRoot(root)
	if err != nil {
		return pathError("open", root, err)
	}
	o.root, o.top = root, top
	return nil
}

func (o *Opener) closeFolder() {
	if o.folder != "" {
		unix.Close(o.dir)
	}
	o.folder = ""
}

func (o *Opener) Close() {
	o.closeFolder()
	if o.root != "" {
		unix.Close(o.top)
	}
	o.root = ""
}

// open opens the content of a source. A file that is not regular any more is an error. The call
// never blocks and has no effect on a device or FIFO.
func (s *source) open() (*sourceFile, disk.Stat, error) {
	var fd int
	var err error
	if s.listed {
		fd, err = disk.ReadThrough(s.path, unix.O_RDONLY, s.own.CheckFolder)
	} else {
		fd, err = disk.OpenToRead(s.dir, s.name, unix.O_RDONLY|unix.O_NOFOLLOW)
	}
	if err != nil {
		return nil, disk.Stat{}, asSourceError(pathError("open", s.path, err))
	}
	st, links, err := disk.StatLinksFD(fd)
	if err == nil && !st.IsRegular() {
		err = errSpecial
	}
	if err != nil {
		unix.Close(fd)
		return nil, disk.Stat{}, asSourceError(pathError("open", s.path, err))
	}
	return &sourceFile{fd: fd, path: s.path, links: links}, st, nil
}

// sourceFile is the open content of a source. It is a bare descriptor, since an os.File needs three
// more system calls.
type sourceFile struct {
	fd    int
	path  string
	links uint64 // number of its names at the opening
	holes bool   // the system is asked where its holes are
}

// Read reads at the file's position.
func (f *sourceFile) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(f.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, pathError("read", f.path, err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// readAt reads at a position, and does not move the file's own.
func (f *sourceFile) readAt(p []byte, at int64) (int, error) {
	for {
		n, err := unix.Pread(f.fd, p, at)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, pathError("read", f.path, err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// duplicate returns the same open file under another descriptor.
func (f *sourceFile) duplicate() (*sourceFile, error) {
	fd, err := unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, pathError("dup", f.path, err)
	}
	return &sourceFile{fd: fd, path: f.path}, nil
}

func (f *sourceFile) close() { unix.Close(f.fd) }

// isLink tells whether the entry names a link to the source.
func (s *source) isLink() bool {
	if !s.listed {
		return false
	}
	st, err := disk.StatAt(s.dir, s.name, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.IsLink()
}

// readlink returns the target of a source that is a link, or errTorn where another link took its
// place meanwhile. It fills in the stat and the number of names, and reads what else there is by
// more.
func (s *source) readlink(got *Content, more func(*disk.Stat) error) (target string, err error) {
	got.Stat, got.Links, err = disk.StatLinks(s.dir, s.name, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return "", asSourceError(pathError("lstat", s.path, err))
	}
	b := make([]byte, unix.PathMax+1)
	n, err := unix.Readlinkat(s.dir, s.name, b)
	if err != nil {
		return "", asSourceError(pathError("readlink", s.path, err))
	}
	if err := more(&got.Stat); err != nil {
		return "", err
	}
	if after, err := disk.StatAt(s.dir, s.name, unix.AT_SYMLINK_NOFOLLOW); err != nil || after != got.Stat {
		return "", asSourceError(ErrTorn)
	}
	return string(b[:n]), nil
}

var errSpecial = errors.New("special file")

// sourceError is an error of one source. An error of the destination would affect all sources.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// asSourceError marks an error as one of the source. It returns nil for nil.
func asSourceError(err error) error {
	if err == nil {
		return nil
	}
	return sourceError{err}
}

// pathError names the operation and path of an error.
func pathError(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// IsSourceError tells whether an error concerns one source only. Other errors end the run.
func IsSourceError(err error) bool {
	var own sourceError
	return errors.As(err, &own) || errors.Is(err, object.ErrCollision)
}
