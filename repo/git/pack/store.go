package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
)

// StoreOptions are the options of a Store. The zero value is right for all ordinary use.
type StoreOptions struct {
	MaxBytes int64   // of one object in memory; 0 is 1 GiB
	Owner    *uint32 // whose files are read, and nobody else's; nil: anybody's
}

// Store reads the objects of one objects folder: packs first, newest first, then loose objects. It
// does not use alternates, the multi-pack-index, bitmaps and .rev files. Several goroutines may
// call its methods at once.
//
// When an object is missing, or its pack vanished, the Store lists the folder again and looks once
// more: a gc may have moved the object. When an object is damaged in one place, the Store reads it
// from another one.
type Store struct {
	dir   string
	max   int64
	owner *uint32

	mu  sync.Mutex
	set *packSet // nil once closed
}

var errClosed = errors.New("object store closed")

// OpenStore opens an objects folder (.git/objects). It lists the packs and does not open them. A
// missing folder is an error.
func OpenStore(objectsDir string) (*Store, error) { return StoreOptions{}.Open(objectsDir) }

// Open is OpenStore with options.
func (o StoreOptions) Open(objectsDir string) (*Store, error) {
	if _, err := os.Stat(objectsDir); err != nil {
		return nil, err
	}
	s := &Store{dir: objectsDir, max: cmp.Or(max(o.MaxBytes, 0), 1<<30), owner: o.Owner}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) packDir() string { return filepath.Join(s.dir, "pack") }

// Close releases all packs. A pack that an open stream reads is unmapped when that is closed.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		return errClosed
	}
	s.leave(s.set)
	s.set = nil
	return nil
}

// Reload lists the packs again.
func (s *Store) Reload() error {
	s.mu.Lock()
	closed := s.set == nil
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	return s.load()
}

func (s *Store) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	set, err := listPacks(s.packDir(), s.set, s.owner)
	if err != nil {
		return fmt.Errorf("list packs: %w", err)
	}
	for _, p := range set.packs {
		p.sets++
	}
	if s.set != nil {
		s.leave(s.set)
	}
	s.set = set
	return nil
}

// leave drops one user of a set. The caller holds the lock.
func (s *Store) leave(set *packSet) {
	if set.users--; set.users > 0 {
		return
	}
	for _, p := range set.packs {
		if p.sets--; p.sets == 0 {
			p.unmap()
		}
	}
}

func (s *Store) acquire() (*packSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		return nil, errClosed
	}
	s.set.users++
	return s.set, nil
}

func (s *Store) release(set *packSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(set)
}

// finder is what a query does in each place. Its functions return an error for a damaged object.
type finder struct {
	packed func(p *packFile, offset int64) error
	loose  func(name string) error // fs.ErrNotExist where there is none
}

// mostListings is how many listings one query takes at most. Each run removes a pack when it has
// written the next one, so that a slow reader can come too late several times.
const mostListings = 64

// find runs the query in the first place that serves it. Where none does and the folder of the
// packs may have changed, it lists the packs again and repeats the query. It releases the set
// unless keep takes it over.
func (s *Store) find(id object.ID, f finder, keep func(*packSet)) error {
	var err error
	var seen time.Time
	waited := false
	for listings := 1; ; listings++ {
		var set *packSet
		if set, err = s.acquire(); err != nil {
			return err
		}
		err = s.findIn(set, id, f)
		stale := err != nil && !errors.Is(err, object.ErrTooBig) && set.stale(s.packDir())
		if err == nil && keep != nil {
			keep(set)
			return nil
		}
		changed := listings == 1 || !set.modTime.Equal(seen) || vanished(err)
		seen = set.modTime
		s.release(set)
		if !stale || listings == mostListings || !changed && (waited || coarse(seen)) {
			break
		}
		if waited = !changed; waited {
			time.Sleep(clockStep) // two changes within one step of the clock look like one
		}
		if err := s.load(); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("object %s: %w", id, err)
	}
	return nil
}

// findIn returns ErrNotFound, or the first damage it met where no other place has the object.
func (s *Store) findIn(set *packSet, id object.ID, f finder) error {
	err := error(object.ErrNotFound)
	served := false
	set.order(func(p *packFile) bool {
		found := false
		packErr := durable.Guard(func() error {
			offset, ok, err := p.find(id)
			if err != nil || !ok {
				return err
			}
			found = true
			return f.packed(p, offset)
		})
		if served = found && packErr == nil; served {
			set.lastHit.Store(p)
			return false
		}
		if packErr != nil && err == object.ErrNotFound {
			err = packErr
		}
		return true
	})
	if served {
		return nil
	}
	looseErr := f.loose(loose.Path(s.dir, id))
	if looseErr == nil {
		return nil
	}
	if err == object.ErrNotFound && !errors.Is(looseErr, fs.ErrNotExist) {
		return looseErr
	}
	return err
}

// Trim gives back the memory that was taken to read the packs. They can be read again.
func (s *Store) Trim() {
	set, err := s.acquire()
	if err != nil {
		return
	}
	defer s.release(set)
	for _, p := range set.packs {
		p.mu.Lock()
		durable.ForgetPages(p.data, 0, int64(len(p.data)))
		if p.idx != nil {
			durable.ForgetPages(p.idx.data, 0, int64(len(p.idx.data)))
		}
		p.mu.Unlock()
	}
}
