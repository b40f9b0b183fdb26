package delta

import (
	"math/rand/v2"
	"testing"
)

func TestRollingHash(t *testing.T) {
	p := make([]byte, 1000)
	rand.NewChaCha8([32]byte{}).Read(p)
	for _, n := range []int{16, 32, 256} {
		h := hashBlock(p[:n])
		for i := range len(p) - n {
			h = h.roll(p[i], p[i+n], power(n))
			if h != hashBlock(p[i+1:i+1+n]) {
				t.Fatalf("block of %d at %d differs", n, i+1)
			}
		}
	}
}
