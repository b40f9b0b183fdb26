package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// seen is a source as the scan found it.
type seen struct {
	path   string
	key    key
	entry  *config.Entry
	listed bool // the entry names this very path: a link there is followed
	pseudo bool // on a file system like /proc
	kept   bool // there, but not to be captured: special, or its state could not be read
}

// folder is what the scan learned of one folder.
type folder struct {
	dev      uint64
	readable bool
	empty    bool
}

// scan is one look at everything that is watched.
type scan struct {
	ctx      context.Context
	dest     [2]uint64 // device and inode of the destination, never walked into
	found    []seen    // what is known to be in the same state is marked in past instead
	past     past
	sources  int // in found, or marked: once compare has counted them
	folders  map[string]folder
	missing  []*config.Entry // literal entries whose path is not there
	problems []Problem
}

func newScan(ctx context.Context, dest [2]uint64, k *knowledge) *scan {
	return &scan{ctx: ctx, dest: dest, folders: map[string]folder{}, past: k.past()}
}

// scanAll scans all that c watches. dest is the device and inode of the destination; sources in the state that k knows are
// only marked.
func scanAll(ctx context.Context, c *config.Config, dest [2]uint64, k *knowledge) (*scan, error) {
	s := newScan(ctx, dest, k)
	for _, e := range c.Entries {
		if err := s.look(e, e.Root); err != nil {
			return nil, err
		}
	}
	s.inOrder()
	return s, nil
}

// scanPaths scans those of the paths that c watches.
func scanPaths(ctx context.Context, c *config.Config, paths []string, dest [2]uint64, k *knowledge) (*scan, error) {
	s := newScan(ctx, dest, k)
	for _, path := range paths {
		e := c.Select(path)
		if e == nil {
			e = c.EntryBelow(path)
		}
		if e == nil {
			continue
		}
		if err := s.look(e, path); err != nil {
			return nil, err
		}
	}
	s.inOrder()
	return s, nil
}

// look scans one entry from path down: its root, or a path below it.
func (s *scan) look(e *config.Entry, path string) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	flags := unix.AT_SYMLINK_NOFOLLOW
	listed := path == e.Root
	if listed {
		flags = 0
	}
	k, err := statAt(unix.AT_FDCWD, path, flags)
	switch {
	case durable.IsNoEntry(err):
		s.absent(e, path)
		return nil
	case err != nil:
		s.fail(path, "cannot be looked at", err)
		s.add(seen{path: path, entry: e, kept: true})
		return nil
	case k.isDir():
		return s.walk(e, path, e.Glob == "" || e.MatchesUpwards(path))
	case e.Glob != "" && listed:
		s.fail(path, "is not a folder", unix.ENOTDIR)
		return nil
	}
	s.file(seen{path: path, key: k, entry: e, listed: listed && e.Glob == ""})
	return nil
}

// absent notes an entry whose path is not there, and looks at the folder it should be in.
func (s *scan) absent(e *config.Entry, path string) {
	if _, err := os.Lstat(path); err == nil {
		s.fail(path, "is a link that leads nowhere", unix.ENOENT)
		s.add(seen{path: path, entry: e, kept: true})
		return
	}
	s.missing = append(s.missing, e)
	if _, known := s.folders[filepath.Dir(path)]; known {
		return
	}
	fd, err := openFD(unix.AT_FDCWD, filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if k, err := statFD(fd); err == nil {
		s.folders[filepath.Dir(path)] = folder{dev: k.Dev, readable: true}
	}
}

// file takes a source that is an entry's root.
func (s *scan) file(f seen) {
	if f.key.isRegular() {
		if fd, err := openFD(unix.AT_FDCWD, filepath.Dir(f.path), folderFlags); err == nil {
			f.pseudo = isPseudo(fd)
			unix.Close(fd)
		}
	}
	if !f.key.isRegular() && !f.key.isLink() {
		s.fail(f.path, "is "+f.key.specialKind()+": skipped", nil)
		f.kept = true
	}
	s.add(f)
}

func (s *scan) add(f seen) { s.found = append(s.found, f) }

// inOrder puts what was found in path order, each source once; an entry that names it wins over one that contains it,
// and else the first.
func (s *scan) inOrder() {
	byPath := func(a, b seen) int { return comparePaths(a.path, b.path) }
	if !slices.IsSortedFunc(s.found, byPath) {
		slices.SortStableFunc(s.found, byPath)
	}
	once := s.found[:0]
	for _, f := range s.found {
		switch n := len(once) - 1; {
		case n < 0 || once[n].path != f.path:
			once = append(once, f)
		case f.listed && !once[n].listed:
			once[n] = f
		}
	}
	s.found = once
}

func (s *scan) fail(path, msg string, err error) {
	s.problems = append(s.problems, Problem{Path: path, Msg: msg, Err: durable.WithoutPath(err)})
}

// inside tells whether path is folder or lies below it.
func inside(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && (rest == "" || rest[0] == '/' || folder == "/")
}
