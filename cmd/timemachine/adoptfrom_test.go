package main

import (
	"math/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestAdoptFromSilentRemote: a remote that takes the connection and says nothing is given up, and
// leaves nothing behind.
func TestAdoptFromSilentRemote(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dir := t.TempDir()
	begun := time.Now()
	cmd := exec.Command("timemachine", "-cl", dir, "-d", filepath.Join(dir, "dest"), "init", "--adopt", "--from", "git://"+listener.Addr().String()+"/fleet.git", "--timeout", "1s")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "/fleet.git: no answer in time\nhint: --timeout gives it longer\n") {
		t.Errorf("%v %s", err, out)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := os.Lstat(filepath.Join(dir, "dest")); err == nil {
		t.Error("a folder is left")
	}
}

// TestAdoptFromKilled kills init --adopt --from at random moments: what it leaves is no repository
// or a whole one, and another init or run goes on.
func TestAdoptFromKilled(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	must := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v %s", name, args, err, out)
		}
		return string(out)
	}
	src, dest := filepath.Join(dir, "src"), filepath.Join(dir, "dest")
	if err := os.Mkdir(src, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := os.WriteFile(filepath.Join(src, strconv.Itoa(i)), make([]byte, 300*i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must("timemachine", "-d", "first", "add", "src")
	args := []string{"-d", "dest", "init", "--adopt", "--from", "first"}
	begun := time.Now()
	must("timemachine", args...)
	whole := time.Since(begun)
	states := map[bool]int{}
	for range 8 {
		if err := os.RemoveAll(dest); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("timemachine", args...)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int63n(int64(whole))))
		cmd.Process.Kill()
		cmd.Wait()
		_, err := os.Stat(filepath.Join(dest, ".git"))
		states[err == nil]++
		if err != nil {
			must("timemachine", args...)
		} else {
			must("timemachine", "-d", "dest")
		}
		repotest.MustCheck(t, dest)
		names, err := os.ReadDir(dest)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range names {
			if strings.HasPrefix(e.Name(), ".timemachine-init") {
				t.Errorf("%s is left", e.Name())
			}
		}
		must("diff", "-r", "--exclude=.gitattributes", src, filepath.Join(dest, "files", src))
	}
	t.Logf("killed with a repository and without: %v", states)
}
