package watch

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"slices"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/object"
)

// The cache file: cacheMagic, the tip (20 bytes), the number of sources and each of them as varints, strings with their
// length first, then the CRC-32C of all before it, big-endian. It is disposable: whatever is wrong with it, the records
// are read from the commits again.
const (
	cacheName  = "cache"
	cacheMagic = "timemachine cache 1\n"
	maxCache   = 8 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	flagLink = 1 << iota
	flagDeleted
	flagDoubt
	flagStale
)

// loadCache reads the cache; one that is missing or damaged gives an empty one.
func loadCache(state *durable.Dir) *knowledge {
	empty := &knowledge{sources: map[string]*known{}}
	b, err := state.ReadFile(cacheName, maxCache)
	if err != nil {
		return empty
	}
	k, err := decodeCache(b)
	if err != nil {
		return empty
	}
	return k
}

// CheckCache tells what is wrong with the cache of what the last run knew; nil for none, and for one that is whole.
func CheckCache(state *durable.Dir) error {
	b, err := state.ReadFile(cacheName, maxCache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = decodeCache(b)
	}
	return err
}

// DropCache removes the cache: the next run makes another from the commits.
func DropCache(state *durable.Dir) error { return state.Remove(cacheName) }

// save writes the cache, if anything in it changed.
func (k *knowledge) save(state *durable.Dir) error {
	if !k.changed {
		return nil
	}
	k.changed = false
	return state.Replace(cacheName, encodeCache(k))
}

func encodeCache(k *knowledge) []byte {
	names := make([]string, 0, len(k.sources))
	size := 64
	for n := range k.sources {
		names = append(names, n)
		size += len(n) + 160
	}
	slices.Sort(names)
	b := append(make([]byte, 0, size), cacheMagic...)
	b = append(b, k.tip[:]...)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, n := range names {
		b = appendKnown(b, k.sources[n])
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func appendKnown(b []byte, s *known) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(s.source))), s.source...)
	b = append(b, s.blob[:]...)
	b = append(b, s.commit[:]...)
	for _, t := range []time.Time{s.mtime, s.latest} {
		b = binary.AppendVarint(b, t.Unix())
		b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	}
	flags := uint64(0)
	for i, on := range []bool{s.link, s.deleted, s.doubt, s.stale} {
		if on {
			flags |= 1 << i
		}
	}
	k := &s.key
	for _, v := range []uint64{flags, uint64(s.torn), uint64(s.mode), uint64(s.uid), uint64(s.gid), uint64(s.size), k.Dev, k.Ino, uint64(k.Size),
		uint64(k.MtimeNsec), uint64(k.CtimeNsec), uint64(k.Mode), uint64(k.UID), uint64(k.GID), uint64(k.BirthNsec)} {
		b = binary.AppendUvarint(b, v)
	}
	for _, v := range []int64{k.MtimeSec, k.CtimeSec, k.BirthSec} {
		b = binary.AppendVarint(b, v)
	}
	return b
}

var errCache = errors.New("damaged cache")

// openCache checks the cache file's frame and gives the commit it is true of and how many sources follow in d.
func openCache(b []byte) (d decoder, tip object.ID, n uint64, err error) {
	const tail = 4
	if len(b) < len(cacheMagic)+20+tail || string(b[:len(cacheMagic)]) != cacheMagic {
		return d, tip, 0, errCache
	}
	body := b[:len(b)-tail]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[len(body):]) {
		return d, tip, 0, errCache
	}
	d = decoder{b: body[len(cacheMagic):]}
	tip, n = d.id(), d.unsigned()
	if n > uint64(len(d.b)) {
		return d, tip, 0, errCache
	}
	return d, tip, n, nil
}

func decodeCache(b []byte) (*knowledge, error) {
	d, tip, n, err := openCache(b)
	if err != nil {
		return nil, err
	}
	k := &knowledge{tip: tip}
	k.sources = make(map[string]*known, n)
	all := make([]known, n)
	for i := range all {
		d.known(&all[i])
		k.sources[all[i].source] = &all[i]
	}
	if d.bad || len(d.b) != 0 {
		return nil, errCache
	}
	return k, nil
}

// decoder takes values off the front of b; after the first that is not there, bad is set and all are zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) id() (id object.ID) {
	copy(id[:], d.take(uint64(len(id))))
	return id
}

func (d *decoder) unsigned() uint64 {
	v, n := binary.Uvarint(d.b)
	d.take(uint64(max(n, 0)))
	d.bad = d.bad || n <= 0
	return v
}

func (d *decoder) signed() int64 {
	v, n := binary.Varint(d.b)
	d.take(uint64(max(n, 0)))
	d.bad = d.bad || n <= 0
	return v
}

func (d *decoder) time() time.Time {
	sec := d.signed()
	return time.Unix(sec, int64(d.unsigned()))
}

func (d *decoder) known(s *known) {
	s.source = string(d.take(d.unsigned()))
	d.state(s)
}

// state reads what follows a source's name.
func (d *decoder) state(s *known) {
	s.blob, s.commit = d.id(), d.id()
	s.mtime, s.latest = d.time(), d.time()
	flags := d.unsigned()
	s.link, s.deleted, s.doubt, s.stale = flags&flagLink != 0, flags&flagDeleted != 0, flags&flagDoubt != 0, flags&flagStale != 0
	s.torn, s.mode, s.uid, s.gid, s.size = uint8(d.unsigned()), uint32(d.unsigned()), uint32(d.unsigned()), uint32(d.unsigned()), int64(d.unsigned())
	k := &s.key
	k.Dev, k.Ino, k.Size = d.unsigned(), d.unsigned(), int64(d.unsigned())
	k.MtimeNsec, k.CtimeNsec = uint32(d.unsigned()), uint32(d.unsigned())
	k.Mode, k.UID, k.GID, k.BirthNsec = uint32(d.unsigned()), uint32(d.unsigned()), uint32(d.unsigned()), uint32(d.unsigned())
	k.MtimeSec, k.CtimeSec, k.BirthSec = d.signed(), d.signed(), d.signed()
}
