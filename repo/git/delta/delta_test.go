package delta_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"timemachine/repo/git/delta"
	"timemachine/repo/git/packtest"
)

func TestDelta(t *testing.T) {
	text := packtest.Mixed(300_000)
	noise := packtest.Random(100_000)
	edited := slices.Concat(text[:1000], []byte("one word"), text[1000:150_000], text[150_100:])
	for name, c := range map[string]struct {
		base, target []byte
		most         int // bytes of the delta
	}{
		"same":              {text, text, 60},
		"empty":             {nil, nil, 2},
		"from nothing":      {nil, noise[:1000], 1020},
		"to nothing":        {noise, nil, 5},
		"grown":             {text, slices.Concat(text, noise[:500]), 580},
		"cut":               {text, text[:777], 20},
		"two edits":         {text, edited, 120},
		"halves swapped":    {noise, slices.Concat(noise[50_000:], noise[:50_000]), 60},
		"unlike":            {packtest.Random(9999), packtest.Random(10_001), 10_100},
		"longer than 16 MB": {slices.Concat(bytes.Repeat(noise, 170), text), slices.Concat([]byte("x"), bytes.Repeat(noise, 170), []byte("y"), text), 2500},
	} {
		d := delta.Between(c.base, c.target, 1<<30)
		got, err := delta.Apply(c.base, d, 1<<30)
		if err != nil || !bytes.Equal(got, c.target) {
			t.Errorf("%s: delta of %d bytes makes %d bytes, %v", name, len(d), len(got), err)
		}
		if len(d) > c.most {
			t.Errorf("%s: %d bytes, want at most %d", name, len(d), c.most)
		}
		if len(d) > 0 && delta.Between(c.base, c.target, len(d)-1) != nil {
			t.Errorf("%s: over its limit", name)
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("the quick brown fox jumps over the lazy dog"), []byte("the quick red fox jumps over the lazy dog"), uint64(1))
	f.Fuzz(func(t *testing.T, base, target []byte, seed uint64) {
		// A target made of the base's pieces too, which fuzzing alone seldom finds.
		r := rand.New(rand.NewPCG(seed, 7))
		for range seed % 8 {
			if len(base) == 0 {
				break
			}
			i := r.IntN(len(base))
			target = append(target, base[i:i+r.IntN(len(base)-i)]...)
		}
		got, err := delta.Apply(base, delta.Between(base, target, 1<<30), 1<<30)
		if err != nil || !bytes.Equal(got, target) {
			t.Fatalf("%v: %s", err, fmt.Sprintf("%q, want %q", got, target))
		}
	})
}
