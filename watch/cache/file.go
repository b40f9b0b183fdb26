package cache

import (
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/watch/disk"
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
	if f.intact {
		unsaved := c.unsavedEntries()
		if size := f.size + sectionSize(unsaved); size-f.firstEnd <= f.firstEnd/addedShare+addedLeast {
			crc, err := appendToCache(state, f.crc, c.Tip, unsaved)
			*f = cacheFile{size: size, firstEnd: f.firstEnd, crc: crc, intact: err == nil}
			return c.noteSaved(err)
		}
	}
	return c.saveAnew(state)
}

// leastAddedShare is how large a part of the base the states that Add gave must be to be saved.
const leastAddedShare = 4

// SaveAdded saves the cache where Add has given many states, and takes what was saved as the base:
// it needs less memory. A scan may go on to use its marks. After an error the cache holds what it
// held.
func (c *Cache) SaveAdded(state *durable.Dir) error {
	if c.added < max(1, c.base.count/leastAddedShare) {
		return nil
	}
	if err := c.saveAnew(state); err != nil {
		return err
	}
	b, err := mapCache(state)
	if err != nil {
		return err
	}
	if int64(len(b)) != c.file.size {
		durable.Unmap(b)
		c.file.intact = false // it is not what was written
		return errCache
	}
	c.base = madeSection(b[len(cacheMagic):], c.Tip, c.allEntries())
	c.former, c.mapped, c.added = append(c.former, c.mapped), b, 0
	held := map[string]*State{} // by who has asked for them
	for source, s := range c.overlay {
		if !s.added {
			held[source] = s
		}
	}
	c.overlay = held
	return nil
}

// saveAnew writes the cache file anew, with one section.
func (c *Cache) saveAnew(state *durable.Dir) error {
	w := wholeFile{tip: c.Tip, sources: c.allEntries()}
	err := state.PutFrom(cacheName, &w)
	c.file = cacheFile{size: w.size, firstEnd: w.size, crc: w.crc, intact: err == nil}
	return c.noteSaved(err)
}

// wholeFile is a cache file of one section.
type wholeFile struct {
	tip     object.ID
	sources iter.Seq[sectionEntry]
	size    int64  // in bytes, once it is written
	crc     uint32 // likewise
}

// WriteTo writes the file.
func (f *wholeFile) WriteTo(to io.Writer) (n int64, err error) {
	if _, err := io.WriteString(to, cacheMagic); err != nil {
		return 0, err
	}
	f.size = int64(len(cacheMagic)) + sectionSize(f.sources)
	f.crc, err = writeSection(to, crc32.Checksum([]byte(cacheMagic), castagnoli), f.tip, f.sources)
	return f.size, err
}

// noteSaved notes that the file holds the whole cache, unless err says that it does not.
func (c *Cache) noteSaved(err error) error {
	if err != nil {
		return err
	}
	c.saved, c.changed = c.Tip, false
	for _, s := range c.overlay {
		s.unsaved = false
	}
	return nil
}

// appendToCache adds a section at the end of the cache file, and returns the checksum up to there.
func appendToCache(state *durable.Dir, crc uint32, tip object.ID, sources iter.Seq[sectionEntry]) (uint32, error) {
	f, err := state.Append(cacheName)
	if err != nil {
		return 0, err
	}
	crc, err = writeSection(f, crc, tip, sources)
	return crc, errors.Join(err, f.Close())
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

// allEntries yields all states, in path order. Of the base it has no more in memory than it yields
// records at a time.
func (c *Cache) allEntries() iter.Seq[sectionEntry] {
	newer := c.SortedOverlay()
	return func(yield func(sectionEntry) bool) {
		left := newer
		for i := range c.base.count {
			source := c.base.source(i)
			for len(left) > 0 && disk.ComparePaths(left[0].Source, source) < 0 {
				if !yield(sectionEntry{source: left[0].Source, state: left[0]}) {
					return
				}
				left = left[1:]
			}
			if len(left) > 0 && left[0].Source == source {
				continue
			}
			if !yield(sectionEntry{source: source, record: c.base.record(i)}) {
				return
			}
			if i%entriesInMemory == 0 {
				c.Forget()
			}
		}
		for _, s := range left {
			if !yield(sectionEntry{source: s.Source, state: s}) {
				return
			}
		}
	}
}

// entriesInMemory is after how many records the memory that they took is given back.
const entriesInMemory = 4096
