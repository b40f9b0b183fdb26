package index

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// TestChangedUnderReaders: while an index is read and merged in a mapped file, another process cuts
// and overwrites the file. Reads may fail, but none panics or takes the process down.
func TestChangedUnderReaders(t *testing.T) {
	var changes []Change
	for i := range 2000 {
		changes = append(changes, Change{Path: fmt.Sprintf("files/folder %02d/deeper/name %04d", i%30, i), Mode: 0o100644, ID: object.Hash(object.Blob, fmt.Append(nil, i))})
	}
	data, err := Merge(nil, changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(repotest.InMemory(t), "index")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var working sync.WaitGroup
	working.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for !stop.Load() {
			if r.IntN(4) == 0 {
				f.Truncate(int64(r.IntN(len(data))))
			} else {
				noise := make([]byte, 500)
				for i := range noise {
					noise[i] = byte(r.Uint32())
				}
				f.WriteAt(noise, int64(r.IntN(len(data)-500)))
			}
			time.Sleep(time.Duration(r.IntN(200)) * time.Microsecond)
			f.WriteAt(data, 0)
		}
	})
	for range 2 {
		working.Go(func() {
			for !stop.Load() {
				old, err := durable.Map(name, nil)
				if err != nil {
					t.Error(err)
					return
				}
				ahead := LookAhead(old)
				_ = durable.Guard(func() error { _ = Flaw(old); return nil })
				_ = durable.Guard(func() error { _, err := Parse(old); return err })
				_ = durable.Guard(func() error { return ahead.Update(&bytes.Buffer{}, changes[700:720], nil) })
				_ = durable.Guard(func() error {
					_, err := Merge(old, append(changes[:50:50], Change{Path: "files/new", Mode: 0o100644}), nil)
					return err
				})
				ahead.Wait()
				durable.Unmap(old)
			}
		})
	}
	time.Sleep(repotest.Chance())
	stop.Store(true)
	working.Wait()
}
