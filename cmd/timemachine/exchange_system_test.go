//go:build system

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
)

// exchange exchanges each pair of names, over and over, until stop is called. renameat2(2) leaves
// no moment in which either name is missing.
func exchange(t *testing.T, pairs ...[2]string) (stop func()) {
	t.Helper()
	end := make(chan struct{})
	var working sync.WaitGroup
	var n atomic.Int64
	for _, p := range pairs {
		working.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				// This fails while a folder above is exchanged.
				if unix.Renameat2(unix.AT_FDCWD, p[0], unix.AT_FDCWD, p[1], unix.RENAME_EXCHANGE) == nil {
					n.Add(1)
				}
			}
		})
	}
	return func() {
		close(end)
		working.Wait()
		if n.Load() == 0 {
			t.Error("nothing changed places")
		}
	}
}

// exchangeRuns is how many runs are made while names are exchanged.
func exchangeRuns() int {
	if *repotest.Torture {
		return 60
	}
	return 20
}

// TestExchangedSources: while root scans a watched folder, files and folders in it are exchanged
// with links to root's secrets and with a FIFO. No secret is recorded, and no run waits or fails as
// a whole.
func TestExchangedSources(t *testing.T) {
	d := newDisk(t, "64m")
	secrets := t.TempDir()
	write(t, filepath.Join(secrets, "key"), []byte(secret))
	for _, name := range []string{"sub/key", "sub/deep/key", "key", "other"} {
		d.write(name, "harmless\n")
	}
	src := func(name string) string { return filepath.Join(d.src, name) }
	for target, link := range map[string]string{secrets: "evil", filepath.Join(secrets, "key"): "evilkey"} {
		if err := os.Symlink(target, src(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(src("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := exchange(t, [2]string{src("sub"), src("evil")}, [2]string{src("key"), src("evilkey")}, [2]string{src("other"), src("fifo")})
	for i := range exchangeRuns() {
		if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest); code != 0 && code != 3 {
			t.Errorf("run %d: exit %d: %s", i, code, out)
		}
	}
	stop()
	d.run(3)
	for _, line := range repotest.Lines(t, d.dest, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname) %(objectsize)") {
		f := strings.Fields(line)
		if f[0] == "blob" && f[2] == fmt.Sprint(len(secret)) && repotest.Git(t, d.dest, "cat-file", "blob", f[1]) == secret {
			t.Fatal("the secret is in the history")
		}
	}
	repotest.MustCheck(t, d.dest)
}

// TestExchangedDestination: while root writes to the destination, folders in it are exchanged with
// links that lead out of it. Runs may fail, but nothing outside is made or changed.
func TestExchangedDestination(t *testing.T) {
	d := newDisk(t, "64m")
	files := min(20, exchangeRuns()/2) // each is written again after any exchange of files/
	for i := range files {
		d.write(fmt.Sprintf("sub/%d", i), "0\n")
	}
	d.run(0)
	outside := t.TempDir()
	var pairs [][2]string
	for i, name := range []string{"files", ".git/timemachine/stage", "files" + filepath.Dir(d.src), ".git/objects/pack", "copies", ".git/refs/heads", ".git/logs", ".git/timemachine"} {
		target, link := filepath.Join(outside, fmt.Sprint(i)), filepath.Join(d.dest, fmt.Sprint("evil", i))
		if err := os.MkdirAll(filepath.Join(target, "heads"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, [2]string{filepath.Join(d.dest, name), link})
	}
	before := listing(t, outside)
	// Two at a time, neither within the other: with all of them no run gets far.
	for i := 0; i < len(pairs); i += 2 {
		stop := exchange(t, pairs[i:i+2]...)
		for n := range exchangeRuns() / 2 {
			d.write(fmt.Sprintf("sub/%d", n%files), fmt.Sprint(i, n, "\n"))
			runBare(t, d.bin, "-cl", d.dir, "-d", d.dest)
		}
		stop()
		for _, p := range pairs[i : i+2] {
			if st, err := os.Lstat(p[0]); err == nil && st.Mode()&os.ModeSymlink != 0 {
				if err := unix.Renameat2(unix.AT_FDCWD, p[0], unix.AT_FDCWD, p[1], unix.RENAME_EXCHANGE); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if after := listing(t, outside); after != before {
		t.Errorf("outside there was\n%s\nthere is\n%s", before, after)
	}
	// A run moves aside what is no folder.
	aside, err := filepath.Glob(filepath.Join(d.dest, "*.aside*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		aside = append(aside, p[1])
	}
	// These are links, and folders that a run has replaced. The targets of the links stay.
	for _, path := range aside {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	if after := listing(t, outside); after != before {
		t.Errorf("outside there is\n%s", after)
	}
	d.run(0)
	repotest.MustCheck(t, d.dest)
}

// TestExchangedRoots: the root of an entry, a folder above one and a listed file are exchanged with
// links of another user's, to root's secrets and into the destination, while root scans and reads.
// No secret and nothing of the destination is recorded.
func TestExchangedRoots(t *testing.T) {
	d := newDisk(t, "64m")
	secrets := t.TempDir()
	write(t, filepath.Join(secrets, "key"), []byte(secret))
	if err := os.Mkdir(filepath.Join(secrets, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(secrets, "deep/key"), []byte(secret))
	src := func(name string) string { return filepath.Join(d.src, name) }
	list := ""
	for _, name := range []string{"docs", "way/deep", "key", "swallow"} {
		list += "- " + src(name) + "\n"
	}
	write(t, filepath.Join(d.dir, "config.dat"), []byte(list))
	for _, name := range []string{"docs/key", "way/deep/key", "key", "swallow/a", "swallow/sub/b"} {
		d.write(name, "harmless\n")
	}
	d.run(0)
	inDest := filepath.Join(d.dest, "files", d.src, "swallow")
	for link, target := range map[string]string{"docs2": secrets, "way2": secrets, "key2": filepath.Join(secrets, "key"), "swallow2": inDest} {
		if err := os.Symlink(target, src(link)); err != nil {
			t.Fatal(err)
		}
		if link == "swallow2" { // a link of root's is followed, but not into the destination
			continue
		}
		if err := os.Lchown(src(link), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	stop := exchange(t, [2]string{src("docs"), src("docs2")}, [2]string{src("way"), src("way2")}, [2]string{src("key"), src("key2")}, [2]string{src("swallow"), src("swallow2")})
	for i := range exchangeRuns() {
		// It fails where a run has taken the file away.
		_ = os.WriteFile(filepath.Join(inDest, "sub/b"), fmt.Appendf(nil, "in the destination, %d\n", i), 0o600)
		if out, code := runBare(t, d.bin, "-cl", d.dir, "-d", d.dest); code != 0 && code != 3 {
			t.Errorf("run %d: exit %d: %s", i, code, out)
		}
	}
	stop()
	for _, line := range repotest.Lines(t, d.dest, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname) %(objectsize)") {
		if f := strings.Fields(line); f[0] == "blob" {
			if text := repotest.Git(t, d.dest, "cat-file", "blob", f[1]); text == secret || strings.HasPrefix(text, "in the destination") {
				t.Fatalf("in the history: %s", text)
			}
		}
	}
}
