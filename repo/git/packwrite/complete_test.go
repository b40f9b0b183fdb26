package packwrite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packtest"
	"timemachine/repo/git/packwrite"
)

// TestComplete adds the bases that git's thin packs lack, and ends with its context.
func TestComplete(t *testing.T) {
	dir, objects := packtest.InitRepo(t)
	commit := func(text []byte) string {
		t.Helper()
		for _, name := range []string{"a", "b"} {
			if err := os.WriteFile(filepath.Join(dir, name), append(bytes.Repeat([]byte(name), 100), text...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		packtest.Git(t, dir, nil, "add", ".")
		packtest.Git(t, dir, nil, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x")
		return string(bytes.TrimSpace(packtest.Git(t, dir, nil, "rev-parse", "HEAD")))
	}
	text := packtest.Mixed(50_000)
	first := commit(text)
	text[25_000]++
	second := commit(text)
	thin := packtest.Git(t, dir, []byte(second+"\n^"+first+"\n"), "pack-objects", "-q", "--revs", "--thin", "--stdout")
	store := packtest.OpenStore(t, objects, pack.StoreOptions{})
	complete := func(ctx context.Context, read func(object.ID) (object.Kind, []byte, error)) (string, error) {
		t.Helper()
		f, err := os.CreateTemp(t.TempDir(), "*.pack")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(thin); err != nil {
			t.Fatal(err)
		}
		var idx bytes.Buffer
		sum, err := packwrite.Complete(ctx, f, thin, &idx, read, 1<<30)
		name := filepath.Join(filepath.Dir(f.Name()), "pack-"+sum.String())
		if err == nil {
			err = errors.Join(os.Rename(f.Name(), name+".pack"), os.WriteFile(name+".idx", idx.Bytes(), 0o600))
		}
		return name, err
	}
	name, err := complete(context.Background(), store.Read)
	if err != nil {
		t.Fatal(err)
	}
	packtest.Git(t, dir, nil, "verify-pack", name+".idx")
	if st, err := os.Stat(name + ".pack"); err != nil || st.Size() <= int64(len(thin)) {
		t.Errorf("the bases are not there: %v, %v", st, err)
	}
	if _, err := complete(context.Background(), func(object.ID) (object.Kind, []byte, error) { return 0, nil, object.ErrNotFound }); !errors.Is(err, object.ErrDamaged) {
		t.Errorf("without the bases: %v", err)
	}
	if _, err := complete(context.Background(), func(object.ID) (object.Kind, []byte, error) { return object.Blob, text, nil }); !errors.Is(err, object.ErrDamaged) {
		t.Errorf("with other bases: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := complete(ended, store.Read); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
