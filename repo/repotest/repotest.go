// Package repotest looks at a destination with real git, as its user would.
package repotest

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Git runs git in the folder dest, free of anybody's settings, and returns what it prints. It fails
// the test when git fails.
func Git(t testing.TB, dest string, args ...string) string {
	t.Helper()
	cmd := command(dest, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s%s", strings.Join(args, " "), err, out, said.String())
	}
	return string(out)
}

func command(dest string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", append([]string{"-C", dest}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_AUTHOR_NAME=somebody", "GIT_AUTHOR_EMAIL=s@example.org", "GIT_COMMITTER_NAME=somebody", "GIT_COMMITTER_EMAIL=s@example.org")
	return cmd
}

const shm = "/dev/shm"

// Torture makes tests try every case, where they otherwise take a sample: make torture sets it.
var Torture = flag.Bool("torture", false, "try every case and many kills, for minutes, and print counts")

// OneAtATime leaves a test out under the race detector, where it takes ten times as long: what it
// does many times over, nothing else does at the same time.
func OneAtATime(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("one thing after the other: nothing races")
	}
}

// Chance is for how long a test goes on that waits for a rare moment.
func Chance() time.Duration {
	if *Torture {
		return time.Minute
	}
	return time.Second
}

// onDisk makes InMemory a folder on disk: make test-system sets it.
var onDisk = os.Getenv("TESTS_ON_DISK") != ""

// InMemory is a new folder on a tmpfs, for a test that would only wait for a disk. It is t.TempDir
// where there is no tmpfs with room, or where TESTS_ON_DISK is set. It goes with the test.
func InMemory(t testing.TB) string {
	t.Helper()
	var st unix.Statfs_t
	if onDisk || unix.Statfs(shm, &st) != nil || uint64(st.Bavail)*uint64(st.Bsize) < 1<<30 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shm, "timemachine-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { // as t.TempDir: other users may pass
		t.Fatal(err)
	}
	return dir
}

// Lines is Git's output line by line, without the last newline.
func Lines(t testing.TB, dest string, args ...string) []string {
	t.Helper()
	out := strings.TrimSuffix(Git(t, dest, args...), "\n")
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// MustCheck fails the test unless git finds the repository whole, the index is HEAD's tree, the
// work tree is clean, and a clone's files/ is equal to the destination's.
func MustCheck(t testing.TB, dest string) {
	t.Helper()
	checked := fsck(dest)
	defer func() {
		if found := <-checked; found != "" {
			t.Errorf("git fsck: %s", found)
		}
	}()
	if out := Git(t, dest, "status", "--porcelain"); out != "" {
		t.Errorf("git status: %s", out)
	}
	if index, head := Git(t, dest, "write-tree"), Git(t, dest, "rev-parse", "HEAD^{tree}"); index != head {
		t.Errorf("the index holds tree %s, HEAD %s", index, head)
	}
	place := t.TempDir
	if strings.HasPrefix(dest, shm+"/") {
		place = func() string { return InMemory(t) }
	}
	clone := filepath.Join(place(), "clone")
	defer os.RemoveAll(clone)
	Git(t, dest, "clone", "-q", "--template=", dest, clone)
	if err := os.MkdirAll(filepath.Join(clone, "files"), 0o700); err != nil {
		// git keeps no empty folder
		t.Fatal(err)
	}
	out, err := exec.Command("diff", "-r", "--no-dereference", filepath.Join(dest, "files"), filepath.Join(clone, "files")).CombinedOutput()
	if err != nil {
		t.Errorf("the clone's files differ: %s", out)
	}
}

// fsck reads the repository while the caller looks at something else; what it finds is sent, "" for
// nothing.
func fsck(dest string) <-chan string {
	found := make(chan string, 1)
	go func() {
		var said strings.Builder
		args := []string{"fsck", "--strict", "--full", "--no-dangling"}
		// It starts a git for each of these, also where there is none.
		objects := filepath.Join(dest, ".git", "objects")
		if none(objects, "info/commit-graph", "info/commit-graphs") {
			args = append([]string{"-c", "core.commitGraph=false"}, args...)
		}
		if none(objects, "pack/multi-pack-index", "pack/multi-pack-index.d") {
			args = append([]string{"-c", "core.multiPackIndex=false"}, args...)
		}
		cmd := command(dest, args...)
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			out = fmt.Appendf(out, "%v %s", err, said.String())
		}
		found <- string(out)
	}()
	return found
}

// none tells whether a folder that is there holds nothing of such names.
func none(dir string, names ...string) bool {
	if _, err := os.Stat(dir); err != nil {
		return false
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}
