package repotest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// Loss is what a power failure takes, of what was not put on disk.
type Loss string

// The losses. Names are lost by folder where each has its own log, as POSIX allows; in the order of
// the operations where the file system keeps one journal, as ext4 and XFS do.
const (
	// each folder is as it was last synced, files that were not are empty
	LosesAll     Loss = "all"
	LosesContent Loss = "content" // all names are there, what was not synced of files is zeros
	// names up to a moment since the last sync, of each file everything or nothing
	LosesSome Loss = "some"
)

// AllLosses lists them.
var AllLosses = []Loss{LosesAll, LosesContent, LosesSome}

// Power keeps account of what of a folder is on disk, to show what a power failure would leave. It
// is a durable.Seam. What was there at its making counts as on disk.
type Power struct {
	root string

	mu       sync.Mutex
	top      *node
	files    map[*durable.File]*node
	log      []renaming
	synced   int // the length of the log at the last sync of anything
	links    []linking
	watching func(op *durable.Op)
	turn     sync.Mutex // of the calls to watching
}

// renaming is a name that came to mean something else; nil: nothing.
type renaming struct {
	dir  *node
	name string
	to   *node
	half bool // the second half of a rename, which no failure splits
}

// linking is a second name given to a file: no journal keeps it and loses the older name.
type linking struct {
	from, to *node // the folders
	name     string
	file     *node
	at       int // the length of the log then
}

// node is a file, link or folder.
type node struct {
	first    map[string]*node // of a folder: its names to begin with; nil for others
	now      map[string]*node
	syncedAt int // of a folder: the length of the log when it was last synced

	link  string    // of a link: the target
	mtime time.Time // of a link: journals keep it with the name

	onDisk, last content // of a file
	size         int64   // it was given, synced or not
}

// content is what a file holds, with its attributes; zero for a file that was never synced.
type content struct {
	data  []byte
	mode  os.FileMode
	mtime time.Time
	known bool
}

// NewPower begins the account of root.
func NewPower(t testing.TB, root string) *Power {
	t.Helper()
	p := &Power{root: root, files: map[*durable.File]*node{}}
	var err error
	if p.top, err = (&loader{}).load(root); err != nil {
		t.Fatal(err)
	}
	return p
}

// Watch has f called before each operation that changes anything, by one goroutine at a time; f may
// call Cut.
func (p *Power) Watch(f func(op *durable.Op)) { p.watching = f }

// loader reads a folder; a file of two names is one node.
type loader struct{ linked map[uint64]*node }

func (l *loader) load(path string) (*node, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case st.IsDir():
		n := &node{first: map[string]*node{}, now: map[string]*node{}}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			kid, err := l.load(filepath.Join(path, e.Name()))
			if err != nil {
				return nil, err
			}
			n.first[e.Name()], n.now[e.Name()] = kid, kid
		}
		return n, nil
	case st.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return &node{link: target, mtime: st.ModTime()}, err
	}
	sys := st.Sys().(*syscall.Stat_t)
	if n := l.linked[sys.Ino]; n != nil {
		return n, nil
	}
	n := &node{}
	err = n.read(path)
	n.onDisk = n.last
	if l.linked == nil {
		l.linked = map[uint64]*node{}
	}
	l.linked[sys.Ino] = n
	return n, err
}

func (n *node) read(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	n.last = content{data: data, mode: st.Mode(), mtime: st.ModTime(), known: true}
	n.size = int64(len(data))
	return nil
}

func (n *node) readFile(f *durable.File) {
	if err := n.read(fmt.Sprintf("/proc/self/fd/%d", f.Fd())); err != nil {
		panic(err) // the account would be wrong
	}
}

// Before implements durable.Seam.
func (p *Power) Before(op *durable.Op) error {
	switch op.Kind {
	case durable.Open, durable.Lstat, durable.List:
		return nil
	}
	if p.watching != nil {
		p.turn.Lock()
		p.watching(op)
		p.turn.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.files[op.File]; op.Kind == durable.Close && n != nil {
		n.readFile(op.File)
		delete(p.files, op.File)
	}
	return nil
}

// After implements durable.Seam.
func (p *Power) After(op *durable.Op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch op.Kind {
	case durable.Mkdir:
		p.set(op.Path, &node{first: map[string]*node{}, now: map[string]*node{}})
	case durable.Create:
		n := p.find(op.Path)
		if n == nil {
			n = &node{}
			p.set(op.Path, n)
		}
		p.files[op.File] = n
	case durable.Symlink:
		p.set(op.Path, &node{link: op.To})
	case durable.SetMtime:
		if st, err := os.Lstat(op.Path); err == nil {
			p.find(op.Path).mtime = st.ModTime()
		}
	case durable.Link:
		n := p.find(op.Path)
		p.links = append(p.links, linking{p.find(filepath.Dir(op.Path)), p.find(filepath.Dir(op.To)), filepath.Base(op.Path), n, len(p.log)})
		p.set(op.To, n)
	case durable.Rename:
		n := p.find(op.Path)
		p.set(op.To, n)
		p.set(op.Path, nil)
		p.log[len(p.log)-1].half = true
	case durable.Remove, durable.Rmdir:
		p.set(op.Path, nil)
	case durable.Write:
		p.files[op.File].size += int64(len(op.Data))
	case durable.Sync:
		n := p.files[op.File]
		n.readFile(op.File)
		n.onDisk = n.last
		p.synced = len(p.log)
	case durable.SyncDir:
		if n := p.find(op.Path); n != nil {
			n.syncedAt, p.synced = len(p.log), len(p.log)
		}
	case durable.SyncAll:
		p.syncAll()
	}
}

func (p *Power) syncAll() {
	top, err := (&loader{}).load(p.root)
	if err != nil {
		panic(err)
	}
	files := map[*durable.File]*node{}
	for f := range p.files {
		rel := strings.TrimPrefix(f.Name(), p.root)
		if n := descend(top, rel); n != nil {
			files[f] = n
		} else {
			files[f] = p.files[f]
		}
	}
	p.top, p.files, p.log, p.links, p.synced = top, files, nil, nil, 0
}

func descend(n *node, path string) *node {
	for part := range strings.SplitSeq(path, "/") {
		if n == nil || part == "" {
			continue
		}
		n = n.now[part]
	}
	return n
}

func (p *Power) find(path string) *node {
	rel, ok := strings.CutPrefix(path, p.root)
	if !ok {
		return nil
	}
	return descend(p.top, rel)
}

func (p *Power) set(path string, to *node) {
	dir, name := filepath.Split(path)
	d := p.find(strings.TrimSuffix(dir, "/"))
	if d == nil {
		return
	}
	if to == nil {
		delete(d.now, name)
	} else {
		d.now[name] = to
	}
	p.log = append(p.log, renaming{dir: d, name: name, to: to})
}

// Cut writes what a power failure at this moment would leave to the folder to, which must not
// exist.
func (p *Power) Cut(t testing.TB, to string, loss Loss) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &cut{p: p, loss: loss, upto: p.synced + rand.IntN(len(p.log)-p.synced+1), written: map[*node]string{}}
	if c.upto < len(p.log) && p.log[c.upto].half {
		c.upto++
	}
	if err := c.write(p.top, to); err != nil {
		t.Fatal(err)
	}
}

type cut struct {
	p       *Power
	loss    Loss
	upto    int // LosesSome: the operations that made it
	written map[*node]string
}

// names is what of a folder's names is left.
func (c *cut) names(n *node) map[string]*node {
	limit := len(c.p.log)
	switch c.loss {
	case LosesAll:
		limit = n.syncedAt
	case LosesSome:
		limit = c.upto
	}
	names := map[string]*node{}
	for name, kid := range n.first {
		names[name] = kid
	}
	for _, r := range c.p.log[:limit] {
		if r.dir != n {
			continue
		}
		delete(names, r.name)
		if r.to != nil {
			names[r.name] = r.to
		}
	}
	for _, l := range c.p.links {
		if c.loss == LosesAll && l.from == n && l.from.syncedAt <= l.at && l.to.syncedAt > l.at {
			names[l.name] = l.file
		}
	}
	return names
}

func (c *cut) write(n *node, to string) error {
	switch {
	case n.first != nil:
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		for name, kid := range c.names(n) {
			if err := c.write(kid, filepath.Join(to, name)); err != nil {
				return err
			}
		}
		return nil
	case n.link != "":
		if err := os.Symlink(n.link, to); err != nil {
			return err
		}
		at := unix.NsecToTimespec(n.mtime.UnixNano())
		return unix.UtimesNanoAt(unix.AT_FDCWD, to, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
	case c.written[n] != "":
		return os.Link(c.written[n], to)
	}
	c.written[n] = to
	return c.left(n).write(to)
}

// left is what of a file's content is on disk.
func (c *cut) left(n *node) content {
	k := n.onDisk
	switch {
	case c.loss == LosesContent && n.size > int64(len(k.data)):
		k.data = append(append([]byte{}, k.data...), make([]byte, n.size-int64(len(k.data)))...)
	case c.loss == LosesSome && n.last.known && rand.IntN(2) == 0:
		k = n.last
	}
	return k
}

func (k content) write(to string) error {
	if err := os.WriteFile(to, k.data, 0o600); err != nil {
		return err
	}
	if !k.known {
		return nil
	}
	if err := os.Chmod(to, k.mode); err != nil {
		return err
	}
	return os.Chtimes(to, k.mtime, k.mtime)
}
