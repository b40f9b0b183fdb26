package pack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

// FuzzStore reads packs that fuzzing damaged, with an idx that fits their length: nothing may
// panic, hang or take memory beyond the limit, and what is given must be what git gives.
func FuzzStore(f *testing.F) {
	_, objects := packtest.InitRepo(f)
	w, finish := packtest.NewPack(f, objects, packwrite.Options{})
	var ids []object.ID
	var prev object.ID
	for _, body := range [][]byte{[]byte("one"), bytes.Repeat([]byte("line\n"), 500), append(bytes.Repeat([]byte("line\n"), 500), "more"...)} {
		id := object.Hash(object.Blob, body)
		kept := prev
		read := func(object.ID) ([]byte, error) {
			if kept != ids[1] {
				return nil, errors.New("not kept")
			}
			return bytes.Repeat([]byte("line\n"), 500), nil
		}
		ids = append(ids, id)
		if err := w.AddVersion(id, prev, body, read); err != nil {
			f.Fatal(err)
		}
		prev = id
	}
	name := finish()
	packed, err := os.ReadFile(name + ".pack")
	if err != nil {
		f.Fatal(err)
	}
	idx, err := os.ReadFile(name + ".idx")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed[pack.HeaderLen:len(packed)-object.IDLen], idx)
	f.Fuzz(func(t *testing.T, body, idx []byte) {
		dir := repotest.InMemory(t)
		if err := os.Mkdir(filepath.Join(dir, "pack"), 0o700); err != nil {
			t.Fatal(err)
		}
		count := binary.BigEndian.AppendUint32(nil, uint32(len(ids)))
		data := append(append([]byte("PACK\x00\x00\x00\x02"), count...), body...)
		data = append(data, packed[len(packed)-object.IDLen:]...)
		base := filepath.Join(dir, "pack", filepath.Base(name))
		if err := errors.Join(os.WriteFile(base+".pack", data, 0o600), os.WriteFile(base+".idx", idx, 0o600)); err != nil {
			t.Fatal(err)
		}
		s, err := pack.StoreOptions{MaxBytes: 1 << 20}.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, id := range ids {
			if s.Verify(id) != nil {
				continue
			}
			kind, body, err := s.Read(id)
			if err != nil || object.Hash(kind, body) != id {
				t.Fatalf("%s verified, but reads as %s, %v", id, object.Hash(kind, body), err)
			}
		}
		h, err := s.Hold(filepath.Base(name))
		if err != nil {
			return
		}
		defer h.Close()
		w := newWriter(t)
		if w.Extend(h) == nil {
			_, _ = w.Finish()
		}
		w = newWriter(t)
		_ = w.Merge(context.Background(), []*pack.Held{h}, packwrite.MergeOptions{})
	})
}

func newWriter(t *testing.T) *packwrite.Writer {
	file, err := os.CreateTemp(repotest.InMemory(t), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w, err := packwrite.NewWriter(file, packwrite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}
