package scan

import (
	"errors"
	"hash/crc32"
	"io/fs"
	"iter"

	"timemachine/repo/durable"
)

// The cache file is cacheMagic and any number of sections. What a later one says of a source holds,
// and the last one's tip is the commit that all of it is true of. A run adds a section with what it
// found changed; when those have grown to a part of the first, the file is written anew with one.
// Each section's CRC counts from the beginning of the file, so a section that is torn, or does not
// belong to those before it, ends what is read: what comes before it is true of its own tip, which
// the run finds to be behind. It is disposable, so nothing is put on disk at once.
const (
	cacheName  = "cache"
	cacheMagic = "timemachine cache 2\n"

	addedShare = 8        // the added sections' part of the first one
	addedLeast = 64 << 10 // bytes that may be added to the smallest of caches
)

var errCache = errors.New("damaged cache")

// cacheFile is what is known of the file between its reading and its writing.
type cacheFile struct {
	size, firstEnd int64 // bytes of the file and, with what stands before it, of the first section
	crc            uint32
	intact         bool // all of it was understood
}

// readCache maps the cache; one that is missing or damaged from its beginning gives an empty one.
// What comes of it is looked at within durable.Guard, and closed.
func readCache(state *durable.Dir) *Cache {
	b, err := mapCache(state)
	if err != nil {
		return newCache()
	}
	k, _ := decodeCache(b)
	k.mapped = b
	return k
}

func mapCache(state *durable.Dir) ([]byte, error) {
	f, err := state.Open(cacheName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return durable.MapFile(f)
}

// CheckCache tells what is wrong with the cache of what the last run knew; nil for none, and for
// one that is whole.
func CheckCache(state *durable.Dir) error {
	b, err := mapCache(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer durable.Unmap(b)
	return durable.Guard(func() error {
		_, err := decodeCache(b)
		return err
	})
}

// DropCache removes the cache: the next run makes another from the commits.
func DropCache(state *durable.Dir) error { return state.Remove(cacheName) }

// decodeCache understands as much of a cache as it can; the error says that there was more, or
// nothing at all.
func decodeCache(b []byte) (*Cache, error) {
	k := newCache()
	if len(b) < len(cacheMagic) || string(b[:len(cacheMagic)]) != cacheMagic {
		return k, errCache
	}
	at, crc := len(cacheMagic), crc32.Checksum([]byte(cacheMagic), castagnoli)
	for at < len(b) {
		s, size, next, ok := parseSection(b[at:], crc)
		if !ok {
			return k, errCache
		}
		k.addSection(s)
		if at, crc = at+size, next; k.file.firstEnd == 0 {
			k.file.firstEnd = int64(at)
		}
	}
	if k.file.firstEnd == 0 {
		return k, errCache
	}
	k.file.size, k.file.crc, k.file.intact = int64(at), crc, true
	return k, nil
}

// addSection takes what a section of the cache says.
func (k *Cache) addSection(s cacheSection) {
	k.Tip, k.saved = s.tip, s.tip
	if k.file.firstEnd == 0 {
		k.base = s
		return
	}
	for i := range s.count {
		one := s.state(i)
		k.overlay[one.source] = one
	}
}

// Save writes to the cache what changed since it was read.
func (k *Cache) Save(state *durable.Dir) error {
	f := &k.file
	if !k.changed && k.Tip == k.saved && f.intact {
		return nil
	}
	added, crc := []byte(nil), uint32(0)
	if f.intact {
		added, crc = appendSection(nil, f.crc, k.Tip, k.unsavedEntries())
	}
	var err error
	if size := f.size + int64(len(added)); f.intact && size-f.firstEnd <= f.firstEnd/addedShare+addedLeast {
		err = appendToCache(state, added)
		*f = cacheFile{size: size, firstEnd: f.firstEnd, crc: crc, intact: err == nil}
	} else {
		magic := []byte(cacheMagic)
		added, crc = appendSection(magic, crc32.Checksum(magic, castagnoli), k.Tip, k.allEntries())
		err = state.Put(cacheName, added)
		*f = cacheFile{size: int64(len(added)), firstEnd: int64(len(added)), crc: crc, intact: err == nil}
	}
	if err != nil {
		return err
	}
	k.saved, k.changed = k.Tip, false
	for _, s := range k.overlay {
		s.unsaved = false
	}
	return nil
}

// appendToCache puts a section at the end of the file that was read.
func appendToCache(state *durable.Dir, section []byte) error {
	f, err := state.Append(cacheName)
	if err != nil {
		return err
	}
	_, err = f.Write(section)
	return errors.Join(err, f.Close())
}

// unsavedEntries goes through what the file does not hold yet, in path order.
func (k *Cache) unsavedEntries() iter.Seq[sectionEntry] {
	all := k.sortedOverlay()
	return func(yield func(sectionEntry) bool) {
		for _, s := range all {
			if s.unsaved && !yield(sectionEntry{source: s.source, state: s}) {
				return
			}
		}
	}
}

// allEntries goes through all that is known, in path order.
func (k *Cache) allEntries() iter.Seq[sectionEntry] {
	all := k.sortedOverlay()
	return func(yield func(sectionEntry) bool) {
		for r := (cacheIterator{cache: k, left: all}); r.next(); {
			one := sectionEntry{source: r.source, state: r.SourceState}
			if r.inBase {
				one.record = k.base.record(r.basePos - 1)
			}
			if !yield(one) {
				return
			}
		}
	}
}
