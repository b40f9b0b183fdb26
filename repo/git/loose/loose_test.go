package loose

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

// TestOpen reads what git has written, and refuses it when it is cut short.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	objects := filepath.Join(dir, ".git", "objects")
	git := func(stdin string, args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("", "init", "-q")
	git("content", "hash-object", "-w", "--stdin")
	id := object.Hash(object.Blob, []byte("content"))
	files, err := Files(objects)
	if err != nil || len(files) != 1 || files[0] != Path(objects, id) {
		t.Fatalf("files: %v, %v", files, err)
	}
	if got, err := FileID(files[0]); got != id || err != nil {
		t.Errorf("name of the file: %s, %v", got, err)
	}
	if ids, err := Between(objects, id, id); err != nil || len(ids) != 1 || ids[0] != id {
		t.Errorf("between: %v, %v", ids, err)
	}
	l, err := Open(files[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := l.Body(7)
	if l.Kind != object.Blob || l.Size != 7 || string(body) != "content" || err != nil {
		t.Errorf("%s of %d bytes: %q, %v", l.Kind, l.Size, body, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(Path(objects, object.ID{}), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing object: %v", err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut")
	if err := os.WriteFile(cut, raw[:len(raw)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err = Open(cut, nil); err == nil {
		_, err = l.Body(7)
		l.Close()
	}
	if !errors.Is(err, object.ErrDamaged) {
		t.Errorf("cut short: %v", err)
	}
}
