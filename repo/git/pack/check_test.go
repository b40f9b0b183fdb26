package pack_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
)

func flaws(t *testing.T, s *pack.Store, quick bool) (list []pack.Flaw, objects int64) {
	t.Helper()
	objects, err := s.Check(context.Background(), pack.CheckOptions{Quick: quick, Flaw: func(f pack.Flaw) { list = append(list, f) }})
	if err != nil {
		t.Fatal(err)
	}
	return list, objects
}

// mixedRepo has loose objects, a pack of ours and one of git's with chains of deltas.
func mixedRepo(t *testing.T) (dir, objects string) {
	dir, objects = packtest.InitRepo(t)
	text := packtest.Mixed(20_000)
	for i := range 12 {
		packtest.Git(t, dir, append(text, fmt.Sprint("version ", i)...), "hash-object", "-w", "--stdin")
	}
	var ids strings.Builder
	for id := range packtest.CatFile(t, dir) {
		ids.WriteString(id.String() + "\n")
	}
	packtest.Git(t, dir, []byte(ids.String()), "pack-objects", "-q", "--depth=5", filepath.Join(objects, "pack", "pack"))
	packtest.Git(t, dir, nil, "prune-packed")
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	packtest.AddBlob(t, w, packtest.Random(5000))
	packtest.AddBlob(t, w, packtest.Mixed(30_000))
	finish()
	packtest.Git(t, dir, []byte("loose"), "hash-object", "-w", "--stdin")
	return dir, objects
}

func TestCheckFindsNothingInWholeRepositories(t *testing.T) {
	dir, objects := mixedRepo(t)
	s := packtest.OpenStore(t, objects, pack.StoreOptions{})
	for _, quick := range []bool{false, true} {
		list, n := flaws(t, s, quick)
		if len(list) > 0 || n != int64(len(packtest.CatFile(t, dir))) || n != 15 {
			t.Errorf("quick %v: %d objects, %v", quick, n, list)
		}
	}
}

// TestCheckFindsEveryFlippedBit damages packs, idx and loose files at every place in turn.
func TestCheckFindsEveryFlippedBit(t *testing.T) {
	_, objects := mixedRepo(t)
	var files []string
	for _, pattern := range []string{"pack/*.pack", "pack/*.idx", "??/*"} {
		found, err := filepath.Glob(filepath.Join(objects, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) != 5 {
		t.Fatalf("files: %v", files)
	}
	for _, file := range files {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(good); at += 1 + len(good)/300 {
			bad := bytes.Clone(good)
			bad[at] ^= 1 // deflate fills bytes from their low end: a high bit may be padding
			rewrite(t, file, bad)
			if list, _ := flaws(t, packtest.OpenStore(t, objects, pack.StoreOptions{}), false); len(list) == 0 {
				t.Errorf("byte %d of %s: nothing found", at, filepath.Base(file))
			}
		}
		for _, cut := range []int{0, 1, len(good) / 2, len(good) - 1} {
			rewrite(t, file, good[:cut])
			if list, _ := flaws(t, packtest.OpenStore(t, objects, pack.StoreOptions{}), false); len(list) == 0 {
				t.Errorf("%s cut to %d bytes: nothing found", filepath.Base(file), cut)
			}
		}
		rewrite(t, file, good)
	}
}

// rewrite puts data in a new file, since the old one may be mapped.
func rewrite(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNamesTheObject(t *testing.T) {
	_, objects := packtest.InitRepo(t)
	w, finish := packtest.NewPack(t, objects, packwrite.Options{})
	packtest.AddBlob(t, w, []byte("first"))
	wrong := object.Hash(object.Blob, []byte("another"))
	if err := w.Add(object.Blob, wrong, []byte("not what it is called")); err != nil {
		t.Fatal(err)
	}
	base := finish()
	list, _ := flaws(t, packtest.OpenStore(t, objects, pack.StoreOptions{}), false)
	if len(list) != 1 || list[0].ID != wrong || list[0].File != base+".pack" {
		t.Errorf("%v", list)
	}
	if err := os.Remove(base + ".idx"); err != nil {
		t.Fatal(err)
	}
	list, _ = flaws(t, packtest.OpenStore(t, objects, pack.StoreOptions{}), true)
	if len(list) != 1 || !strings.Contains(list[0].Err.Error(), ".idx file is missing") {
		t.Errorf("%v", list)
	}
}
