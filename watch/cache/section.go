package cache

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"iter"
	"sort"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/watch/disk"
)

// section is a part of the cache file: states of sources in path order, with records of one
// size, so that a state is found without reading the others. Its layout, integers little-endian:
//
//	sources  8 bytes
//	length of all paths  8
//	tip  20: the commit that this section and those before it describe
//	paths, one after the other
//	records, recordSize each: where the path ends (8), then what appendRecord writes
//	CRC-32C of the file up to here, without the CRCs of sections  4
type section struct {
	count   int
	tip     object.ID
	paths   string
	ends    []uint64 // where each path ends: what is read from the file again may have changed
	records []byte
	runsAgo []uint32 // of each source, where Load has read commits; never in the file
}

const (
	sectionHead = 8 + 8 + 20
	sectionTail = 4
	flagsAt     = 6*8 + 6*4
	statSize    = flagsAt + 4
	recordSize  = 8 + statSize + 2*20 + 2*12 + 3*4 + 8 + 8
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
	flagFollowed
	flagFolder
	flagLinked
)

// parseSection reads the section at the start of b. crc is the checksum of the file before it, and
// newCRC the one up to its end. size is the section's length in bytes. ok is false where the
// section is incomplete or damaged.
func parseSection(b []byte, crc uint32) (s section, size int, newCRC uint32, ok bool) {
	if len(b) < sectionHead+sectionTail {
		return s, 0, 0, false
	}
	left := uint64(len(b) - sectionHead - sectionTail)
	n, paths := little.Uint64(b), little.Uint64(b[8:])
	if paths > left || n > (left-paths)/recordSize {
		return s, 0, 0, false
	}
	end := sectionHead + int(paths) + int(n)*recordSize
	summed := make(chan uint32, 1)
	go func() {
		_ = durable.Guard(func() error { // the caller's own reads meet the fault as well
			crc = crc32.Update(crc, castagnoli, b[:end])
			return nil
		})
		summed <- crc
	}()
	s = section{count: int(n), tip: object.ID(b[16:sectionHead]), paths: string(b[sectionHead:][:paths]), records: b[sectionHead+int(paths) : end]}
	sorted := s.sorted()
	if crc = <-summed; !sorted || little.Uint32(b[end:]) != crc {
		return section{}, 0, 0, false
	}
	return s, end + sectionTail, crc, true
}

// madeSection is the section at the start of b that was made of the given sources. It reads nothing
// of b.
func madeSection(b []byte, tip object.ID, sources iter.Seq[sectionEntry]) section {
	n, length := countSources(sources)
	var paths strings.Builder
	paths.Grow(length)
	ends := make([]uint64, 0, n)
	for s := range sources {
		paths.WriteString(s.source)
		ends = append(ends, uint64(paths.Len()))
	}
	return section{count: n, tip: tip, paths: paths.String(), ends: ends, records: b[sectionHead+length:][:n*recordSize]}
}

// sorted notes where the records say that the paths end. It tells whether they lie there, and are
// in order.
func (s *section) sorted() bool {
	end, last := uint64(0), ""
	s.ends = make([]uint64, 0, s.count)
	for i := range s.count {
		next := little.Uint64(s.record(i))
		s.ends = append(s.ends, next)
		if next < end || next > uint64(len(s.paths)) {
			return false
		}
		source := s.paths[end:next]
		if i > 0 && disk.ComparePaths(last, source) >= 0 {
			return false
		}
		end, last = next, source
	}
	return end == uint64(len(s.paths))
}

// record returns record number i.
func (s *section) record(i int) []byte { return s.records[i*recordSize:][:recordSize] }

// source returns the path of source number i.
func (s *section) source(i int) string {
	begin := uint64(0)
	if i > 0 {
		begin = s.ends[i-1]
	}
	return s.paths[begin:s.ends[i]]
}

// search returns the number of the first source that does not come before path.
func (s *section) search(path string) int {
	return sort.Search(s.count, func(i int) bool { return disk.ComparePaths(s.source(i), path) >= 0 })
}

// find returns the number of the source path.
func (s *section) find(path string) (i int, there bool) {
	i = s.search(path)
	return i, i < s.count && s.source(i) == path
}

// inFolder returns the sources below a folder, among those in all.
func (s *section) inFolder(folder string, all Span) Span {
	from := all.from + sort.Search(all.to-all.from, func(i int) bool {
		return disk.Inside(s.source(all.from+i), folder) || disk.ComparePaths(s.source(all.from+i), folder) > 0
	})
	if from < all.to && s.source(from) == folder {
		from++
	}
	return Span{from, from + sort.Search(all.to-from, func(i int) bool { return !disk.Inside(s.source(from+i), folder) })}
}

// readStat reads into the given state what a comparison needs of source number i: path, stat and
// flags.
func (s *section) readStat(i int, to *State) {
	b := s.record(i)
	to.Source = s.source(i)
	to.Stat = decodeStat(b)
	flags := b[8+flagsAt]
	to.Link, to.Deleted, to.Doubtful, to.Stale = flags&flagLink != 0, flags&flagDeleted != 0, flags&flagDoubt != 0, flags&flagStale != 0
	to.Followed, to.Folder, to.Linked = flags&flagFollowed != 0, flags&flagFolder != 0, flags&flagLinked != 0
	to.TornRuns = b[8+flagsAt+1]
	if s.runsAgo != nil {
		to.runsAgo = s.runsAgo[i]
	}
}

// isUnchanged tells whether source number i has this stat in the cache and is not in doubt.
func (s *section) isUnchanged(i int, st *disk.Stat) bool {
	b := s.record(i)
	return b[8+flagsAt]&(flagDeleted|flagDoubt|flagStale) == 0 && decodeStat(b) == *st
}

// hasFlag tells whether source number i has a flag.
func (s *section) hasFlag(i int, flag byte) bool { return s.record(i)[8+flagsAt]&flag != 0 }

// isDeleted tells whether the newest version of source number i is a deletion, or was never
// recorded.
func (s *section) isDeleted(i int) bool { return s.hasFlag(i, flagDeleted) }

// decodeStat reads the stat in a record.
func decodeStat(b []byte) disk.Stat {
	b = b[8:]
	return disk.Stat{Dev: little.Uint64(b), Ino: little.Uint64(b[8:]), Size: int64(little.Uint64(b[16:])),
		MtimeSec: int64(little.Uint64(b[24:])), CtimeSec: int64(little.Uint64(b[32:])), BirthSec: int64(little.Uint64(b[40:])),
		MtimeNsec: little.Uint32(b[48:]), CtimeNsec: little.Uint32(b[52:]), BirthNsec: little.Uint32(b[56:]),
		Mode: little.Uint32(b[60:]), UID: little.Uint32(b[64:]), GID: little.Uint32(b[68:])}
}

// state reads the whole state of source number i.
func (s *section) state(i int) *State {
	state := &State{}
	s.readStat(i, state)
	b := s.record(i)[8+statSize:]
	state.Blob, state.Commit = object.ID(b[:20]), object.ID(b[20:40])
	state.Mtime, state.LatestMtime = readTime(b[40:]), readTime(b[52:])
	state.Mode, state.UID, state.GID, state.Size = little.Uint32(b[64:]), little.Uint32(b[68:]), little.Uint32(b[72:]), int64(little.Uint64(b[76:]))
	state.XattrSum = little.Uint64(b[84:])
	return state
}

// content returns the content of a source's newest version.
func (s *section) content(i int) object.ID { return object.ID(s.record(i)[8+statSize:][:20]) }

// blobs returns the contents of the newest versions of all sources.
func (s *section) blobs() map[object.ID]bool {
	all := make(map[object.ID]bool, s.count)
	// Any goroutine may call this, outside a guard. A content that is not returned is stored again.
	_ = durable.Guard(func() error {
		for i := range s.count {
			all[s.content(i)] = true
		}
		return nil
	})
	delete(all, object.ID{}) // of folders, and of sources that were never recorded
	return all
}

// readTime reads what appendTime writes: seconds since 1970 (8) and nanoseconds (4).
func readTime(b []byte) time.Time {
	return time.Unix(int64(little.Uint64(b)), int64(little.Uint32(b[8:])))
}

func appendTime(b []byte, t time.Time) []byte {
	return little.AppendUint32(little.AppendUint64(b, uint64(t.Unix())), uint32(t.Nanosecond()))
}

// appendRecord appends the record of a state, without its first field.
func appendRecord(b []byte, s *State) []byte {
	st := &s.Stat
	for _, v := range [...]uint64{st.Dev, st.Ino, uint64(st.Size), uint64(st.MtimeSec), uint64(st.CtimeSec), uint64(st.BirthSec)} {
		b = little.AppendUint64(b, v)
	}
	for _, v := range [...]uint32{st.MtimeNsec, st.CtimeNsec, st.BirthNsec, st.Mode, st.UID, st.GID} {
		b = little.AppendUint32(b, v)
	}
	flags := byte(0)
	for i, on := range [...]bool{s.Link, s.Deleted, s.Doubtful, s.Stale, s.Followed, s.Folder, s.Linked} {
		if on {
			flags |= 1 << i
		}
	}
	b = append(b, flags, s.TornRuns, 0, 0)
	b = append(append(b, s.Blob[:]...), s.Commit[:]...)
	b = appendTime(appendTime(b, s.Mtime), s.LatestMtime)
	b = little.AppendUint32(little.AppendUint32(little.AppendUint32(b, s.Mode), s.UID), s.GID)
	return little.AppendUint64(little.AppendUint64(b, uint64(s.Size)), s.XattrSum)
}

// sectionEntry is one source that goes into a section.
type sectionEntry struct {
	source string
	record []byte // copied from another section; nil: encode state
	state  *State
}

// sectionSize returns the size in bytes of a section with the given sources.
func sectionSize(sources iter.Seq[sectionEntry]) int64 {
	n, paths := countSources(sources)
	return int64(sectionHead + paths + n*recordSize + sectionTail)
}

func countSources(sources iter.Seq[sectionEntry]) (n, paths int) {
	for s := range sources {
		n, paths = n+1, paths+len(s.source)
	}
	return n, paths
}

// writeSection writes a section with the given sources, which must be in path order. crc is the
// checksum of the file before it. It returns the checksum up to its end.
func writeSection(to io.Writer, crc uint32, tip object.ID, sources iter.Seq[sectionEntry]) (uint32, error) {
	w := sectionWriter{to: to, crc: crc, b: make([]byte, 0, writeSize+recordSize)}
	n, paths := countSources(sources)
	w.b = little.AppendUint64(little.AppendUint64(w.b, uint64(n)), uint64(paths))
	w.b = append(w.b, tip[:]...)
	for s := range sources {
		w.b = append(w.b, s.source...)
		w.flush(writeSize)
	}
	end := 0
	for s := range sources {
		end += len(s.source)
		w.b = little.AppendUint64(w.b, uint64(end))
		if s.record != nil {
			w.b = append(w.b, s.record[8:]...)
		} else {
			w.b = appendRecord(w.b, s.state)
		}
		w.flush(writeSize)
	}
	w.flush(0)
	if w.err == nil {
		_, w.err = to.Write(little.AppendUint32(nil, w.crc))
	}
	return w.crc, w.err
}

// writeSize is how many bytes of a section are written at a time, about.
const writeSize = 64 << 10

// sectionWriter sums what it writes. After an error it writes nothing.
type sectionWriter struct {
	to  io.Writer
	crc uint32
	b   []byte // to be written
	err error
}

// flush writes what is to be written, unless it is less than least bytes.
func (w *sectionWriter) flush(least int) {
	if len(w.b) < least {
		return
	}
	w.crc = crc32.Update(w.crc, castagnoli, w.b)
	if w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:0]
}
