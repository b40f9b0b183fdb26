// Package scan finds the sources that changed since the last run.
//
// A scan walks what the watch list names and takes the stat of each source. Compare holds that
// against the cache of package cache, and gives the changes that a run looks into.
package scan

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// File is a source as the scan found it: a file, a link or a folder.
type File struct {
	Path    string
	Stat    disk.Stat
	Entry   *config.Entry
	Listed  bool // the entry names this very path, so a link there is followed
	Pseudo  bool // on a file system like /proc
	skipped bool // not captured: a special file, or its stat could not be taken
	linked  bool // the file has other names

	// assumed says that nothing looked at the source: it is taken to be as the cache has it.
	// followed is that of its state.
	assumed, followed bool
}

// Problem is something that a run could not do.
type Problem struct {
	Path    string
	Msg     string // what is wrong with it
	Remedy  refusal.Remedy
	Err     error // the cause, without the path, or nil
	Warning bool  // the run did all the same what was asked for
	Once    bool  // a Warning that is told once: it concerns what nobody has named
}

// folder is what the scan found out about one folder.
type folder struct {
	dev      uint64
	readable bool
	empty    bool
}

// Scan is the result of one scan.
type Scan struct {
	ctx      context.Context
	own      *own.Set // which is never a source
	found    []File   // without the sources that cached marks as unchanged
	cached   cache.Marks
	Sources  int // number of files and links; Compare counts them
	folders  map[string]folder
	Missing  []*config.Entry // literal entries whose path is missing
	Problems []Problem

	config    *config.Config
	looker    disk.Looker
	noFolders map[string]bool // entries' roots that are there and no folders
	yielded   []string        // links that a walk saw, and that an entry leads through

	watch FolderWatch
	part  *part // nil: a scan of everything
	// Undecided says that only a scan of everything can decide about some of the paths of a part.
	Undecided bool
}

// FolderWatch is called with each folder before its names are listed, and with its device. What
// comes to be in the folder afterwards is known to whoever watches it. Several goroutines call it.
// nil: nobody does.
type FolderWatch func(folder string, dev uint64)

func newScan(ctx context.Context, c *config.Config, o *own.Set, known *cache.Cache) *Scan {
	return &Scan{ctx: ctx, config: c, own: o, folders: map[string]folder{}, cached: known.NewMarks(), noFolders: map[string]bool{}}
}

// All scans everything that c watches, but for what is timemachine's own.
// Sources that have the same stat in known are only marked. The cache must not change before
// Compare has returned. The error is a cancelled context or an unreadable cache file.
func All(ctx context.Context, c *config.Config, o *own.Set, known *cache.Cache, watch FolderWatch) (*Scan, error) {
	s := newScan(ctx, c, o, known)
	s.watch = watch
	for _, e := range c.Entries {
		if err := s.scanEntry(e, e.Root); err != nil {
			return nil, err
		}
	}
	s.sortFound()
	s.yieldToEntries(c, known)
	return s, nil
}

// Paths is All for those of the paths that c watches, and for the entries below them. Of the
// folders it scans those that c watches themselves, and not what lies in them.
func Paths(ctx context.Context, c *config.Config, paths, folders []string, o *own.Set, known *cache.Cache) (*Scan, error) {
	s := newScan(ctx, c, o, known)
	for _, path := range paths {
		for _, e := range c.EntriesFor(path) {
			if err := s.scanEntry(e, max(path, e.Root)); err != nil { // the deeper of the two
				return nil, err
			}
		}
	}
	for _, path := range folders {
		if e := c.SelectFolder(path); e != nil {
			s.addFolder(e, path)
		}
	}
	s.sortFound()
	s.yieldToEntries(c, known)
	return s, nil
}

// scanEntry scans what entry e selects at path and below. path is the entry's root or lies below
// it.
func (s *Scan) scanEntry(e *config.Entry, path string) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	listed := path == e.Root
	st, err := s.looker.Stat(path, listed)
	switch {
	case durable.IsNoEntry(err):
		s.addMissing(e, path)
		return nil
	case err != nil:
		s.addProblem(path, "cannot be looked at", err)
		s.found = append(s.found, File{Path: path, Entry: e, skipped: true})
		s.folders[path] = folder{}
		return nil
	case st.IsDir():
		return s.walkEntry(e, path, &st, e.IsLiteral() || e.MatchesUpwards(path))
	}
	s.noFolders[path] = listed
	switch {
	case s.isOwnFile(path, &st):
		s.addProblem(path, own.ErrOwn.Error(), nil)
		return nil
	case !e.IsLiteral() && listed:
		s.addProblem(path, "is not a folder", unix.ENOTDIR)
		return nil
	}
	s.addRoot(File{Path: path, Stat: st, Entry: e, Listed: listed && e.IsLiteral()})
	return nil
}

// addFolder adds the folder path alone.
func (s *Scan) addFolder(e *config.Entry, path string) {
	listed := path == e.Root
	st, err := s.looker.Stat(path, listed)
	if err == nil && st.IsDir() && st.Inode() != s.own.Dest && !s.own.HasFolder(st.Inode()) && !disk.IsPseudoPath(path) && path != "/" {
		s.found = append(s.found, File{Path: path, Stat: st, Entry: e, Listed: listed})
	}
}

// addMissing notes an entry whose path is missing.
func (s *Scan) addMissing(e *config.Entry, path string) {
	if _, err := os.Lstat(path); err == nil {
		s.addProblem(path, "is a link that leads nowhere", unix.ENOENT)
		s.found = append(s.found, File{Path: path, Entry: e, skipped: true})
		return
	}
	s.Missing = append(s.Missing, e)
}

// isOwnFile tells whether the file at path is timemachine's own. A link that an entry names is
// followed.
func (s *Scan) isOwnFile(path string, st *disk.Stat) bool {
	if s.own.HasFile(path, st.Inode()) {
		return true
	}
	link, err := disk.StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil || link.Inode() == st.Inode() {
		return false
	}
	real, err := filepath.EvalSymlinks(path)
	return err == nil && s.own.HasFile(real, st.Inode())
}

// addRoot adds a source that is an entry's root.
func (s *Scan) addRoot(f File) {
	f.Pseudo = f.Stat.IsRegular() && disk.IsPseudoPath(f.Path)
	if !f.Stat.IsRegular() && !f.Stat.IsLink() {
		s.addProblem(f.Path, "is "+f.Stat.SpecialKind()+": skipped", nil)
		f.skipped = true
	}
	s.found = append(s.found, f)
}

// sortFound sorts the found sources by path and keeps each once. An entry that names a source wins
// over one that contains it, and otherwise the first entry wins.
func (s *Scan) sortFound() {
	byPath := func(a, b File) int { return disk.ComparePaths(a.Path, b.Path) }
	if !slices.IsSortedFunc(s.found, byPath) {
		slices.SortStableFunc(s.found, byPath)
	}
	once := s.found[:0]
	for _, f := range s.found {
		switch n := len(once) - 1; {
		case n < 0 || once[n].Path != f.Path:
			once = append(once, f)
		case f.Listed && !once[n].Listed:
			once[n] = f
		}
	}
	s.found = once
}

func (s *Scan) addProblem(path, msg string, err error) {
	s.Problems = append(s.Problems, Problem{Path: path, Msg: msg, Err: durable.WithoutPath(err)})
}

// search returns where a found source is or would be, and whether it is there, not only marked.
func (s *Scan) search(source string) (i int, there bool) {
	return slices.BinarySearchFunc(s.found, source, func(f File, p string) int { return disk.ComparePaths(f.Path, p) })
}
