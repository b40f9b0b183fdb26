package cache

import (
	"errors"
	"hash/crc32"
	"io/fs"
	"iter"

	"timemachine/repo/durable"
)

// The cache file is cacheMagic and any number of sections. The last section that has a source gives
// its state, and the tip of the last section is the commit that the file describes. A run adds a
// section with the states that changed. When the added sections have grown to a part of the first,
// the run writes the file anew, with one section.
//
// The CRC of each section counts from the beginning of the file. A section that is torn, or belongs
// to another file, therefore ends what is read. What comes before it describes an older tip, and
// the run brings that up to date. The file is disposable, so nothing is synced.
const (
	cacheName  = "cache"
	cacheMagic = "timemachine cache 4\n"

	addedShare = 8        // the largest size of the added sections, as a part of the first
	addedLeast = 64 << 10 // bytes that may always be added
)

var errCache = errors.New("damaged cache")

// cacheFile describes the cache file as it was last read or written.
type cacheFile struct {
	size, firstEnd int64 // of the file in bytes; where its first section ends
	crc            uint32
	intact         bool // every section could be read
}

// readCache maps the cache file of the folder state. A missing or damaged file gives an empty
// cache. Callers use the cache inside durable.Guard and close it.
func readCache(state *durable.Dir) *Cache {
	b, err := mapCache(state)
	if err != nil {
		return New()
	}
	c, _ := decodeCache(b)
	c.mapped = b
	return c
}

// mapCache maps the cache file into memory.
func mapCache(state *durable.Dir) ([]byte, error) {
	f, err := state.Open(cacheName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return durable.MapFile(f)
}

// Check returns what is wrong with the cache file of the folder state. A missing file is no
// error.
func Check(state *durable.Dir) error {
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

// Drop removes the cache file of the folder state. The next run makes another from the
// commits.
func Drop(state *durable.Dir) error { return state.Remove(cacheName) }

// decodeCache reads the sections of a cache file up to the first damaged one. The error says that
// there is a damaged one, or none at all.
func decodeCache(b []byte) (*Cache, error) {
	c := New()
	if len(b) < len(cacheMagic) || string(b[:len(cacheMagic)]) != cacheMagic {
		return c, errCache
	}
	at, crc := len(cacheMagic), crc32.Checksum([]byte(cacheMagic), castagnoli)
	for at < len(b) {
		s, size, next, ok := parseSection(b[at:], crc)
		if !ok {
			return c, errCache
		}
		c.addSection(s)
		if at, crc = at+size, next; c.file.firstEnd == 0 {
			c.file.firstEnd = int64(at)
		}
	}
	if c.file.firstEnd == 0 {
		return c, errCache
	}
	c.file.size, c.file.crc, c.file.intact = int64(at), crc, true
	return c, nil
}

// addSection takes over the states of a section. The first section becomes the base.
func (c *Cache) addSection(s section) {
	c.Tip, c.saved = s.tip, s.tip
	if c.file.firstEnd == 0 {
		c.base = s
		return
	}
	for i := range s.count {
		one := s.state(i)
		c.overlay[one.Source] = one
	}
}

// Save brings the cache file of the folder state up to date. It adds a section or, where that would
// grow the file too much, writes the file anew.
func (c *Cache) Save(state *durable.Dir) error {
	f := &c.file
	if !c.changed && c.Tip == c.saved && f.intact {
		return nil
	}
	added, crc := []byte(nil), uint32(0)
	if f.intact {
		added, crc = appendSection(nil, f.crc, c.Tip, c.unsavedEntries())
	}
	var err error
	if size := f.size + int64(len(added)); f.intact && size-f.firstEnd <= f.firstEnd/addedShare+addedLeast {
		err = appendToCache(state, added)
		*f = cacheFile{size: size, firstEnd: f.firstEnd, crc: crc, intact: err == nil}
	} else {
		magic := []byte(cacheMagic)
		added, crc = appendSection(magic, crc32.Checksum(magic, castagnoli), c.Tip, c.allEntries())
		err = state.Put(cacheName, added)
		*f = cacheFile{size: int64(len(added)), firstEnd: int64(len(added)), crc: crc, intact: err == nil}
	}
	if err != nil {
		return err
	}
	c.saved, c.changed = c.Tip, false
	for _, s := range c.overlay {
		s.unsaved = false
	}
	return nil
}

// appendToCache adds a section at the end of the cache file.
func appendToCache(state *durable.Dir, section []byte) error {
	f, err := state.Append(cacheName)
	if err != nil {
		return err
	}
	_, err = f.Write(section)
	return errors.Join(err, f.Close())
}

// unsavedEntries yields the states that the file does not hold yet, in path order.
func (c *Cache) unsavedEntries() iter.Seq[sectionEntry] {
	all := c.SortedOverlay()
	return func(yield func(sectionEntry) bool) {
		for _, s := range all {
			if s.unsaved && !yield(sectionEntry{source: s.Source, state: s}) {
				return
			}
		}
	}
}

// allEntries yields all states, in path order.
func (c *Cache) allEntries() iter.Seq[sectionEntry] {
	all := c.SortedOverlay()
	return func(yield func(sectionEntry) bool) {
		for r := (iterator{cache: c, left: all}); r.next(); {
			one := sectionEntry{source: r.Source, state: r.State}
			if r.inBase {
				one.record = c.base.record(r.basePos - 1)
			}
			if !yield(one) {
				return
			}
		}
	}
}
