package scan

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
)

// Path is a path that may have changed, or come, or gone.
type Path struct {
	Name  string // absolute and clean
	Whole bool   // a folder there is new: all below it, too
}

// onlyNames are the names of a folder that a part looks at, and for which of them all that lies
// below is wanted.
type onlyNames map[string]bool

// appendTo appends the names, each with a zero byte at its end.
func (o onlyNames) appendTo(names []byte) []byte {
	for name := range o {
		names = append(append(names, name...), 0)
	}
	return names
}

// wantsAlone tells whether a folder of this name, which ends in a zero byte, is wanted without what
// lies in it.
func (o onlyNames) wantsAlone(name []byte) bool { return o != nil && !o[string(name[:len(name)-1])] }

// part is a scan of some paths. All else is taken to be as the cache has it.
type part struct {
	*Scan
	roots  map[string][]*config.Entry // by their Root
	above  map[string]bool            // folders above an entry's Root
	looked map[string]bool            // paths that were looked at
	alone  map[string]bool            // folders among them that nothing has looked into
	open   map[string]bool            // whether a walk comes to a folder, by root and path
	lists  map[partFolder]onlyNames

	climbed map[partFolder]bool // folders that are missing, or are none any more
}

// partFolder is a folder to look into for an entry.
type partFolder struct {
	entry  *config.Entry
	folder string
}

// Part is All for some paths: it finds what All would find there, if nothing else has changed since
// the scan that the cache is from. It looks at each path, at the folder that holds it, and at the
// other names of a file that has some. Where something suggests that more has happened, it is left
// to a scan of everything: then Undecided is set.
func Part(ctx context.Context, c *config.Config, paths []Path, o *own.Set, known *cache.Cache, watch FolderWatch) (*Scan, error) {
	s := newScan(ctx, c, o, known)
	s.watch = watch
	s.cached.AssumeLive()
	p := &part{Scan: s, roots: map[string][]*config.Entry{}, above: map[string]bool{}, looked: map[string]bool{}, alone: map[string]bool{}, open: map[string]bool{}, climbed: map[partFolder]bool{}}
	s.part = p
	for _, e := range c.Entries {
		p.roots[e.Root] = append(p.roots[e.Root], e)
		for folder := filepath.Dir(e.Root); folder != "/" && !p.above[folder]; folder = filepath.Dir(folder) {
			p.above[folder] = true
		}
	}
	if err := p.look(topmost(paths)); err != nil {
		return nil, err
	}
	if names := p.otherNames(); len(names) > 0 {
		if err := p.look(names); err != nil {
			return nil, err
		}
	}
	p.assumeNewer()
	s.sortFound()
	s.yieldToEntries(c, known)
	return s, nil
}

// topmost returns the paths in path order, each once, without those that lie below a whole one.
func topmost(paths []Path) []Path {
	paths = slices.Clone(paths)
	slices.SortFunc(paths, func(a, b Path) int { return disk.ComparePaths(a.Name, b.Name) })
	kept := paths[:0]
	whole := ""
	for _, p := range paths {
		last := len(kept) - 1
		switch {
		case whole != "" && disk.Inside(p.Name, whole):
			continue
		case last >= 0 && kept[last].Name == p.Name:
			kept[last].Whole = kept[last].Whole || p.Whole
		default:
			kept = append(kept, p)
		}
		if p.Whole {
			whole = p.Name
		}
	}
	return kept
}

// look looks at paths in path order.
func (p *part) look(paths []Path) error {
	p.lists = map[partFolder]onlyNames{}
	for _, path := range paths {
		if err := p.sort(path); err != nil {
			return err
		}
	}
	order := slices.SortedFunc(maps.Keys(p.lists), func(a, b partFolder) int { return disk.ComparePaths(a.folder, b.folder) })
	for _, at := range order {
		if err := p.list(at, p.lists[at]); err != nil {
			return err
		}
	}
	return nil
}

// sort finds the entries whose walks would come to a path, and looks at one that is a root.
func (p *part) sort(path Path) error {
	if p.above[path.Name] && p.hasChanged(path) {
		p.Undecided = true // all that an entry selects can have come or gone
		return nil
	}
	p.forget(path)
	for _, e := range p.roots[path.Name] {
		if err := p.root(e, path); err != nil {
			return err
		}
	}
	if path.Name == "/" {
		return nil
	}
	name, folder := filepath.Base(path.Name), filepath.Dir(path.Name)
	for root := folder; ; root = filepath.Dir(root) {
		for _, e := range p.roots[root] {
			if _, enters := e.Enters(folder); enters {
				p.add(partFolder{e, folder}, name, path.Whole)
			}
		}
		if root == "/" {
			return nil
		}
	}
}

func (p *part) add(at partFolder, name string, whole bool) {
	if p.lists[at] == nil {
		p.lists[at] = onlyNames{}
	}
	p.lists[at][name] = p.lists[at][name] || whole
}

// forget notes that the scan looks at a path. Unless a known folder is found there, it will forget
// all below.
func (p *part) forget(path Path) {
	p.looked[path.Name] = true
	p.cached.Forget(path.Name)
	if path.Whole {
		p.cached.ForgetBelow(path.Name)
	}
}

// hasChanged tells whether a path may be, or lead to, another folder than before.
func (p *part) hasChanged(path Path) bool {
	st, err := p.looker.Stat(path.Name, false)
	return path.Whole || err != nil || !st.IsDir()
}

// root looks at an entry's root. A folder that has come or gone there is left to a scan of
// everything.
func (p *part) root(e *config.Entry, path Path) error {
	st, err := p.looker.Stat(path.Name, true)
	isFolder := err == nil && st.IsDir()
	switch {
	case isFolder && (path.Whole || !e.IsLiteral() || !p.cached.IsFolder(path.Name, st.Inode())), !isFolder && !e.IsLiteral(), !isFolder && p.hadFolder(path.Name):
		p.Undecided = true
		p.assume(path.Name)
		return nil
	case isFolder:
		p.add(partFolder{e, path.Name}, ".", false)
		return nil
	}
	before := len(p.found)
	if err := p.scanEntry(e, path.Name); err != nil {
		return err
	}
	for i := before; i < len(p.found); i++ {
		_, links, err := disk.StatLinks(unix.AT_FDCWD, path.Name, 0)
		p.found[i].linked = err == nil && links > 1 && p.found[i].Stat.IsRegular()
	}
	return nil
}

// hadFolder tells whether the cache has a folder at path.
func (p *part) hadFolder(path string) bool {
	for s := range p.cached.Newer() {
		if s.Source == path && s.Folder || s.Source != path && disk.Inside(s.Source, path) {
			return true
		}
	}
	return p.cached.HasLiveFolder(path)
}

// assume takes back forget.
func (p *part) assume(path string) {
	delete(p.looked, path)
	p.cached.Assume(path)
}

// list looks at names in a folder. Where the folder is missing, or is none any more, it looks at
// the folder itself, from the one above.
func (p *part) list(at partFolder, names onlyNames) error {
	for {
		all, enters := at.entry.Enters(at.folder)
		comes, err := p.comes(at)
		if err != nil || !enters || !comes {
			return err
		}
		delete(names, ".")
		b := &walkFolder{path: at.folder, matched: all, only: names, place: p.cached.Place(at.folder), cached: p.cached.Below(at.folder)}
		if err := p.walkFrom(b, at.entry, at.entry.Root); err != nil {
			return err
		}
		switch {
		case b.known || p.climbed[at]:
			return nil
		case p.above[at.folder] || p.roots[at.folder] != nil: // a link may lead to another entry
			_, err := p.looker.Stat(at.folder, false)
			p.Undecided = p.Undecided || err != nil || at.folder == at.entry.Root
			return nil
		}
		p.climbed[at] = true
		p.forget(Path{at.folder, true})
		names = onlyNames{filepath.Base(at.folder): true}
		at.folder = filepath.Dir(at.folder)
	}
}

// comes tells whether a walk for the entry gets as far as a folder: nothing on the way is
// timemachine's own, or on a file system like /proc.
func (p *part) comes(at partFolder) (bool, error) {
	root := at.entry.Root
	key := root + "\x00" + at.folder
	if comes, known := p.open[key]; known {
		return comes, nil
	}
	comes, err := p.passes(root, at.folder)
	if err == nil && comes && at.folder != root {
		comes, err = p.comes(partFolder{at.entry, filepath.Dir(at.folder)})
	}
	p.open[key] = comes
	return comes, err
}

// passes looks at one folder on the way. What cannot be opened is looked at by list.
func (p *part) passes(root, folder string) (bool, error) {
	if folder == root {
		fd, err := p.own.OpenRoot(root)
		switch {
		case errors.Is(err, own.ErrOwn):
			return false, nil
		case err != nil:
			p.Undecided = true
			return false, nil
		}
		defer unix.Close(fd)
		st, err := disk.StatFD(fd)
		return err == nil && !disk.IsPseudo(fd) && st.Inode() != p.own.Dest, nil
	}
	fd, err := disk.OpenFolder(root, folder)
	if durable.IsMissing(err) {
		return true, nil
	}
	if err != nil {
		p.Undecided = true
		return false, nil
	}
	defer unix.Close(fd)
	st, err := disk.StatFD(fd)
	return err == nil && st.Inode() != p.own.Dest && !p.own.HasFolder(st.Inode()) && !disk.IsPseudo(fd), nil
}

// otherNames returns the other names of the files that were found changed, are gone, or were
// replaced by others: they have changed with them.
func (p *part) otherNames() (names []Path) {
	inodes, found := map[disk.Inode]bool{}, map[string]disk.Inode{}
	for i := range p.found {
		f := &p.found[i]
		found[f.Path] = f.Stat.Inode()
		if f.linked {
			inodes[f.Stat.Inode()] = true
		}
	}
	for was := range p.cached.Unseen(func(string) bool { return false }) {
		if !was.Deleted && !was.Folder && !was.Followed && !was.Stat.IsZero() && found[was.Source] != was.Stat.Inode() && p.hasLooked(was.Source) {
			inodes[was.Stat.Inode()] = true
		}
	}
	if len(inodes) == 0 {
		return nil
	}
	for _, source := range p.cached.NamesOf(inodes) {
		if !p.hasLooked(source) {
			names = append(names, Path{Name: source})
		}
	}
	return topmost(names)
}

// hasLooked tells whether the scan has looked at a path.
func (p *part) hasLooked(path string) bool {
	if p.looked[path] {
		return true
	}
	for folder := filepath.Dir(path); folder != "/"; folder = filepath.Dir(folder) {
		if p.looked[folder] && !p.alone[folder] {
			return true
		}
	}
	return false
}

// assumeNewer takes the states that have no marks to be as they are, where nothing has looked.
func (p *part) assumeNewer() {
	p.found = slices.Grow(p.found, p.cached.CountNewer())
	for s := range p.cached.Newer() {
		if !p.hasLooked(s.Source) {
			p.found = append(p.found, File{Path: s.Source, Stat: s.Stat, assumed: true, followed: s.Followed})
		}
	}
}
