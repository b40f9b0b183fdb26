package cache

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
	"timemachine/watch/disk"
)

// stateDir returns an empty folder for a cache.
func stateDir(t *testing.T) *durable.Dir {
	t.Helper()
	d, err := durable.OpenDir(repotest.InMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func tipOf(n int) object.ID { return object.Hash(object.Blob, fmt.Append(nil, n)) }

// change changes the state of source and the tip to values that depend on n.
func (k *Cache) change(source string, n int) {
	s := k.FindOrAdd(source)
	*s = State{Source: source, Stat: disk.Stat{Dev: 1, Ino: uint64(n), Size: -int64(n), MtimeSec: int64(n), CtimeNsec: uint32(n), BirthSec: 5, Mode: 0o100644, UID: 7},
		Blob: tipOf(-n), Commit: tipOf(n + 1), Mtime: time.Unix(int64(n), 999_999_999), LatestMtime: time.Unix(int64(n)+1, 0), Mode: 0o644, GID: 9, Size: int64(n),
		Link: n%2 == 0, Deleted: n%3 == 0, Doubtful: n%5 == 0, Stale: n%7 == 0, Folder: n%11 == 0, Linked: n%13 == 0, XattrSum: uint64(n % 3), TornRuns: uint8(n)}
	k.MarkChanged(s)
	k.Tip = tipOf(n)
}

// contents returns all states, for comparison.
func (k *Cache) contents() map[string]State {
	all := map[string]State{}
	for r := k.iterate(); r.next(); {
		s := *r.state()
		s.unsaved, s.added = false, false
		all[s.Source] = s
	}
	return all
}

func save(t *testing.T, k *Cache, d *durable.Dir) []byte {
	t.Helper()
	if err := k.Save(d); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(d.Path(cacheName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cacheOfRuns writes a cache in several runs and returns the file, with the states at each tip.
func cacheOfRuns(t *testing.T, d *durable.Dir) ([]byte, map[object.ID]map[string]State) {
	states := map[object.ID]map[string]State{{}: {}}
	var b []byte
	for run := range 5 {
		k := readCache(d)
		for i := range 6 - run {
			k.change(fmt.Sprintf("/d/%c-%d/f", 'a'+i, i*run%3), run*10+i+1)
		}
		b = save(t, k, d)
		states[k.Tip] = k.contents()
		if got := readCache(d); got.Tip != k.Tip || !reflect.DeepEqual(got.contents(), k.contents()) {
			t.Fatalf("run %d: read %v, written %v", run, got.contents(), k.contents())
		}
	}
	return b, states
}

func TestDamagedCacheNeverLies(t *testing.T) {
	t.Parallel()
	d := stateDir(t)
	b, states := cacheOfRuns(t, d)
	check := func(what string, at int, damaged []byte) {
		k, err := decodeCache(damaged)
		want, there := states[k.Tip]
		if !there || !reflect.DeepEqual(k.contents(), want) {
			t.Fatalf("%s at %d of %d: tip %s, %d sources", what, at, len(b), k.Tip, len(k.contents()))
		}
		if err == nil && !bytes.HasPrefix(b, damaged) {
			t.Fatalf("%s at %d is not noticed", what, at)
		}
	}
	for at := range b {
		check("cut", at, b[:at])
		flipped := bytes.Clone(b)
		flipped[at] ^= 0x10
		check("a bit turned", at, flipped)
		zeros := bytes.Clone(b)
		clear(zeros[at:])
		check("zeros", at, zeros)
		check("bytes lost", at, append(bytes.Clone(b[:at]), b[min(at+50, len(b)):]...))
	}
	check("nothing", 0, b)
	check("more", len(b), append(bytes.Clone(b), make([]byte, 200)...))
}

func TestTornCacheIsWrittenAnew(t *testing.T) {
	d := stateDir(t)
	b, _ := cacheOfRuns(t, d)
	path := filepath.Join(d.Path(""), cacheName)
	if err := os.WriteFile(path, b[:len(b)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	if Check(d) == nil {
		t.Error("nobody sees that the cache is torn")
	}
	k := readCache(d)
	k.change("/new", 99)
	save(t, k, d)
	if err := Check(d); err != nil {
		t.Error(err)
	}
	if got := readCache(d); got.Tip != k.Tip || !reflect.DeepEqual(got.contents(), k.contents()) {
		t.Error("what was saved after the damage is not what is read")
	}
}

// TestSectionOfAnotherCache puts the second section of another cache in place of the cache's own.
// Both are whole, but do not belong together.
func TestSectionOfAnotherCache(t *testing.T) {
	two := func(n int) (b []byte, first int64, tip object.ID) {
		d := stateDir(t)
		k := New()
		k.change("/a", n)
		save(t, k, d)
		tip = k.Tip
		k.change("/b", n+1)
		return save(t, k, d), k.file.firstEnd, tip
	}
	one, first, tip := two(10)
	other, _, _ := two(20)
	k, err := decodeCache(append(bytes.Clone(one[:first]), other[first:]...))
	if err == nil || k.Tip != tip || len(k.contents()) != 1 {
		t.Errorf("error %v, %d sources", err, len(k.contents()))
	}
}

func TestCacheGrowsByWhatChanged(t *testing.T) {
	d := stateDir(t)
	k := New()
	for i := range 10_000 {
		k.change(fmt.Sprintf("/some/folder/%d/%d", i%100, i), i)
	}
	size := len(save(t, k, d))
	for i := range 5 {
		k = readCache(d)
		k.change(fmt.Sprintf("/some/folder/1/%d", i), i)
		now := len(save(t, k, d))
		if now-size > 400 {
			t.Fatalf("one change makes %d bytes %d", size, now)
		}
		size = now
	}
	for i := range 10_000 {
		k.change(fmt.Sprintf("/some/folder/%d/%d", i%100, i), i+1)
	}
	if now := len(save(t, k, d)); now > size+1000 {
		t.Errorf("all changed, and %d bytes became %d", size, now)
	}
}

// TestSaveAdded: what a run has added moves to the file, while states that somebody holds can still
// be changed, and marks of a scan and contents that were asked for before still tell what they did.
func TestSaveAdded(t *testing.T) {
	d := stateDir(t)
	k := New()
	for i := range 100 {
		k.change(fmt.Sprintf("/old/%d", i), i)
	}
	save(t, k, d)
	k = readCache(d)
	defer k.Close()
	marks, blobs := k.NewMarks(), k.Blobs()
	held := k.Find("/old/50")
	moved := 0
	for part := range 6 {
		for i := range 40 {
			n := 1000*(part+1) + i
			s := k.Add(fmt.Sprintf("/new/%d", n))
			was := *s
			k.change(s.Source, n)
			s.added = was.added
		}
		before, added := k.contents(), k.added
		if err := k.SaveAdded(d); err != nil {
			t.Fatal(err)
		}
		if k.added < added {
			moved += added
		}
		if got := k.contents(); !reflect.DeepEqual(got, before) {
			t.Fatalf("part %d: %d states became others, %d", part, len(before), len(got))
		}
	}
	if moved < 200 || len(k.overlay) != 1+6*40-moved {
		t.Errorf("%d states moved, %d are in memory", moved, len(k.overlay))
	}
	if i, there := marks.base.find("/old/99"); !there || marks.base.count != 100 || marks.base.source(i) != "/old/99" || marks.base.state(i).Size != 99 {
		t.Error("the marks tell of another base")
	}
	if all := blobs(); !all[tipOf(-7)] || all[tipOf(-1000)] {
		t.Error("the contents are not those of before")
	}
	held.Size = 12345
	k.MarkChanged(held)
	save(t, k, d)
	want := k.contents()
	again := readCache(d)
	defer again.Close()
	if got := again.contents(); !again.file.intact || !reflect.DeepEqual(got, want) || got["/old/50"].Size != 12345 {
		t.Error("the file has other states")
	}
}

func FuzzCache(f *testing.F) {
	k := New()
	k.change("/a", 1)
	k.change("/a/b", 2)
	b, crc := appendSection([]byte(cacheMagic), checksum([]byte(cacheMagic)), k.Tip, k.allEntries())
	f.Add(b[len(cacheMagic):])
	k.change("/a-", 3)
	b, _ = appendSection(b, crc, k.Tip, k.unsavedEntries())
	f.Add(b[len(cacheMagic):])
	f.Fuzz(func(t *testing.T, sections []byte) {
		b := fixChecksums(append([]byte(cacheMagic), sections...))
		k, err := decodeCache(b)
		again, _ := appendSection([]byte(cacheMagic), checksum([]byte(cacheMagic)), k.Tip, k.allEntries())
		got, gotErr := decodeCache(again)
		if gotErr != nil || got.Tip != k.Tip || !reflect.DeepEqual(got.contents(), k.contents()) {
			t.Errorf("error %v, then %v: %v became %v", err, gotErr, k.contents(), got.contents())
		}
	})
}

// fixChecksums corrects the checksums of the sections in b, so that a test reaches what comes after
// them.
func fixChecksums(b []byte) []byte {
	crc := checksum([]byte(cacheMagic))
	for at := len(cacheMagic); len(b)-at >= sectionHead+sectionTail; {
		room := uint64(len(b) - at - sectionHead - sectionTail)
		n, paths := little.Uint64(b[at:]), little.Uint64(b[at+8:])
		if paths > room || n > (room-paths)/recordSize {
			break
		}
		end := at + sectionHead + int(paths+n*recordSize)
		crc = crc32.Update(crc, castagnoli, b[at:end])
		little.PutUint32(b[end:], crc)
		at = end + sectionTail
	}
	return b
}

// appendSection appends a section to a file that ends there.
func appendSection(b []byte, crc uint32, tip object.ID, sources iter.Seq[sectionEntry]) ([]byte, uint32) {
	var w bytes.Buffer
	crc, _ = writeSection(&w, crc, tip, sources)
	return append(b, w.Bytes()...), crc
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// TestCacheChangedUnderReaders: while the cache is read, another process overwrites its records in
// place. Readers may get other states, but none panics.
func TestCacheChangedUnderReaders(t *testing.T) {
	d := stateDir(t)
	data, _ := cacheOfRuns(t, d)
	var stop atomic.Bool
	var working sync.WaitGroup
	working.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		f, err := os.OpenFile(d.Path(cacheName), os.O_RDWR, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for !stop.Load() {
			noise := make([]byte, min(200, len(data)))
			for i := range noise {
				noise[i] = byte(r.Uint32())
			}
			f.WriteAt(noise, int64(r.IntN(len(data)-len(noise)+1)))
			time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
			f.WriteAt(data, 0)
			time.Sleep(time.Duration(r.IntN(100)) * time.Microsecond)
		}
	})
	reads := 0
	for until := time.Now().Add(repotest.Chance()); time.Now().Before(until); reads++ {
		_ = durable.Guard(func() error {
			c := readCache(d)
			defer c.Close()
			for range 20 {
				for i := range c.base.count {
					c.base.state(i)
				}
				c.base.find("/nothing")
				c.base.inFolder("/", Span{0, c.base.count})
				c.newest("/")
			}
			return nil
		})
	}
	stop.Store(true)
	working.Wait()
	t.Log(reads, "reads")
}
