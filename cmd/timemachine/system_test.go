//go:build system

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// buildBinary builds the program as it is installed, and lets every user run it.
func buildBinary(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root")
	}
	built, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "timemachine")
	// A file that this process writes may not be started yet, while a child has it open, too.
	if out, err := exec.Command("cp", built, bin).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// builtOnce builds the program, once for all tests.
var builtOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "timemachine-built")
	if err != nil {
		return "", err
	}
	afterTests = append(afterTests, func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "timemachine")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
})

func runBare(t *testing.T, bin string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("env", append([]string{"-i", "PATH=/usr/bin:/bin", bin}, args...)...)
	cmd.Dir = "/"
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// TestEtc records the whole of /etc as cron would: without an environment and without output. A
// second run has nothing to record.
func TestEtc(t *testing.T) {
	bin := buildBinary(t)
	conf, dest := t.TempDir(), t.TempDir()
	write(t, filepath.Join(conf, "config.dat"), []byte("- /etc\n"))
	for range 2 {
		if out, code := runBare(t, bin, "-cl", conf, "-d", dest); code != 0 || out != "" {
			t.Fatalf("exit %d: %s", code, out)
		}
		repotest.MustCheck(t, dest)
	}
	hosts, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	if got := repotest.Git(t, dest, "cat-file", "blob", "HEAD:files/etc/hosts"); got != string(hosts) {
		t.Errorf("/etc/hosts is recorded as %q", got)
	}
}

// TestKilled kills runs at many moments. The next run recovers, and no version is lost.
func TestKilled(t *testing.T) {
	bin := buildBinary(t)
	src, conf, dest := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(conf, "config.dat"), fmt.Appendf(nil, "- %s\n", src))
	for i := range 60 {
		for n := range 20 {
			write(t, filepath.Join(src, fmt.Sprint("f", n)), fmt.Appendf(nil, "round %d of file %d\n", i, n))
		}
		cmd := exec.Command(bin, "-cl", conf, "-d", dest)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 400 * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
		if i%10 != 9 {
			continue
		}
		if out, code := runBare(t, bin, "-cl", conf, "-d", dest); code != 0 {
			t.Fatalf("round %d: exit %d: %s", i, code, out)
		}
		repotest.MustCheck(t, dest)
		for n := range 20 {
			name := filepath.Join(src, fmt.Sprint("f", n))
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := repotest.Git(t, dest, "cat-file", "blob", "HEAD:files"+name); !bytes.Equal(data, []byte(got)) {
				t.Fatalf("round %d: %s is recorded as %q", i, name, got)
			}
		}
		left, _ := filepath.Glob(filepath.Join(dest, ".git/objects/pack/*.keep"))
		if len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestRestoreEtc damages a copy of /etc by hand and restores it with one command. Files, modes,
// owners, times and links are equal to those before; a setuid file comes back as one.
func TestRestoreEtc(t *testing.T) {
	bin := buildBinary(t)
	top, dest := t.TempDir(), t.TempDir()
	etc := filepath.Join(top, "etc")
	sh := func(script string) string {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script, "sh", etc)
		cmd.Dir = top
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", script, err, out)
		}
		return string(out)
	}
	const list = `find "$1" -type f -printf '%p %m %u %g %T@ %s\n' | sort; find "$1" -type l -printf '%p %l\n' | sort`
	sh(`cp -a /etc "$1"; echo tool >"$1/tool"; chown 1:1 "$1/tool"; chmod 4750 "$1/tool"; touch -d '2 hours ago' "$1/tool"`)
	write(t, filepath.Join(top, "config.dat"), fmt.Appendf(nil, "- %s\n", etc))
	if out, code := runBare(t, bin, "-cl", top, "-d", dest); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	before := sh(list)
	content := sh(`find "$1" -type f -exec sha1sum {} + | sort`)
	time.Sleep(1100 * time.Millisecond)
	then := time.Now().UTC().Format(time.RFC3339Nano)
	time.Sleep(1100 * time.Millisecond) // commits count whole seconds
	sh(`cd "$1"; rm -r ssl; for f in *.conf; do echo damage >>$f; done; chmod -R o+w default; chown -R 65534 cron.d; touch hosts; rm tool passwd`)
	if out, code := runBare(t, bin, "-cl", top, "-d", dest); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if out, code := runBare(t, bin, "-cl", top, "-d", dest, "restore", etc, "--at", then); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if after := sh(list); after != before {
		write(t, filepath.Join(top, "before"), []byte(before))
		write(t, filepath.Join(top, "after"), []byte(after))
		t.Errorf("not as it was before:\n%s", sh(`diff before after || true`))
	}
	if after := sh(`find "$1" -type f -exec sha1sum {} + | sort`); after != content {
		t.Error("some file's content is not as it was before")
	}
	repotest.MustCheck(t, dest)
}
