package scan

import (
	"encoding/binary"
	"hash/crc32"
	"iter"
	"slices"
	"sort"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// cacheSection is a number of known sources as the cache file holds them: in path order, each with a
// record of one size, so that any of them is found without reading the others. Its layout, integers
// little-endian:
//
//	sources  8 bytes
//	length of all paths  8
//	tip  20: the commit that this section and those before it are true of
//	paths, one after the other
//	records, recordSize each: where the path ends (8), then what appendRecord writes
//	CRC-32C of the file up to here, but for the sections' own CRCs  4
type cacheSection struct {
	count   int
	tip     object.ID
	paths   string
	records []byte
}

const (
	sectionHead = 8 + 8 + 20
	sectionTail = 4
	flagsAt     = 6*8 + 6*4
	keySize     = flagsAt + 4
	recordSize  = 8 + keySize + 2*20 + 2*12 + 3*4 + 8
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	little     = binary.LittleEndian
)

const (
	flagLink = 1 << iota
	flagDeleted
	flagDoubt
	flagStale
)

// parseSection reads the section that b begins with, in a file whose CRC up to there is crc. It
// returns how long the section is and the CRC up to its end; ok is false for anything but a whole
// one.
func parseSection(b []byte, crc uint32) (s cacheSection, size int, newCRC uint32, ok bool) {
	if len(b) < sectionHead+sectionTail {
		return s, 0, 0, false
	}
	room := uint64(len(b) - sectionHead - sectionTail)
	n, paths := little.Uint64(b), little.Uint64(b[8:])
	if paths > room || n > (room-paths)/recordSize {
		return s, 0, 0, false
	}
	end := sectionHead + int(paths) + int(n)*recordSize
	summed := make(chan uint32, 1)
	go func() {
		_ = durable.Guard(func() error { // the caller meets the fault as well
			crc = crc32.Update(crc, castagnoli, b[:end])
			return nil
		})
		summed <- crc
	}()
	s = cacheSection{count: int(n), tip: object.ID(b[16:sectionHead]), paths: string(b[sectionHead:][:paths]), records: b[sectionHead+int(paths) : end]}
	sorted := s.sorted()
	if crc = <-summed; !sorted || little.Uint32(b[end:]) != crc {
		return cacheSection{}, 0, 0, false
	}
	return s, end + sectionTail, crc, true
}

// sorted tells whether the paths are where the records say, and in little.
func (s *cacheSection) sorted() bool {
	end, last := uint64(0), ""
	for i := range s.count {
		next := little.Uint64(s.record(i))
		if next < end || next > uint64(len(s.paths)) {
			return false
		}
		source := s.paths[end:next]
		if i > 0 && comparePaths(last, source) >= 0 {
			return false
		}
		end, last = next, source
	}
	return end == uint64(len(s.paths))
}

func (s *cacheSection) record(i int) []byte { return s.records[i*recordSize:][:recordSize] }

// source is the path of the source number i.
func (s *cacheSection) source(i int) string {
	begin := uint64(0)
	if i > 0 {
		begin = little.Uint64(s.record(i - 1))
	}
	return s.paths[begin:little.Uint64(s.record(i))]
}

// search is the number of the first source not before path.
func (s *cacheSection) search(path string) int {
	return sort.Search(s.count, func(i int) bool { return comparePaths(s.source(i), path) >= 0 })
}

// find is the number of the source path.
func (s *cacheSection) find(path string) (i int, there bool) {
	i = s.search(path)
	return i, i < s.count && s.source(i) == path
}

// inFolder is the run of sources in a folder, among those in all.
func (s *cacheSection) inFolder(folder string, all span) span {
	from := all.from + sort.Search(all.to-all.from, func(i int) bool {
		return inside(s.source(all.from+i), folder) || comparePaths(s.source(all.from+i), folder) > 0
	})
	if from < all.to && s.source(from) == folder {
		from++
	}
	return span{from, from + sort.Search(all.to-from, func(i int) bool { return !inside(s.source(from+i), folder) })}
}

// readStat reads of the source number i what a comparison needs: path, key and flags.
func (s *cacheSection) readStat(i int, k *SourceState) {
	b := s.record(i)
	k.source = s.source(i)
	k.Stat = readKey(b)
	flags := b[8+flagsAt]
	k.Link, k.Deleted, k.Doubtful, k.Stale = flags&flagLink != 0, flags&flagDeleted != 0, flags&flagDoubt != 0, flags&flagStale != 0
	k.TornRuns = b[8+flagsAt+1]
}

// isUnchanged tells whether the source number i was last looked at in the state k, and that was all
// there is to it.
func (s *cacheSection) isUnchanged(i int, k *Stat) bool {
	b := s.record(i)
	return b[8+flagsAt]&(flagDeleted|flagDoubt|flagStale) == 0 && readKey(b) == *k
}

// readKey reads a record's key.
func readKey(b []byte) Stat {
	b = b[8:]
	return Stat{Dev: little.Uint64(b), Ino: little.Uint64(b[8:]), Size: int64(little.Uint64(b[16:])),
		MtimeSec: int64(little.Uint64(b[24:])), CtimeSec: int64(little.Uint64(b[32:])), BirthSec: int64(little.Uint64(b[40:])),
		MtimeNsec: little.Uint32(b[48:]), CtimeNsec: little.Uint32(b[52:]), BirthNsec: little.Uint32(b[56:]),
		Mode: little.Uint32(b[60:]), UID: little.Uint32(b[64:]), GID: little.Uint32(b[68:])}
}

// state reads all that is known of the source number i.
func (s *cacheSection) state(i int) *SourceState {
	k := &SourceState{}
	s.readStat(i, k)
	b := s.record(i)[8+keySize:]
	k.Blob, k.Commit = object.ID(b[:20]), object.ID(b[20:40])
	k.Mtime, k.LatestMtime = readTime(b[40:]), readTime(b[52:])
	k.Mode, k.UID, k.GID, k.Size = little.Uint32(b[64:]), little.Uint32(b[68:]), little.Uint32(b[72:]), int64(little.Uint64(b[76:]))
	return k
}

// blobs is what the newest versions of all hold.
func (s *cacheSection) blobs() map[object.ID]bool {
	all := make(map[object.ID]bool, s.count)
	_ = durable.Guard(func() error { // any goroutine may ask; who is not told of a content stores it again
		for i := range s.count {
			b := s.record(i)[8+keySize:]
			all[object.ID(b[:20])] = true
		}
		return nil
	})
	delete(all, object.ID{}) // of what was never recorded
	return all
}

func readTime(b []byte) time.Time {
	return time.Unix(int64(little.Uint64(b)), int64(little.Uint32(b[8:])))
}

func appendTime(b []byte, t time.Time) []byte {
	return little.AppendUint32(little.AppendUint64(b, uint64(t.Unix())), uint32(t.Nanosecond()))
}

// appendRecord is the record without its first field.
func appendRecord(b []byte, s *SourceState) []byte {
	k := &s.Stat
	for _, v := range [...]uint64{k.Dev, k.Ino, uint64(k.Size), uint64(k.MtimeSec), uint64(k.CtimeSec), uint64(k.BirthSec)} {
		b = little.AppendUint64(b, v)
	}
	for _, v := range [...]uint32{k.MtimeNsec, k.CtimeNsec, k.BirthNsec, k.Mode, k.UID, k.GID} {
		b = little.AppendUint32(b, v)
	}
	flags := byte(0)
	for i, on := range [...]bool{s.Link, s.Deleted, s.Doubtful, s.Stale} {
		if on {
			flags |= 1 << i
		}
	}
	b = append(b, flags, s.TornRuns, 0, 0)
	b = append(append(b, s.Blob[:]...), s.Commit[:]...)
	b = appendTime(appendTime(b, s.Mtime), s.LatestMtime)
	b = little.AppendUint32(little.AppendUint32(little.AppendUint32(b, s.Mode), s.UID), s.GID)
	return little.AppendUint64(b, uint64(s.Size))
}

// sectionEntry is a source as it goes into a section.
type sectionEntry struct {
	source string
	record []byte       // as it is in another section, or nil
	state  *SourceState // else
}

// appendSection appends a section of the sources, which come in path order, to a file whose CRC up
// to there is crc.
func appendSection(b []byte, crc uint32, tip object.ID, sources iter.Seq[sectionEntry]) ([]byte, uint32) {
	n, paths := 0, 0
	for s := range sources {
		n, paths = n+1, paths+len(s.source)
	}
	b = slices.Grow(b, sectionHead+paths+n*recordSize+sectionTail)
	start := len(b)
	b = little.AppendUint64(little.AppendUint64(b, uint64(n)), uint64(paths))
	b = append(b, tip[:]...)
	for s := range sources {
		b = append(b, s.source...)
	}
	end := 0
	for s := range sources {
		end += len(s.source)
		b = little.AppendUint64(b, uint64(end))
		if s.record != nil {
			b = append(b, s.record[8:]...)
		} else {
			b = appendRecord(b, s.state)
		}
	}
	crc = crc32.Update(crc, castagnoli, b[start:])
	return little.AppendUint32(b, crc), crc
}
