package pack

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

// git runs real git in dir, away from the machine's settings.
func git(t testing.TB, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a",
		"GIT_COMMITTER_EMAIL=a@b"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes()
}

func initRepo(t testing.TB) (dir, objects string) {
	dir = t.TempDir()
	git(t, dir, nil, "init", "-q", "-b", "main")
	return dir, filepath.Join(dir, ".git", "objects")
}

// newPack begins a pack among the repository's; the returned function finishes and names it.
func newPack(t testing.TB, objects string, o Options) (*Writer, func() string) {
	t.Helper()
	f, err := os.CreateTemp(filepath.Join(objects, "pack"), "tmp_")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := NewWriter(f, o)
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

func addBlob(t testing.TB, w *Writer, body []byte) object.ID {
	t.Helper()
	id := object.Hash(object.Blob, body)
	if err := w.Add(object.Blob, id, body); err != nil {
		t.Fatal(err)
	}
	return id
}

func openStore(t testing.TB, objects string, o StoreOptions) *Store {
	t.Helper()
	s, err := o.Open(objects)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// catFile is what git says each of the repository's objects is.
func catFile(t testing.TB, dir string) map[object.ID]stored {
	t.Helper()
	out := git(t, dir, nil, "cat-file", "--batch-all-objects", "--batch")
	all := map[object.ID]stored{}
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
		all[id] = stored{fields[1], rest[:n:n]}
		out = rest[n+1:]
	}
	return all
}

type stored struct {
	kind string
	body []byte
}
