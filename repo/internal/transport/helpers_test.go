package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport"
	"timemachine/repo/repotest"
)

var ctx = context.Background()

// source is a repository of git with commits to push.
type source struct {
	testing.TB
	dir  string
	runs int
}

func newSource(t testing.TB) *source {
	s := &source{TB: t, dir: repotest.InMemory(t)}
	repotest.Git(t, s.dir, "init", "-q", "-b", "main")
	return s
}

// commit makes some commits with contents that resemble each other.
func (s *source) commit(n int) object.ID {
	s.Helper()
	for range n {
		s.runs++
		for _, name := range []string{"a/file", fmt.Sprint("b/file", s.runs%7), fmt.Sprint("c/", s.runs)} {
			path := filepath.Join(s.dir, name)
			text := strings.Repeat("a line of "+name+"\n", 200) + fmt.Sprint(s.runs, "\n")
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				s.Fatal(err)
			}
		}
		repotest.Git(s, s.dir, "add", ".")
		repotest.Git(s, s.dir, "commit", "-q", "-m", fmt.Sprint("commit ", s.runs))
	}
	return s.id("HEAD")
}

func (s *source) id(name string) object.ID { return idOf(s, s.dir, name) }

func idOf(t testing.TB, dir, name string) object.ID {
	t.Helper()
	id, err := object.ParseID(strings.TrimSpace(repotest.Git(t, dir, "rev-parse", name)))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// pack is what git packs of tip for a remote that has the commits has.
func (s *source) pack(tip object.ID, has ...object.ID) transport.Pack {
	s.Helper()
	revs := tip.String() + "\n"
	for _, id := range has {
		if !id.IsZero() {
			revs += "^" + id.String() + "\n"
		}
	}
	cmd := exec.Command("git", "-C", s.dir, "pack-objects", "-q", "--revs", "--thin", "--delta-base-offset", "--stdout")
	cmd.Stdin = strings.NewReader(revs)
	out, err := cmd.Output()
	if err != nil {
		s.Fatal(err)
	}
	return func(_ context.Context, w io.Writer) (int64, error) { return io.Copy(w, bytes.NewReader(out)) }
}

// push pushes tip to a branch, as Push is used: with the old value that the remote has said.
func (s *source) push(url, name string, tip object.ID, o transport.Options) error {
	s.Helper()
	session, err := transport.Open(ctx, url, o)
	if err != nil {
		return err
	}
	old := session.Refs()[name]
	return errors.Join(session.Push(ctx, transport.Update{Ref: name, Old: old, New: tip}, s.pack(tip, old)), session.Close())
}

// has checks that real git finds a commit at the tip of a branch, with all that it leads to.
func (s *source) has(remote, name string, tip object.ID) {
	s.Helper()
	repotest.Git(s, remote, "fsck", "--strict", "--full", "--no-dangling")
	if got := idOf(s, remote, name); got != tip {
		s.Errorf("%s is at %s, not at %s", name, got.Short(), tip.Short())
	}
	if want := repotest.Git(s, s.dir, "ls-tree", "-r", tip.String()); repotest.Git(s, remote, "ls-tree", "-r", name) != want {
		s.Errorf("the tree of %s differs", name)
	}
}

func newBare(t testing.TB, args ...string) string {
	t.Helper()
	path := filepath.Join(repotest.InMemory(t), "remote.git")
	repotest.Git(t, repotest.InMemory(t), append([]string{"init", "-q", "--bare", "-b", "main", path}, args...)...)
	return path
}

// wantKind checks the kind of an error.
func wantKind(t testing.TB, err error, kind transport.Kind, words ...string) {
	t.Helper()
	var e *transport.Error
	if !errors.As(err, &e) {
		t.Errorf("not an *Error: %v", err)
		return
	}
	if e.Kind != kind {
		t.Errorf("kind %d, not %d: %v", e.Kind, kind, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q lacks %q", err, w)
		}
	}
}
