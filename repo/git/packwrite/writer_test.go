package packwrite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"

	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

func TestPackIsWhatGitExpects(t *testing.T) {
	dir, objects := packtest.InitRepo(t)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{Deflate: deflate.Options{ChunkSize: 64 << 10, Workers: 3}})
	bodies := [][]byte{nil, []byte("x"), packtest.Mixed(70_000), packtest.Random(100_000), packtest.Random(65535 * 2), packtest.Mixed(1 << 20)}
	for _, b := range bodies {
		packtest.AddBlob(t, w, b)
	}
	for _, n := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20, 3_333_333} {
		for _, body := range [][]byte{packtest.Mixed(n + 7)[7:], packtest.Random(n)} {
			id, err := w.AddStream(context.Background(), int64(n), bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if want := object.Hash(object.Blob, body); id != want {
				t.Fatalf("stream of %d bytes is %s, want %s", n, id, want)
			}
			bodies = append(bodies, body)
		}
	}
	base := finish()
	packtest.Git(t, dir, nil, "verify-pack", "-v", base+".pack")
	packtest.Git(t, dir, nil, "fsck", "--strict", "--full")
	idx, err := os.ReadFile(base + ".idx")
	if err != nil {
		t.Fatal(err)
	}
	packtest.Git(t, dir, nil, "index-pack", "--strict", "-o", filepath.Join(dir, "own.idx"), base+".pack")
	if own, _ := os.ReadFile(filepath.Join(dir, "own.idx")); !bytes.Equal(idx, own) {
		t.Error("idx differs from git's")
	}
	compareAll(t, dir, objects)
	if st, _ := os.Stat(base + ".pack"); st.Size() != w.Size() {
		t.Errorf("Size %d, file has %d", w.Size(), st.Size())
	}
}

// compareAll reads every object in each way and compares with git.
func compareAll(t *testing.T, dir, objects string) {
	t.Helper()
	s := packtest.OpenStore(t, objects, pack.StoreOptions{})
	all := packtest.CatFile(t, dir)
	if len(all) == 0 {
		t.Fatal("no objects")
	}
	for id, want := range all {
		kind, body, err := s.Read(id)
		if err != nil || kind.String() != want.Kind || !bytes.Equal(body, want.Body) {
			t.Fatalf("read %s: %s of %d bytes, %v; want %s of %d", id, kind, len(body), err, want.Kind, len(want.Body))
		}
		size, kind, err := s.Size(id)
		if err != nil || kind.String() != want.Kind || size != int64(len(want.Body)) {
			t.Fatalf("size %s: %s %d, %v", id, kind, size, err)
		}
		r, size, err := s.Stream(id)
		if err != nil || size != int64(len(want.Body)) {
			t.Fatalf("stream %s: %d, %v", id, size, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want.Body) {
			t.Fatalf("stream %s: %d bytes, %v", id, len(got), err)
		}
		if err := errors.Join(r.Close(), s.Verify(id)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStreamRollsBack(t *testing.T) {
	dir, objects := packtest.InitRepo(t)
	known := packtest.Random(200_000)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{Deflate: deflate.Options{ChunkSize: 64 << 10}, Have: func(id object.ID) bool {
		return id == object.Hash(object.Blob, known)
	}})
	first := packtest.AddBlob(t, w, []byte("first"))
	before := w.Size()
	ctx, cancel := context.WithCancel(context.Background())
	boom := errors.New("boom")
	body := packtest.Mixed(500_000)
	for name, c := range map[string]struct {
		ctx  context.Context
		size int
		r    io.Reader
		want error
	}{
		"short":     {ctx, len(body) + 1, bytes.NewReader(body), packwrite.ErrShort},
		"error":     {ctx, len(body) + 1, io.MultiReader(bytes.NewReader(body), iotest.ErrReader(boom)), boom},
		"cancelled": {ctx, len(body), &cancelling{bytes.NewReader(body), cancel, 3}, context.Canceled},
		"negative":  {context.Background(), -1, bytes.NewReader(nil), packwrite.ErrShort},
		"double":    {context.Background(), 5, bytes.NewReader([]byte("first")), nil},
		"known":     {context.Background(), len(known), bytes.NewReader(known), nil},
	} {
		if name == "cancelled" {
			continue // last: it ends ctx
		}
		if _, err := w.AddStream(c.ctx, int64(c.size), c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if w.Size() != before || w.Count() != 1 {
			t.Errorf("%s: pack of %d bytes, %d objects; was %d, 1", name, w.Size(), w.Count(), before)
		}
	}
	if _, err := w.AddStream(ctx, int64(len(body)), &cancelling{bytes.NewReader(body), cancel, 3}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	second := packtest.AddBlob(t, w, []byte("second"))
	finish()
	packtest.Git(t, dir, nil, "fsck", "--strict", "--full")
	if all := packtest.CatFile(t, dir); len(all) != 2 || all[first].Body == nil || all[second].Body == nil {
		t.Errorf("pack holds %d objects", len(all))
	}
}

// cancelling ends its context at the n-th read.
type cancelling struct {
	io.Reader
	cancel func()
	n      int
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.n--; c.n == 0 {
		c.cancel()
	}
	return c.Reader.Read(p)
}

func TestWriterConcurrent(t *testing.T) {
	dir, objects := packtest.InitRepo(t)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				packtest.AddBlob(t, w, fmt.Appendf(nil, "blob %d", i))
			}
			if _, err := w.AddStream(context.Background(), 100_000, bytes.NewReader(packtest.Random(100_000 + g)[g:])); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	finish()
	packtest.Git(t, dir, nil, "fsck", "--strict", "--full")
	if n := len(packtest.CatFile(t, dir)); n != 204 || w.Count() != n {
		t.Errorf("%d objects, Count %d, want 204", n, w.Count())
	}
}

func TestWriterRefuses(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	id := packtest.AddBlob(t, w, []byte("a"))
	if err := w.AddDelta(object.ID{1}, object.ID{2}, []byte("x")); !errors.Is(err, packwrite.ErrNoBase) {
		t.Errorf("delta without base: %v", err)
	}
	if err := w.WriteIdx(io.Discard); err == nil {
		t.Error("idx of an unfinished pack")
	}
	finish()
	if err := w.Add(object.Blob, object.ID{3}, nil); err == nil {
		t.Error("Add after Finish")
	}
	if !w.Has(id) {
		t.Error("Has forgets after Finish")
	}
}

func TestWriterFileErrors(t *testing.T) {
	name := filepath.Join(repotest.InMemory(t), "pack")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name) // read-only: every write fails
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := packwrite.NewWriter(f, packwrite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddStream(context.Background(), 1<<20, bytes.NewReader(packtest.Random(1<<20))); err == nil {
		t.Error("AddStream to a read-only file")
	}
	if _, err := w.Finish(); err == nil {
		t.Error("Finish of a read-only file")
	}
}
