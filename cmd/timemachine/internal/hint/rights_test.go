package hint

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"timemachine/repo/refusal"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// stranger is the ID of a user whom the system does not know.
const stranger = 54321

// pathsOfKinds are the files of which the remedies of a kind speak, below the destination.
var pathsOfKinds = map[refusal.RemedyKind]string{
	refusal.MoveAside:         "files",
	refusal.MoveAsideForRun:   ".git/timemachine/stage",
	refusal.MoveAsideOfReflog: ".git/logs/HEAD",
	refusal.ReplaceConfig:     ".git/config",
	refusal.RestoreObjects:    ".git",
	refusal.IndexPack:         ".git/objects/pack/p",
	refusal.WriteBranchFile:   ".git/refs/heads/main",
	refusal.WriteHead:         ".git/HEAD",
	refusal.RemoveBranchLock:  ".git/refs/heads/main.lock",
}

// yard holds the folder of a stranger, with a destination in it, and beside it one of root's.
type yard struct {
	t                  *testing.T
	top, dest, victims string
	owner              int // of the destination
	s                  Speller
}

func newYard(t *testing.T, template string, owner int) *yard {
	t.Helper()
	top, err := os.MkdirTemp("", "yard")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	y := &yard{t: t, top: top, dest: top + "/theirs/it's $(id)", victims: top + "/roots", owner: owner, s: Speller{Program: "true", User: os.Geteuid()}}
	y.must(os.Chmod(top, 0o755), os.Mkdir(top+"/theirs", 0o755))
	for _, dest := range []string{y.dest, y.victims} {
		y.must(os.CopyFS(dest, os.DirFS(template)), os.Chmod(filepath.Join(dest, ".git"), 0o700))
	}
	y.give(y.dest, owner)
	y.must(os.Chown(top+"/theirs", stranger, stranger))
	return y
}

func (y *yard) must(errs ...error) {
	y.t.Helper()
	for _, err := range errs {
		if err != nil {
			y.t.Fatal(err)
		}
	}
}

// makeTemplate makes a repository with a file at each path that a hint can speak of.
func makeTemplate(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act for others")
	}
	dest := t.TempDir()
	script := "git init -q --template= -b main && git -c user.name=n -c user.email=e commit -q --allow-empty -m 1"
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dest
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	paths := append(slices.Collect(maps.Values(pathsOfKinds)), ".git/packed-refs", ".git/objects/pack/p.idx", ".git/objects/pack/p.pack")
	for _, path := range paths {
		file := filepath.Join(dest, path)
		if _, err := os.Lstat(file); err == nil {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("it\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dest
}

func (y *yard) give(path string, uid int) {
	y.t.Helper()
	y.must(filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	}))
}

// sh runs a command as root pastes it, who has told git to trust every repository.
func (y *yard) sh(command string, env []string) (string, error) {
	cmd := exec.Command("sh", "-c", command)
	if bash, err := exec.LookPath("bash"); err == nil {
		cmd = exec.Command(bash, "-o", "pipefail", "-c", command)
	}
	cmd.Dir = "/"
	cmd.Env = append(append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// remedy is what a remedy of the kind holds for the destination.
func (y *yard) remedy(kind refusal.RemedyKind) refusal.Remedy {
	r := fullRemedy(kind, y.dest)
	r.Path, r.Branch, r.Packed, r.Bare = filepath.Join(y.dest, pathsOfKinds[kind]), "refs/heads/main", filepath.Join(y.dest, ".git/packed-refs"), true
	return r
}

// plant puts a link in the place of what is below the destination, to the same of root's.
func (y *yard) plant(below string) {
	y.t.Helper()
	path := filepath.Join(y.dest, below)
	y.must(os.RemoveAll(path), os.Symlink(filepath.Join(y.victims, below), path), os.Lchown(path, stranger, stranger))
}

// listing has all that lies below a folder, with owners and contents.
func listing(t *testing.T, top string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		fmt.Fprintf(&b, "%s %s %d %q\n", path, info.Mode(), info.Sys().(*syscall.Stat_t).Uid, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plantable are the paths where the owner of a destination can put a link under a hint of the kind.
func plantable(kind refusal.RemedyKind, owner int) []string {
	path := pathsOfKinds[kind]
	switch {
	case owner != stranger:
		return []string{""}
	case path == "":
		return []string{"", ".git"}
	}
	list := []string{""}
	for above := path; above != "."; above = filepath.Dir(above) {
		list = append(list, above)
	}
	return append(list, path+".aside", path+".damaged", ".git/packed-refs", ".git/packed-refs.damaged", ".git/objects/pack/p.idx", ".git/objects/pack/p.pack")
}

// TestPastedWhileLinksArePlanted: root pastes the command of each hint about a destination in a
// stranger's folder, theirs or root's. They put a link to a destination of root's at each path,
// after the hint was printed or before. Nothing changes there, and no file of theirs is root's.
func TestPastedWhileLinksArePlanted(t *testing.T) {
	template := makeTemplate(t)
	for kind := refusal.RemedyKind(1); kind < scan.RemedyKinds; kind++ {
		if (Speller{Program: "true"}).Words(fullRemedy(kind, "/")) == "" || sentences[kind] != "" {
			continue
		}
		for _, owner := range []int{stranger, 0} {
			for _, at := range plantable(kind, owner) {
				t.Run(fmt.Sprintf("%d of %d, %s", kind, owner, at), func(t *testing.T) {
					t.Parallel()
					pasteBesideLink(t, template, kind, owner, at)
				})
			}
		}
	}
}

func pasteBesideLink(t *testing.T, template string, kind refusal.RemedyKind, owner int, at string) {
	for _, before := range []bool{false, true} {
		y := newYard(t, template, owner)
		var command string
		if before {
			y.plant(at)
			command = y.s.Words(y.remedy(kind))
		} else {
			command = y.s.Words(y.remedy(kind))
			y.plant(at)
		}
		was := listing(t, y.victims)
		y.sh(command, nil)
		if now := listing(t, y.victims); now != was {
			t.Errorf("planted before: %v: %s\nchanged\n%s\nto\n%s", before, command, was, now)
		}
	}
}

// TestHintsWork: the commands about files do what they say in a destination of a stranger's, and in
// one of root's below a folder of the stranger's. What they write belongs to the owner.
func TestHintsWork(t *testing.T) {
	template := makeTemplate(t)
	for kind, path := range pathsOfKinds {
		if kind == refusal.RestoreObjects || kind == refusal.IndexPack { // the pack is none
			continue
		}
		for _, owner := range []int{stranger, 0} {
			y := newYard(t, template, owner)
			at := filepath.Join(y.dest, path)
			y.must(os.WriteFile(at+".kept", nil, 0o600))
			was, err := os.ReadFile(at)
			y.must(err)
			command := y.s.Words(y.remedy(kind))
			y.sh(command, nil)
			now, err := os.ReadFile(at)
			switch kind {
			case refusal.WriteBranchFile, refusal.WriteHead:
				st, serr := os.Stat(at)
				if err != nil || serr != nil || string(now) == string(was) && kind == refusal.WriteBranchFile || int(st.Sys().(*syscall.Stat_t).Uid) != owner {
					t.Errorf("%s: %s holds %q, %v, of %v", command, path, now, err, st)
				}
			default:
				if !os.IsNotExist(err) {
					t.Errorf("%s: %s is still there: %v", command, path, err)
				}
			}
		}
	}
}

// TestGitHintsWork: git does what hints tell it, for a stranger's destination and for one of root's
// below a folder of the stranger's.
func TestGitHintsWork(t *testing.T) {
	template := makeTemplate(t)
	for _, owner := range []int{stranger, 0} {
		y := newYard(t, template, owner)
		y.must(os.Remove(filepath.Join(y.dest, ".git/packed-refs")), os.Remove(filepath.Join(y.dest, ".git/refs/heads/main.lock")),
			os.Remove(filepath.Join(y.dest, ".git/objects/pack/p.pack")), os.Remove(filepath.Join(y.dest, ".git/objects/pack/p.idx")))
		tip, err := os.ReadFile(filepath.Join(y.dest, ".git/refs/heads/main"))
		y.must(err)
		commands := []string{y.s.Git(y.dest, "log"), y.s.Git(y.dest, "gc"),
			y.s.Git(y.dest, "update-ref", "--no-deref", "refs/heads/main", strings.TrimSpace(string(tip)))}
		for _, kind := range []refusal.RemedyKind{refusal.InspectConfig, refusal.CheckHistory, refusal.RewriteGraph, refusal.UnsplitIndex, refusal.UnsparseIndex, refusal.RepackAll} {
			commands = append(commands, y.s.Words(y.remedy(kind)))
		}
		for _, command := range commands {
			if out, err := y.sh(command, nil); err != nil {
				t.Errorf("owner %d: %s: %v %s", owner, command, err, out)
			}
		}
	}
}

// TestHooksRunAsTheirOwner: no program that a stranger's repository makes git run is run as root,
// has root's environment, or has root's terminal for its own.
func TestHooksRunAsTheirOwner(t *testing.T) {
	y := newYard(t, makeTemplate(t), stranger)
	out := y.top + "/theirs/out"
	hook := fmt.Sprintf("#!/bin/sh\n[ -t 2 ] && echo a terminal >>%[1]s\necho $(id -u) $(id -G) \"$SECRET\" $(cut -d' ' -f7 /proc/self/stat) >>%[1]s\n", out)
	hooks := filepath.Join(y.dest, ".git/hooks")
	y.must(os.Mkdir(hooks, 0o755), os.WriteFile(filepath.Join(hooks, "reference-transaction"), []byte(hook), 0o755))
	y.sh("git -C "+ShellWord(y.dest)+" config core.fsmonitor .git/hooks/reference-transaction", nil)
	y.give(y.dest, stranger)
	y.must(os.Remove(filepath.Join(y.dest, ".git/packed-refs")))
	tip, err := os.ReadFile(filepath.Join(y.dest, ".git/refs/heads/main"))
	y.must(err)
	command := y.s.Git(y.dest, "update-ref", "refs/heads/other", strings.TrimSpace(string(tip)))
	terminal := func(command string) {
		if _, err := exec.LookPath("script"); err == nil {
			command = "script -qec " + ShellWord(command) + " /dev/null </dev/null"
		}
		y.sh(command, []string{"SECRET=secret"})
	}
	terminal(command)
	for kind := refusal.RemedyKind(1); kind < scan.RemedyKinds; kind++ {
		terminal(y.s.Words(y.remedy(kind)))
	}
	said, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%s ran no hook: %v", command, err)
	}
	for line := range strings.Lines(string(said)) {
		if line != fmt.Sprintf("%d %d  0\n", stranger, disk.GroupsOf(stranger)[0]) {
			t.Errorf("a hook ran as %q", line)
		}
	}
}
