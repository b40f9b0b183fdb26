package packwrite

import (
	"bytes"
	"math/rand"
	"slices"
	"testing"
)

// TestByName holds the order of names against a plain sort, also where many begin alike.
func TestByName(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 2, 300, 5000} {
		for _, spread := range []int{1, 3, 256} {
			var list entries
			for range n {
				var e packed
				random.Read(e.id[:])
				for b := range 4 {
					e.id[b] = 255 - byte(random.Intn(spread))
				}
				list.add(e)
			}
			order := byName(&list)
			if !slices.IsSortedFunc(order, func(a, b uint32) int { return bytes.Compare(list.at(a).id[:], list.at(b).id[:]) }) {
				t.Errorf("%d entries of %d beginnings are not in order", n, spread)
			}
			slices.Sort(order)
			for i, at := range order {
				if at != uint32(i) {
					t.Fatalf("%d entries of %d beginnings: not each is listed once", n, spread)
				}
			}
		}
	}
}

func BenchmarkByName(b *testing.B) {
	random := rand.New(rand.NewSource(1))
	for name, n := range map[string]int{"10": 10, "200000": 200_000} {
		var list entries
		for range n {
			var e packed
			random.Read(e.id[:])
			list.add(e)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				byName(&list)
			}
		})
	}
}
