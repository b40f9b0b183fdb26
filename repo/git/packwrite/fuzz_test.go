package packwrite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
)

// script turns fuzz data into contents: bytes tell lengths, kinds and what is taken from the
// content before.
type script struct{ data []byte }

func (s *script) byte() int {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return int(b)
}

func (s *script) take(n int) []byte {
	n = min(n, len(s.data))
	p := s.data[:n]
	s.data = s.data[n:]
	return p
}

// FuzzWriter writes what the data says in every way a Writer has, extends the pack and merges both;
// git index-pack --strict must accept them, make the same idx, and cat-file give back each content.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("\x05hello\x45 there, world\x85 and more of the same and more of the same\xff"))
	f.Add(bytes.Repeat([]byte("\x7fabcdefghij"), 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		dir, objects := packtest.InitRepo(t)
		s := &script{data}
		var contents [][]byte
		last := []byte{}
		for len(s.data) > 0 && len(contents) < 64 {
			op := s.byte()
			body := append(bytes.Clone(last[:len(last)*(op>>6)/3]), bytes.Repeat(s.take(op&31), 1+s.byte()%40)...)
			contents = append(contents, body)
			last = body
		}
		half := len(contents) / 2
		var prev object.ID
		write := func(w *packwrite.Writer, bodies [][]byte, read func(object.ID) ([]byte, error)) {
			for i, body := range bodies {
				id := object.Hash(object.Blob, body)
				var err error
				if i%5 == 4 {
					_, err = w.AddStream(context.Background(), int64(len(body)), bytes.NewReader(body))
				} else {
					err = w.AddVersion(id, prev, body, read)
				}
				if err != nil {
					t.Fatal(err)
				}
				prev = id
			}
		}
		none := func(object.ID) ([]byte, error) { return nil, object.ErrNotFound }
		w, finish := packtest.NewPack(t, objects, packwrite.Options{Deflate: deflate.Options{ChunkSize: 64 << 10}})
		write(w, contents[:half], none)
		first := filepath.Base(finish())
		store := packtest.OpenStore(t, objects, pack.StoreOptions{})
		held, err := store.Hold(first)
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		w, finish = packtest.NewPack(t, objects, packwrite.Options{})
		if err := w.Extend(held); err != nil {
			t.Fatal(err)
		}
		write(w, contents[half:], func(id object.ID) ([]byte, error) { _, b, err := store.Read(id); return b, err })
		second := filepath.Base(finish())
		store = packtest.OpenStore(t, objects, pack.StoreOptions{})
		again, err := store.Hold(second)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		w, finish = packtest.NewPack(t, objects, packwrite.Options{})
		follows := map[object.ID]object.ID{}
		for i := 1; i < len(contents); i++ {
			follows[object.Hash(object.Blob, contents[i])] = object.Hash(object.Blob, contents[i-1])
		}
		if err := w.Merge(context.Background(), []*pack.Held{held, again}, packwrite.MergeOptions{Follows: follows, Read: store.Read}); err != nil {
			t.Fatal(err)
		}
		merged := finish()
		packtest.Git(t, dir, nil, "index-pack", "--strict", "-o", filepath.Join(dir, "own.idx"), merged+".pack")
		ours, err := os.ReadFile(merged + ".idx")
		if err != nil {
			t.Fatal(err)
		}
		if gits, _ := os.ReadFile(filepath.Join(dir, "own.idx")); !bytes.Equal(ours, gits) {
			t.Fatal("idx differs from git's")
		}
		all := packtest.CatFile(t, dir)
		for i, body := range contents {
			if !bytes.Equal(all[object.Hash(object.Blob, body)].Body, body) {
				t.Fatalf("content %d differs", i)
			}
		}
	})
}
