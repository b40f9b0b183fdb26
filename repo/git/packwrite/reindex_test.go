package packwrite_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
)

// gitPacks makes two packs of git's with commits, trees, blobs and a tag: one whose deltas tell the
// distance to their bases, and one whose deltas name them.
func gitPacks(t *testing.T) []string {
	dir, objects := packtest.InitRepo(t)
	text := packtest.Mixed(60_000)
	for i := range 12 {
		body := append(fmt.Appendf(nil, "version %d\n", i), text...)
		for _, name := range []string{"a", "b"} {
			if err := os.WriteFile(filepath.Join(dir, name), append(body, name...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		packtest.Git(t, dir, nil, "add", "a", "b")
		packtest.Git(t, dir, nil, "commit", "-q", "-m", fmt.Sprint(i))
	}
	packtest.Git(t, dir, nil, "tag", "-a", "-m", "tag", "v1")
	var packs []string
	for _, by := range []string{"true", "false"} {
		packtest.Git(t, dir, nil, "-c", "repack.useDeltaBaseOffset="+by, "repack", "-adfq", "--depth=50")
		all, err := filepath.Glob(filepath.Join(objects, "pack", "*.pack"))
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		for _, suffix := range []string{".pack", ".idx"} {
			name := all[0][:len(all[0])-len(".pack")] + suffix
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, by+suffix), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		packs = append(packs, filepath.Join(dir, by))
	}
	return packs
}

// TestReindex compares the idx that is made from a pack with the one that its writer made. A pack
// with a flipped byte has none.
func TestReindex(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	last := packtest.Mixed(50_000)
	id := packtest.AddBlob(t, w, last)
	bodies := map[object.ID][]byte{id: last}
	for i := range 60 {
		body := append(bytes.Clone(last), fmt.Sprint(i)...)
		next := object.Hash(object.Blob, body)
		bodies[next] = body
		if err := w.AddVersion(next, id, body, func(id object.ID) ([]byte, error) { return bodies[id], nil }); err != nil {
			t.Fatal(err)
		}
		last, id = body, next
	}
	for _, base := range append(gitPacks(t), finish()) {
		data, err := os.ReadFile(base + ".pack")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(base + ".idx")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := packwrite.Reindex(&got, data, 1<<20); err != nil {
			t.Fatalf("%s: %v", base, err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: the idx differs", base)
		}
		for at := 0; at < len(data); at += 1 + len(data)/200 {
			data[at] ^= 16
			got.Reset()
			if err := packwrite.Reindex(&got, data, 1<<20); !errors.Is(err, object.ErrDamaged) || got.Len() > 0 {
				t.Errorf("%s with byte %d changed: %v", base, at, err)
			}
			data[at] ^= 16
		}
	}
}

// FuzzReindex: no pack makes Reindex panic, or take memory out of proportion.
func FuzzReindex(f *testing.F) {
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01\x33abc"))
	f.Fuzz(func(t *testing.T, entries []byte) {
		sum := sha1.Sum(entries)
		_ = packwrite.Reindex(&bytes.Buffer{}, append(entries, sum[:]...), 1<<20)
	})
}
