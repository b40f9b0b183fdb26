package pack_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

// TestChangedUnderReaders: while packs and idx files are read in every way, another process cuts
// them, overwrites them in place and restores them. Reads may fail, but no reader panics or takes
// the process down.
func TestChangedUnderReaders(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	var ids []object.ID
	for range 3 {
		w, finish := packtest.NewPack(t, objects, packwrite.Options{})
		last := packtest.Mixed(20_000)
		id := packtest.AddBlob(t, w, last)
		bodies := map[object.ID][]byte{id: last}
		for i := range 300 {
			body := append(fmt.Appendf(nil, "%d\n", len(ids)+i), last...)
			next := object.Hash(object.Blob, body)
			bodies[next] = body
			if err := w.AddVersion(next, id, body, func(id object.ID) ([]byte, error) { return bodies[id], nil }); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, next)
			last, id = body[:20_000], next
		}
		finish()
	}
	files, err := filepath.Glob(filepath.Join(objects, "pack", "pack-*"))
	if err != nil || len(files) != 6 {
		t.Fatal(files, err)
	}
	whole := map[string][]byte{}
	for _, name := range files {
		if whole[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	var stop atomic.Bool
	var working sync.WaitGroup
	changes := 0
	working.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for ; !stop.Load(); changes++ {
			name := files[r.IntN(len(files))]
			data := whole[name]
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Error(err)
				return
			}
			switch r.IntN(3) {
			case 0:
				f.Truncate(int64(r.IntN(len(data))))
			case 1: // the tables that lookups begin with
				noise := make([]byte, min(2000, len(data)))
				for i := range noise {
					noise[i] = byte(r.Uint32())
				}
				f.WriteAt(noise, int64(r.IntN(len(data))/(1+r.IntN(50))))
			case 2:
				f.WriteAt(data[:len(data)/2], int64(len(data)/2))
			}
			time.Sleep(time.Duration(r.IntN(300)) * time.Microsecond)
			f.WriteAt(data, 0)
			f.Truncate(int64(len(data)))
			f.Close()
		}
	})
	merged := filepath.Join(repotest.InMemory(t), "new")
	read := func(f func(s *pack.Store, r *rand.Rand)) {
		working.Go(func() {
			r := rand.New(rand.NewPCG(3, 4))
			for !stop.Load() {
				s, err := pack.OpenStore(objects)
				if err != nil {
					t.Error(err)
					return
				}
				f(s, r)
				s.Close()
			}
		})
	}
	read(func(s *pack.Store, _ *rand.Rand) {
		s.Check(context.Background(), pack.CheckOptions{Flaw: func(pack.Flaw) {}})
		s.Unindexed()
	})
	read(func(s *pack.Store, r *rand.Rand) {
		for range 50 {
			id := ids[r.IntN(len(ids))]
			s.Read(id)
			s.Size(id)
			s.Has(id)
			s.Verify(id)
			s.Abbreviated(id.String()[:6])
			s.Packed(id, nil, nil)
		}
		s.Commits()
	})
	read(func(s *pack.Store, r *rand.Rand) {
		names, _ := s.Names()
		for i, name := range names {
			s.Covers(name, names[(i+1)%len(names)])
			s.HasAllOf(name)
			h, err := s.Hold(name)
			if err != nil {
				continue
			}
			h.Weigh(ids[r.IntN(len(ids))])
			h.Commits(func(object.ID, []byte) error { return nil })
			if f, err := os.Create(merged); err == nil {
				if w, err := packwrite.NewWriter(f, packwrite.Options{}); err == nil {
					if w.Extend(h) != nil {
						w.Merge(context.Background(), []*pack.Held{h}, packwrite.MergeOptions{})
					}
					w.Abandon()
				}
				f.Close()
			}
			h.Close()
		}
	})
	time.Sleep(repotest.Chance())
	stop.Store(true)
	working.Wait()
	t.Log(changes, "changes")
}
