package pack_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

// TestReadBesideMoves reads an object while it is moved from pack to pack, as runs do it one after
// another: the new pack is in place before the old one goes. It is found each time.
func TestReadBesideMoves(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	body := []byte("what moves\n")
	id := object.Hash(object.Blob, body)
	// All packs are made first, and moved in one by one: nothing slows the mover down.
	const packs = 100
	var bases []string
	for i := range packs {
		w, finish := packtest.NewPack(t, objects, packwrite.Options{})
		packtest.AddBlob(t, w, body)
		packtest.AddBlob(t, w, fmt.Append(nil, i))
		base := finish()
		bases = append(bases, base)
		for _, suffix := range []string{".pack", ".idx"} {
			if err := os.Rename(base+suffix, base+suffix+".away"); err != nil {
				t.Fatal(err)
			}
		}
	}
	place := func(i int, from, to string) {
		for _, suffix := range []string{".pack", ".idx"} {
			if err := os.Rename(bases[i%packs]+suffix+from, bases[i%packs]+suffix+to); err != nil {
				t.Error(err)
			}
		}
	}
	place(0, ".away", "")
	var stop atomic.Bool
	done := make(chan int)
	go func() {
		i := 0
		for ; !stop.Load(); i++ {
			place(i+1, ".away", "")
			place(i, "", ".away")
			time.Sleep(100 * time.Microsecond)
		}
		done <- i
	}()
	reads, failed := 0, 0
	for until := time.Now().Add(repotest.Chance()); time.Now().Before(until); reads++ {
		s := packtest.OpenStore(t, objects, pack.StoreOptions{})
		for range 3 {
			_, _, err := s.Read(id)
			if err == nil {
				_, err = s.Abbreviated(id.String()[:12])
			}
			if err != nil {
				if failed++; failed == 1 {
					t.Error(err)
				}
			}
		}
	}
	stop.Store(true)
	t.Logf("%d readers, %d moves, %d reads failed", reads, <-done, failed)
}
