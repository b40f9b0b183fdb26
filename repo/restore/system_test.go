//go:build system

package restore

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// asRoot skips a test that needs root.
func asRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// TestAsUser runs the tests of this package as a user without rights.
func TestAsUser(t *testing.T) {
	asRoot(t)
	dir, err := os.MkdirTemp("/tmp", "restore-user")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	sh(t, dir, "cp "+os.Args[0]+" tests; chmod 755 . tests; mkdir t; chown 65534:65534 t")
	cmd := exec.Command(dir+"/tests", "-test.run=Restore")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir+"/t", "HOME="+dir+"/t")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// failures lists the errors and notes of a restore.
func failures(p *Plan) string {
	var all []string
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil {
			all = append(all, s.Err.Error())
		}
		all = append(all, s.Notes...)
	}
	return strings.Join(slices.Concat(all, p.Notes), "\n")
}

// TestFrozen names chattr for immutable and append-only files, and for a folder that is one.
func TestFrozen(t *testing.T) {
	asRoot(t)
	for _, frozen := range []string{"d/u", "d"} {
		for _, letter := range []string{"i", "a"} {
			tree, want := planted(t)
			s := take(t, tree)
			sh(t, tree, "echo changed >> d/u; chattr +"+letter+" "+frozen)
			t.Cleanup(func() { exec.Command("chattr", "-"+letter, filepath.Join(tree, frozen)).Run() })
			p := s.restore(Options{}, tree+"/d/u")
			if got := failures(p); !strings.Contains(got, "chattr -"+letter+" "+tree+"/"+frozen+", then restore again") {
				t.Errorf("+%s %s: %q", letter, frozen, got)
			}
			sh(t, tree, "chattr -"+letter+" "+frozen)
			s.must(Options{}, tree+"/d")
			equal(t, want+"/d", tree+"/d")
		}
	}
}

// TestBindMounted writes a file in place that something is mounted on.
func TestBindMounted(t *testing.T) {
	asRoot(t)
	tree, _ := planted(t)
	s := take(t, tree)
	sh(t, tree, "echo other and longer > other; chmod 0666 other; mount --bind other d/u")
	t.Cleanup(func() { exec.Command("umount", tree+"/d/u").Run() })
	p := s.must(Options{}, tree+"/d/u")
	if got := failures(p); !strings.Contains(got, "written in place") {
		t.Errorf("%q", got)
	}
	if got := sh(t, tree, "cat other; stat -c '%a %u' other; getfattr --only-values -n user.note other; ls -A d | grep -c timemachine || true"); got != "user\n644 1000\ntext0\n" {
		t.Errorf("%q", got)
	}
}

// TestReadOnlyFileSystem says that the file system is read-only.
func TestReadOnlyFileSystem(t *testing.T) {
	asRoot(t)
	tree, _ := planted(t)
	s := take(t, tree)
	sh(t, tree, "echo changed > d/u; mount --bind d d; mount -o remount,ro,bind d")
	t.Cleanup(func() { exec.Command("umount", tree+"/d").Run() })
	if got := failures(s.restore(Options{}, tree+"/d/u")); !strings.Contains(got, "its file system is mounted read-only") {
		t.Errorf("%q", got)
	}
}

// TestHardLinksAcrossFileSystems makes files of their own of names that cannot be joined, and says
// so once.
func TestHardLinksAcrossFileSystems(t *testing.T) {
	asRoot(t)
	tree, _ := planted(t)
	s := take(t, tree)
	sh(t, tree, "rm -rf d/e; mkdir d/e; mount -t tmpfs none d/e")
	t.Cleanup(func() { exec.Command("umount", tree+"/d/e").Run() })
	p := s.restore(Options{}, tree+"/d")
	if got := failures(p); strings.Count(got, "no hard links of each other any more") != 1 {
		t.Errorf("%q", got)
	}
	if got := sh(t, tree, "cat d/e/hard; stat -c %h d/a"); got != "one\n2\n" {
		t.Errorf("%q", got)
	}
}

// TestExactSparesMounts leaves alone what is mounted in a folder.
func TestExactSparesMounts(t *testing.T) {
	asRoot(t)
	tree, _ := planted(t)
	s := take(t, tree)
	sh(t, tree, "mkdir d/mnt; mount -t tmpfs none d/mnt; touch d/mnt/precious")
	t.Cleanup(func() { exec.Command("umount", tree+"/d/mnt").Run() })
	p := s.must(Options{Exact: true}, tree+"/d")
	if _, err := os.Stat(tree + "/d/mnt/precious"); err != nil || len(p.Notes) != 1 {
		t.Errorf("%v, %q", err, p.Notes)
	}
}
