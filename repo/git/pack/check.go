package pack

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
)

// ErrNoIdx is what Check reports for a pack without an idx: no reader finds its objects.
var ErrNoIdx = errors.New("its .idx file is missing")

// Flaw is a damage that Check found.
type Flaw struct {
	File string    // the pack, idx or loose file
	ID   object.ID // the object; zero where the file as a whole is meant
	Err  error
}

// CheckOptions are the options of Store.Check. The zero value reads everything.
type CheckOptions struct {
	Quick    bool                    // tables and frames only, no object is read
	Flaw     func(Flaw)              // called by one goroutine at a time; nil: none
	Progress func(done, total int64) // objects; called by one goroutine at a time; nil: none
}

// Check reads every object of every pack and every loose object, reachable or not. It compares each
// entry with the checksum in its idx, and each object with its name. It returns the number of
// objects; an object in two places counts twice. The error is the context's, or that of a folder
// that cannot be listed; damage is no error.
//
// It works on all cores. Memory grows with the number of objects in the largest pack (40 bytes
// each) and with the size of the objects in work.
func (s *Store) Check(ctx context.Context, o CheckOptions) (objects int64, err error) {
	c := &checker{ctx: ctx, o: o, store: s}
	checked := map[string]bool{}
	before := s.lonely()
	// A pack that appears meanwhile may hold what was in one that a gc has removed before its turn
	// came.
	for again := true; again && err == nil; {
		again, err = c.round(checked)
	}
	for file, other := range s.lonely() {
		if before[file] != other {
			continue
		}
		err := ErrNoIdx
		if other == ".pack" {
			err = errors.New("its .pack file is missing")
		}
		c.report(file, object.ID{}, err)
	}
	return c.total.Load(), errors.Join(err, ctx.Err())
}

const smallPack = 1 << 20

// checker is the state of one Check.
type checker struct {
	ctx   context.Context
	o     CheckOptions
	store *Store

	total, done atomic.Int64
	mu          sync.Mutex // of the calls back
}

func (c *checker) report(file string, id object.ID, err error) {
	if c.o.Flaw == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.o.Flaw(Flaw{File: file, ID: id, Err: err})
}

const reportEach = 256

// step counts one checked object.
func (c *checker) step() {
	if n := c.done.Add(1); n%reportEach == 0 && c.o.Progress != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.o.Progress(n, c.total.Load())
	}
}

// round checks the packs that were not checked yet and, the first time, the loose objects. more
// tells whether there were such packs.
func (c *checker) round(checked map[string]bool) (more bool, err error) {
	first := len(checked) == 0
	if err := c.store.Reload(); err != nil {
		return false, err
	}
	set, err := c.store.acquire()
	if err != nil {
		return false, err
	}
	defer c.store.release(set)
	var packs []*packFile
	for _, p := range set.packs {
		if key := p.base + p.modTime.String(); !checked[key] {
			checked[key] = true
			packs = append(packs, p)
			c.total.Add(p.count())
		}
	}
	var files []string
	if first {
		checked[""] = true
		if files, err = loose.Files(c.store.dir); err != nil {
			return false, err
		}
		c.total.Add(int64(len(files)))
	}
	c.packs(packs)
	c.each(len(files), func(i int) { c.loose(files[i]) })
	return len(packs) > 0, c.ctx.Err()
}

// packs checks small packs side by side, and the parts of each large pack side by side.
func (c *checker) packs(packs []*packFile) {
	slices.SortFunc(packs, func(a, b *packFile) int { return cmp.Compare(a.size, b.size) })
	n, _ := slices.BinarySearchFunc(packs, int64(smallPack), func(p *packFile, size int64) int { return cmp.Compare(p.size, size) })
	c.each(n, func(i int) { c.pack(packs[i], func(n int, do func(int)) { inTurn(n, do) }) })
	for _, p := range packs[n:] {
		c.pack(p, c.each)
	}
}

func inTurn(n int, do func(int)) {
	for i := range n {
		do(i)
	}
}

// each calls do for 0 to n-1 on all cores. It stops early when the context ends.
func (c *checker) each(n int, do func(int)) {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for c.ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= int64(n) {
					return
				}
				do(int(i))
			}
		})
	}
	workers.Wait()
}

// loose checks one loose object.
func (c *checker) loose(file string) {
	defer c.step()
	id, err := loose.FileID(file)
	if err != nil {
		return
	}
	l, err := loose.Open(file, c.store.owner)
	if vanished(err) {
		return
	}
	if err == nil && !c.o.Quick {
		err = hashContent(l.Content(func() error { return deflate.ErrDamaged }), l.Kind, l.Size, id)
	}
	if l != nil {
		err = errors.Join(err, l.Close())
	}
	if err != nil {
		c.report(file, id, err)
	}
}

// lonely maps each pack without an idx, and each idx without a pack, to the suffix that is missing.
// A pack that is being published looks like this for a moment; one of timemachine's has a .keep
// file then.
func (s *Store) lonely() map[string]string {
	files, err := os.ReadDir(s.packDir())
	if err != nil {
		return nil // the listing of the packs says so
	}
	there := map[string]bool{}
	for _, f := range files {
		there[f.Name()] = true
	}
	lonely := map[string]string{}
	for name := range there {
		suffix := filepath.Ext(name)
		base := strings.TrimSuffix(name, suffix)
		other := map[string]string{".pack": ".idx", ".idx": ".pack"}[suffix]
		if other != "" && strings.HasPrefix(name, "pack-") && !there[base+other] && !there[base+".keep"] {
			lonely[filepath.Join(s.packDir(), name)] = other
		}
	}
	return lonely
}

// Unindexed lists the packs whose idx is missing or cannot be read, by path without suffix. No
// reader finds their objects.
func (s *Store) Unindexed() []string {
	var packs []string
	for file, other := range s.lonely() {
		if other == ".idx" {
			packs = append(packs, strings.TrimSuffix(file, ".pack"))
		}
	}
	set, err := s.acquire()
	if err != nil {
		return packs
	}
	defer s.release(set)
	for _, p := range set.packs {
		if err := durable.Guard(func() error { _, err := p.index(); return err }); err != nil && !vanished(err) {
			packs = append(packs, p.base)
		}
	}
	slices.Sort(packs)
	return packs
}

// vanished tells whether a file is missing because a gc has moved its objects to another pack. That
// is no flaw: the next round finds them.
func vanished(err error) bool { return errors.Is(err, fs.ErrNotExist) }
