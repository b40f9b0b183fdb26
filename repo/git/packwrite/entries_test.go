package packwrite

import (
	"encoding/binary"
	"math/rand"
	"testing"

	"timemachine/repo/git/object"
)

// TestContents holds the table of names against a map while it grows, with names that differ late.
func TestContents(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	name := func(n int) (id object.ID) {
		if n%2 == 0 {
			binary.BigEndian.PutUint32(id[16:], uint32(n)) // their hashes are equal
			return id
		}
		random.Read(id[:])
		return id
	}
	for _, n := range []int{0, 1, 63, 64, 65, pageLen, pageLen + 1, 3 * pageLen} {
		var c contents
		want := map[object.ID]uint32{}
		for i := range n {
			id := name(i * 7919 % n)
			if at, is := c.find(id); is {
				t.Fatalf("%s is found at %d before it was added", id, at)
			}
			want[id] = uint32(i)
			c.add(packed{id: id, offset: int64(i)})
			if i == n/2 {
				c.reserve(n)
			}
		}
		if c.count() != n {
			t.Errorf("%d entries, want %d", c.count(), n)
		}
		for id, i := range want {
			if at, is := c.find(id); !is || at != i || c.at(at).offset != int64(i) || c.at(at).id != id {
				t.Fatalf("of %d, %s is found at %d (%t), want %d", n, id, at, is, i)
			}
		}
		seen := 0
		for i, e := range c.all() {
			if want[e.id] != i {
				t.Fatalf("%s comes at %d, want %d", e.id, i, want[e.id])
			}
			seen++
		}
		if _, is := c.find(object.ID{1, 2, 3}); is || seen != n {
			t.Errorf("%d of %d seen, or a name found that was not added", seen, n)
		}
	}
}

func BenchmarkContents(b *testing.B) {
	var ids [200_000]object.ID
	random := rand.New(rand.NewSource(1))
	for i := range ids {
		random.Read(ids[i][:])
	}
	for b.Loop() {
		var c contents
		for _, id := range ids {
			if _, is := c.find(id); !is {
				c.add(packed{id: id})
			}
		}
	}
}
