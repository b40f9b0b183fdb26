package deflate

import (
	"bytes"
	"context"
	"errors"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"timemachine/repo/git/object"
)

// TestStreams inflates what each way of deflating makes, and refuses it when it is cut short.
func TestStreams(t *testing.T) {
	noise := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	text := bytes.Repeat([]byte("a line that repeats itself\n"), 9000)
	d := New(Options{ChunkSize: 64 << 10, Workers: 2})
	zeros := make([]byte, 300_000)
	for name, body := range map[string][]byte{"nothing": nil, "small": []byte("x"), "noise": noise, "text": text, "zeros": zeros,
		"zeros between": slices.Concat(text[:70_000], zeros, noise[:100_000], zeros[:200_000], text)} {
		var copied bytes.Buffer
		err := d.Copy(context.Background(), bytes.NewReader(body), func(p []byte) error { copied.Write(p); return nil })
		if err != nil {
			t.Fatal(err)
		}
		whole, delta := d.Object(object.Tree, body), d.Delta(body)
		for way, z := range map[string][]byte{"copy": copied.Bytes(), "object": whole.Bytes(), "delta": delta.Bytes()} {
			size := int64(len(body))
			got, err := Inflate(append(bytes.Clone(z), "and more"...), size, size)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s by %s: %d bytes, %v", name, way, len(got), err)
			}
			if _, err := Inflate(z[:len(z)-1], size, size); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s by %s, cut short: %v", name, way, err)
			}
			if _, err := Inflate(z, size+1, size); !errors.Is(err, object.ErrTooBig) {
				t.Errorf("%s by %s, too big: %v", name, way, err)
			}
		}
		whole.Free()
		delta.Free()
	}
	if len(text) < 100*len(d.Object(object.Blob, text).Bytes()) {
		t.Error("text is not compressed")
	}
}

// TestAppendSum checks the Adler-32 of two halves against that of the whole.
func TestAppendSum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	high := bytes.Repeat([]byte{0xff}, 200_000)
	for range 2000 {
		body := high[:r.IntN(len(high))]
		if r.IntN(2) == 0 {
			body = make([]byte, r.IntN(200_000))
		}
		cut := r.IntN(len(body) + 1)
		got := appendSum(adler32.Checksum(body[:cut]), adler32.Checksum(body[cut:]), len(body)-cut)
		if want := adler32.Checksum(body); got != want {
			t.Fatalf("%d and %d bytes: %x, not %x", cut, len(body)-cut, got, want)
		}
	}
}

// BenchmarkCopyZeros deflates what a hole reads as.
func BenchmarkCopyZeros(b *testing.B) {
	const size = 64 << 20
	d, zeros := New(Options{}), make([]byte, size)
	b.SetBytes(size)
	for b.Loop() {
		if err := d.Copy(b.Context(), bytes.NewReader(zeros), func([]byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// TestExact tells a stream of another size from the announced one.
func TestExact(t *testing.T) {
	d := New(Options{})
	z := d.Object(object.Blob, []byte("five!")).Bytes()
	odd := errors.New("odd size")
	for size, want := range map[int64]error{4: odd, 5: nil, 6: odd} {
		r, err := NewReader(bytes.NewReader(z))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(NewExact(r, size, func() error { return odd })); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
		Release(r)
	}
}
