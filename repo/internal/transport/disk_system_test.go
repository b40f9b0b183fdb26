//go:build system

package transport_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/internal/transport"
	"timemachine/repo/repotest"
)

// smallDisk mounts a file system of 4 MiB on a folder.
func smallDisk(t *testing.T, dir string) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// TestFullAndReadOnlyRemote pushes to a remote whose disk is full, and to one that is mounted for
// reading: by git's receive-pack, and by this package's own. The next push works.
func TestFullAndReadOnlyRemote(t *testing.T) {
	h := startSSH(t) // a git daemon's last words can get lost with its connection
	h.login("ed25519", "")
	h.know(h.line(h.here(), "host_ed25519"))
	v := &h.server
	smallDisk(t, v.root)
	s := newSource(t)
	first := s.commit(1)
	path, url := v.repository(t)
	for _, to := range []string{url, path} {
		if err := s.push(to, "refs/heads/main", first, v.o); err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, 6<<20)
		if _, err := rand.Read(noise); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "noise"), noise, 0o600); err != nil {
			t.Fatal(err)
		}
		large := s.commit(1)
		err := s.push(to, "refs/heads/main", large, v.o)
		wantKind(t, err, transport.Rejected)
		var e *transport.Error
		if !errors.As(err, &e) || !strings.Contains(strings.ToLower(err.Error()+strings.Join(e.Lines, " ")), "no space left") {
			t.Errorf("%s: %v %q", to, err, e.Lines)
		}
		s.has(path, "main", first)
		repotest.Git(t, s.dir, "reset", "-q", "--hard", first.String())

		if err := unix.Mount("", v.root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		next := s.commit(1)
		if err := s.push(to, "refs/heads/main", next, v.o); to == path {
			wantKind(t, err, transport.ReadOnly)
		} else {
			wantKind(t, err, transport.Rejected, "unable to create temporary object directory")
		}
		if err := unix.Mount("", v.root, "", unix.MS_REMOUNT, ""); err != nil {
			t.Fatal(err)
		}
		if err := s.push(to, "refs/heads/main", next, v.o); err != nil {
			t.Fatal(err)
		}
		s.has(path, "main", next)
		first = next
	}
}

// TestServerKilled kills a server in the midst of a pack.
func TestServerKilled(t *testing.T) {
	s := newSource(t)
	root := ""
	tip := s.commit(2)
	t.Run("killed", func(t *testing.T) {
		v := daemon(t)
		root = filepath.Join(s.TB.TempDir(), "kept.git")
		path, url := v.repository(t)
		session, err := transport.Open(ctx, url, v.o)
		if err != nil {
			t.Fatal(err)
		}
		err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, func(ctx context.Context, w io.Writer) (n int64, err error) {
			if _, err := io.WriteString(w, "PACK\x00\x00\x00\x02\x00\x00\x10\x00"); err != nil {
				return 0, err
			}
			v.kill()
			for n < 64<<20 && err == nil {
				_, err = w.Write(make([]byte, 1<<16))
				n += 1 << 16
			}
			return n, err
		})
		session.Close()
		wantKind(t, err, transport.Unreachable)
		repotest.Git(t, path, "fsck", "--strict")
		if err := os.Rename(path, root); err != nil {
			t.Fatal(err)
		}
	})
	v := daemon(t)
	if err := os.Rename(root, filepath.Join(v.root, "again")); err != nil {
		t.Fatal(err)
	}
	if err := s.push(v.url("again"), "refs/heads/main", tip, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(filepath.Join(v.root, "again"), "main", tip)
}
