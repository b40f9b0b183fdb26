package packwrite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/deflate"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

// versions makes n versions of a text: each differs from the one before by a line in the middle.
func versions(n int) [][]byte {
	all := [][]byte{fmt.Appendf(nil, "%x", packtest.Random(30_000))}
	for i := 1; i < n; i++ {
		last := all[i-1]
		at := (i * 7919) % len(last)
		all = append(all, []byte(fmt.Sprintf("%s\nversion %d\n%s", last[:at], i, last[at:])))
	}
	return all
}

// history writes versions from, to into packs of their own, each begun with the pack before it up
// to size bytes. It returns the names of all that are left, oldest first.
func history(t *testing.T, objects string, all [][]byte, perPack int, size int64) []string {
	t.Helper()
	var names []string
	var prev object.ID
	for from := 0; from < len(all); from += perPack {
		s := packtest.OpenStore(t, objects, pack.StoreOptions{})
		w, finish := packtest.NewPack(t, objects, packwrite.Options{})
		var extended string
		if n := len(names); n > 0 {
			h, err := s.Hold(names[n-1])
			if err != nil {
				t.Fatal(err)
			}
			if h.Size() <= size {
				if err := w.Extend(h); err != nil {
					t.Fatal(err)
				}
				extended, names = h.Name(), names[:n-1]
			}
			h.Close()
		}
		for _, body := range all[from:min(from+perPack, len(all))] {
			id := object.Hash(object.Blob, body)
			read := func(id object.ID) ([]byte, error) { _, b, err := s.Read(id); return b, err }
			if err := w.AddVersion(id, prev, body, read); err != nil {
				t.Fatal(err)
			}
			prev = id
		}
		names = append(names, filepath.Base(finish()))
		if extended != "" {
			remove(t, objects, extended)
		}
	}
	return names
}

func remove(t *testing.T, objects, name string) {
	t.Helper()
	for _, suffix := range []string{".idx", ".pack"} {
		if err := os.Remove(filepath.Join(objects, "pack", name+suffix)); err != nil {
			t.Fatal(err)
		}
	}
}

func packSize(t *testing.T, objects, name string) int64 {
	t.Helper()
	st, err := os.Stat(filepath.Join(objects, "pack", name+".pack"))
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// checkVersions has git read every version back, and looks at the length of chains.
func checkVersions(t *testing.T, dir, objects string, all [][]byte, names []string) {
	t.Helper()
	packtest.Git(t, dir, nil, "fsck", "--strict", "--full")
	got := packtest.CatFile(t, dir)
	for i, body := range all {
		if !bytes.Equal(got[object.Hash(object.Blob, body)].Body, body) {
			t.Fatalf("version %d differs", i)
		}
	}
	compareAll(t, dir, objects)
	for _, name := range names {
		out := packtest.Git(t, dir, nil, "verify-pack", "-v", filepath.Join(objects, "pack", name+".idx"))
		for line := range strings.Lines(string(out)) {
			var n int
			if _, err := fmt.Sscanf(line, "chain length = %d:", &n); err == nil && n > packwrite.MaxDepth {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestVersionsStaySmall(t *testing.T) {
	repotest.OneAtATime(t)
	dir, objects := packtest.InitRepo(t)
	all := versions(300)
	names := history(t, objects, all, 1, 1<<30)
	checkVersions(t, dir, objects, all, names)
	one := int64(len(deflate.New(deflate.Options{}).Object(object.Blob, all[0]).Bytes()))
	if size := packSize(t, objects, names[0]); len(names) != 1 || size > 3*one {
		t.Errorf("%d packs, %d bytes; one version takes %d", len(names), size, one)
	}
	list := packtest.Git(t, dir, nil, "verify-pack", "-v", filepath.Join(objects, "pack", names[0]+".idx"))
	if !strings.Contains(string(list), "chain length = 30:") || strings.Contains(string(list), "chain length = 46:") {
		t.Errorf("no skip chain:\n%s", list[max(0, len(list)-1500):])
	}
}

func TestMergePutsVersionsOnEachOther(t *testing.T) {
	repotest.OneAtATime(t)
	dir, objects := packtest.InitRepo(t)
	all := versions(250)
	names := history(t, objects, all, 1, 33_000)
	if len(names) < 3 {
		t.Fatalf("only %d packs", len(names))
	}
	s := packtest.OpenStore(t, objects, pack.StoreOptions{})
	follows := map[object.ID]object.ID{}
	for i := 1; i < len(all); i++ {
		follows[object.Hash(object.Blob, all[i])] = object.Hash(object.Blob, all[i-1])
	}
	var packs []*pack.Held
	var before int64
	for _, name := range names {
		h, err := s.Hold(name)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		before += h.Size()
		packs = append(packs, h)
	}
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	if err := w.Merge(context.Background(), packs, packwrite.MergeOptions{Follows: follows, Read: s.Read}); err != nil {
		t.Fatal(err)
	}
	merged := filepath.Base(finish())
	for _, name := range names {
		remove(t, objects, name)
	}
	checkVersions(t, dir, objects, all, []string{merged})
	one := int64(len(deflate.New(deflate.Options{}).Object(object.Blob, all[0]).Bytes()))
	if size := packSize(t, objects, merged); size > before-one*int64(len(names)-1)*9/10 {
		t.Errorf("merged pack has %d bytes, the %d before it %d, one version %d", size, len(names), before, one)
	}
}

func TestExtendRefuses(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	names := history(t, objects, versions(5), 5, 0)
	s := packtest.OpenStore(t, objects, pack.StoreOptions{})
	h, err := s.Hold(names[0])
	if err != nil {
		t.Fatal(err)
	}
	w, _ := packtest.NewPack(t, objects, packwrite.Options{})
	packtest.AddBlob(t, w, []byte("x"))
	if err := w.Extend(h); err == nil {
		t.Error("Extend of a pack that has something")
	}
	h.Close()
	if _, err := s.Hold("pack-none"); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("Hold of nothing: %v", err)
	}
	damageAt(t, filepath.Join(objects, "pack", names[0]+".pack"), 5000)
	s = packtest.OpenStore(t, objects, pack.StoreOptions{})
	if h, err = s.Hold(names[0]); err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	if err := w.Extend(h); !errors.Is(err, object.ErrDamaged) {
		t.Errorf("Extend of a damaged pack: %v", err)
	}
	if w.Count() != 0 || w.Size() != pack.HeaderLen {
		t.Errorf("%d objects, %d bytes after a refusal", w.Count(), w.Size())
	}
	finish()
	w, _ = packtest.NewPack(t, objects, packwrite.Options{})
	if err := w.Merge(context.Background(), []*pack.Held{h}, packwrite.MergeOptions{}); !errors.Is(err, object.ErrDamaged) {
		t.Errorf("Merge of a damaged pack: %v", err)
	}
}

func damageAt(t *testing.T, name string, at int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 0x40
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
