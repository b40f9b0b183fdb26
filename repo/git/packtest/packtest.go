// Package packtest makes repositories, packs and contents for the tests of packages pack and
// packwrite.
package packtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/repotest"
)

// Git runs real git in dir, away from the machine's settings.
func Git(t testing.TB, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a",
		"GIT_COMMITTER_EMAIL=a@b"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes()
}

// InitRepo makes an empty repository and names its objects folder.
func InitRepo(t testing.TB) (dir, objects string) {
	dir = repotest.InMemory(t)
	Git(t, dir, nil, "init", "-q", "-b", "main")
	return dir, filepath.Join(dir, ".git", "objects")
}

// NewPack begins a pack among the repository's; the returned function finishes and names it.
func NewPack(t testing.TB, objects string, o packwrite.Options) (*packwrite.Writer, func() string) {
	t.Helper()
	f, err := os.CreateTemp(filepath.Join(objects, "pack"), "tmp_")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := packwrite.NewWriter(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return w, func() string {
		t.Helper()
		sum, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		var idx bytes.Buffer
		if err := w.WriteIdx(&idx); err != nil {
			t.Fatal(err)
		}
		base := filepath.Join(objects, "pack", "pack-"+sum.String())
		if err := os.WriteFile(base+".idx", idx.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.Name(), base+".pack"); err != nil {
			t.Fatal(err)
		}
		return base
	}
}

// AddBlob adds a blob to a pack.
func AddBlob(t testing.TB, w *packwrite.Writer, body []byte) object.ID {
	t.Helper()
	id := object.Hash(object.Blob, body)
	if err := w.Add(object.Blob, id, body); err != nil {
		t.Fatal(err)
	}
	return id
}

// OpenStore opens an objects folder until the test ends.
func OpenStore(t testing.TB, objects string, o pack.StoreOptions) *pack.Store {
	t.Helper()
	s, err := o.Open(objects)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// CatFile is what git says each of the repository's objects is.
func CatFile(t testing.TB, dir string) map[object.ID]Stored {
	t.Helper()
	out := Git(t, dir, nil, "cat-file", "--batch-all-objects", "--batch")
	all := map[object.ID]Stored{}
	for len(out) > 0 {
		line, rest, _ := bytes.Cut(out, []byte("\n"))
		fields := strings.Fields(string(line))
		id, err := object.ParseID(fields[0])
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, c := range fields[2] {
			n = n*10 + int(c-'0')
		}
		all[id] = Stored{fields[1], rest[:n:n]}
		out = rest[n+1:]
	}
	return all
}

// Stored is an object as git gives it.
type Stored struct {
	Kind string
	Body []byte
}

// Random is n bytes that do not compress, the same ones each time.
func Random(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(p)
	return p
}

// Mixed is n bytes that have compressible, incompressible and repeated stretches, across chunks.
func Mixed(n int) []byte {
	var b bytes.Buffer
	noise := Random(150_000)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of a text that repeats itself\n", i)
		if i%5000 == 4999 {
			b.Write(noise)
		}
	}
	return b.Bytes()[:n]
}
