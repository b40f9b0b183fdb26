package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport"
	"timemachine/repo/repotest"
)

// TestFolder pushes to folders in the spellings that git knows, and compares the files' permissions
// with those that git gives.
func TestFolder(t *testing.T) {
	old := unix.Umask(0o022)
	defer unix.Umask(old)
	s := newSource(t)
	first := s.commit(3)
	for _, settings := range [][]string{nil, {"--shared=group"}, {"--shared=0640"}, {"--shared=all"}} {
		remote, twin := newBare(t, settings...), newBare(t, settings...)
		url := map[bool]string{true: remote, false: "file://" + remote}[settings == nil]
		for _, name := range []string{"refs/heads/main", "refs/heads/hosts/web1"} {
			tip := first
			for range 2 {
				if err := s.push(url, name, tip, transport.Options{}); err != nil {
					t.Fatal(err)
				}
				s.has(remote, name, tip)
				repotest.Git(t, s.dir, "-c", "transfer.unpackLimit=1", "push", "-q", twin, tip.String()+":"+name)
				tip = s.commit(2)
			}
		}
		compareModes(t, remote, twin)
	}
	// Also with a thin pack whose bases git has packed, loose objects there, and no branch's name
	// given.
	remote := newBare(t)
	repotest.Git(t, s.dir, "push", "-q", remote, first.String()+":refs/heads/main")
	repotest.Git(t, remote, "gc", "-q")
	tip := s.commit(1)
	if err := s.push(remote[:len(remote)-len(".git")], "refs/heads/main", tip, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	s.has(remote, "refs/heads/main", tip)
	if err := s.push(remote, "refs/heads/more", tip, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	if log, err := os.Stat(filepath.Join(remote, "logs")); err == nil {
		t.Errorf("%s made in a bare repository", log.Name())
	}
}

// compareModes compares the permissions of references, packs and folders by what kind they are.
func compareModes(t *testing.T, remote, twin string) {
	t.Helper()
	modes := func(root string) map[string]fs.FileMode {
		all := map[string]fs.FileMode{}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(root, path)
			if d.Name() == "timemachine-push" {
				return fs.SkipDir
			}
			if filepath.Dir(name) == "objects/pack" {
				name = "objects/pack/*" + filepath.Ext(name)
			}
			st, err := d.Info()
			all[name] = st.Mode()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	got := modes(remote)
	for name, want := range modes(twin) {
		if mode, ok := got[name]; ok && mode != want {
			t.Errorf("%s: %v, git gives %v", name, mode, want)
		}
	}
	for _, name := range []string{"refs/heads/main", "refs/heads/hosts", "objects/pack/*.pack", "objects/pack/*.idx"} {
		if got[name] == 0 {
			t.Errorf("no %s", name)
		}
	}
}

// TestFolderWithWorkTree moves branches of a repository with a work tree, but for the one that is
// checked out.
func TestFolderWithWorkTree(t *testing.T) {
	s := newSource(t)
	tip := s.commit(2)
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	wantKind(t, s.push(dir, "refs/heads/main", tip, transport.Options{}), transport.Rejected, "checked out")
	if err := s.push(dir, "refs/heads/other", tip, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	s.has(dir, "refs/heads/other", tip)
	repotest.Git(t, dir, "worktree", "add", "-q", filepath.Join(repotest.InMemory(t), "more"), "other")
	wantKind(t, s.push(dir, "refs/heads/other", s.commit(1), transport.Options{}), transport.Rejected, "checked out")
	repotest.Git(t, dir, "config", "receive.denyCurrentBranch", "ignore")
	tip = s.id("HEAD")
	if err := s.push(dir, "refs/heads/main", tip, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	s.has(dir, "refs/heads/main", tip)
}

// TestFolderRefused names what git alone can do, and what nobody can.
func TestFolderRefused(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	put := func(path, text string, perm fs.FileMode) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), perm)); err != nil {
			t.Fatal(err)
		}
	}
	set := func(key, value string) func(string) string {
		return func(remote string) string { repotest.Git(t, remote, "config", key, value); return remote }
	}
	for name, c := range map[string]struct {
		kind transport.Kind
		word string
		make func(remote string) string
	}{
		"hook": {transport.Unsupported, "hook update", func(r string) string { put(r+"/hooks/update", "#!/bin/sh\n", 0o755); return r }},
		"hook elsewhere": {transport.Unsupported, "hook pre-receive", func(r string) string {
			put(r+"/other/pre-receive", "#!/bin/sh\n", 0o755)
			return set("core.hooksPath", "other")(r)
		}},
		"fsck": {transport.Unsupported, "transfer.fsckObjects", set("transfer.fsckObjects", "true")},
		"in place": {transport.Unsupported, "updateInstead", func(r string) string {
			return set("receive.denyCurrentBranch", "updateInstead")(worktree(t))
		}},
		"extension":  {transport.Unsupported, "extensions.partialclone", set("extensions.partialclone", "origin")},
		"include":    {transport.Unsupported, "include", set("include.path", "other")},
		"alternates": {transport.Unsupported, "borrows", func(r string) string { put(r+"/objects/info/alternates", s.dir+"/.git/objects\n", 0o600); return r }},
		"sha256": {transport.Unsupported, "sha256", func(r string) string {
			repotest.Git(t, repotest.InMemory(t), "init", "-q", "--bare", "--object-format=sha256", r+"256")
			return r + "256"
		}},
		"linked":        {transport.Unsupported, "leads elsewhere", func(r string) string { put(r+"2/.git", "gitdir: "+r+"\n", 0o600); return r + "2" }},
		"missing":       {transport.NoRepository, "does not exist", func(r string) string { return r + "2" }},
		"no repository": {transport.NoRepository, "holds no git repository", func(string) string { return repotest.InMemory(t) }},
		"large":         {transport.Rejected, "maxInputSize", set("receive.maxInputSize", "1")},
		"conflict":      {transport.Rejected, "refs/heads/main/x", func(r string) string { repotest.Git(t, s.dir, "push", "-q", r, "main:refs/heads/main/x"); return r }},
		"locked":        {transport.Locked, "lock", func(r string) string { put(r+"/refs/heads/main.lock", "", 0o600); return r }},
		"helper":        {transport.Unsupported, `"ext"`, func(r string) string { return "ext::sh -c true" }},
	} {
		remote := newBare(t)
		url := c.make(remote)
		err := s.push(url, "refs/heads/main", tip, transport.Options{})
		t.Log(name, ": ", err)
		wantKind(t, err, c.kind, c.word)
		if c.kind == transport.Rejected || c.kind == transport.Locked {
			if out := repotest.Git(t, remote, "for-each-ref", "--format=%(refname)"); strings.Contains(out, "refs/heads/main\n") {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
	if os.Geteuid() == 0 {
		remote := newBare(t)
		if err := os.Chown(remote, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		wantKind(t, s.push(remote, "refs/heads/main", tip, transport.Options{}), transport.ForeignOwner, "12345")
	}
}

// TestFolderHidden compares which references are hidden from pushes and fetches with git's answer.
func TestFolderHidden(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	for _, settings := range [][]string{
		{"transfer.hideRefs=refs/heads/main"},
		{"transfer.hideRefs=refs/heads/"},
		{"receive.hideRefs=refs/heads"},
		{"uploadpack.hideRefs=refs/heads"},
		{"transfer.hideRefs=refs/heads/ma"},
		{"receive.hideRefs=^refs/heads/hosts"},
		{"transfer.hideRefs=refs/", "transfer.hideRefs=!refs/heads/hosts/web1"},
		{"transfer.hideRefs=!refs/heads/hosts/web1", "transfer.hideRefs=refs/"},
		{"receive.hideRefs=refs", "receive.hideRefs=!refs/heads", "receive.hideRefs=!^refs/heads/hosts", "receive.hideRefs=refs/heads/main"},
	} {
		remote, twin := newBare(t), newBare(t)
		for _, dir := range []string{remote, twin} {
			repotest.Git(t, s.dir, "push", "-q", dir, "main:refs/notes/objects")
			for _, setting := range settings {
				key, value, _ := strings.Cut(setting, "=")
				repotest.Git(t, dir, "config", "--add", key, value)
			}
		}
		for _, name := range []string{"refs/heads/main", "refs/heads/hosts/web1", "refs/heads/hosts/web2"} {
			err := s.push(remote, name, tip, transport.Options{})
			gits := exec.Command("git", "-C", s.dir, "push", "-q", twin, tip.String()+":"+name).Run()
			if (err == nil) != (gits == nil) {
				t.Errorf("%q, push to %s: %v, with git %v", settings, name, err, gits)
			}
			if err != nil {
				wantKind(t, err, transport.Rejected, "deny updating a hidden ref")
			}
			repotest.Git(t, remote, "update-ref", name, tip.String())
		}
		refs, err := transport.Refs(ctx, remote, transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		gits := repotest.Git(t, s.dir, "ls-remote", remote)
		if got, want := len(refs), strings.Count(gits, "\n"); got != want {
			t.Errorf("%q, fetch: %v, git lists\n%s", settings, refs, gits)
		}
	}
	remote := newBare(t)
	repotest.Git(t, remote, "config", "transfer.hideRefs", "refs/x")
	repotest.Git(t, remote, "config", "receive.hideRefs", "refs/y")
	wantKind(t, s.push(remote, "refs/heads/main", tip, transport.Options{}), transport.Unsupported, "receive.hideRefs")
}

// worktree is a repository with a work tree.
func worktree(t *testing.T) string {
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	return dir
}

// TestFolderMoved is a branch that moves between the advertisement and the push.
func TestFolderMoved(t *testing.T) {
	s, remote := newSource(t), newBare(t)
	first := s.commit(1)
	session, err := transport.Open(ctx, remote, transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	repotest.Git(t, s.dir, "push", "-q", remote, "main")
	tip := s.commit(1)
	err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, s.pack(tip))
	wantKind(t, err, transport.Rejected, "moved meanwhile")
	s.has(remote, "main", first)
}

// TestFolderDamagedPack pushes packs with a flipped or a missing byte, and packs that stand on
// objects which the remote lacks: nothing changes there.
func TestFolderDamagedPack(t *testing.T) {
	s, remote := newSource(t), newBare(t)
	first := s.commit(2)
	if err := s.push(remote, "refs/heads/main", first, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	tip := s.commit(2)
	var whole bytes.Buffer
	if _, err := s.pack(tip, first)(ctx, &whole); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewSource(2))
	before := listing(t, remote)
	try := func(to string, b []byte) error {
		session, err := transport.Open(ctx, to, transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		return session.Push(ctx, transport.Update{Ref: "refs/heads/main", Old: session.Refs()["refs/heads/main"], New: tip},
			func(_ context.Context, w io.Writer) (int64, error) { return io.Copy(w, bytes.NewReader(b)) })
	}
	for range 200 {
		b := bytes.Clone(whole.Bytes())
		if at := rnd.Intn(len(b)); rnd.Intn(2) == 0 {
			b = b[:at]
		} else {
			b[at] ^= 1 << rnd.Intn(8)
		}
		wantKind(t, try(remote, b), transport.Protocol)
	}
	wantKind(t, try(newBare(t), whole.Bytes()), transport.Protocol, "lacks")
	if after := listing(t, remote); after != before {
		t.Errorf("changed from\n%s to\n%s", before, after)
	}
	if err := try(remote, whole.Bytes()); err != nil {
		t.Fatal(err)
	}
	s.has(remote, "main", tip)
}

// listing is the references and packs of a repository.
func listing(t testing.TB, remote string) string {
	packs, err := filepath.Glob(filepath.Join(remote, "objects/pack/*"))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(repotest.Git(t, remote, "for-each-ref"), packs)
}

// sample is one in so many, and each one in make torture.
func sample(n int) int {
	if *repotest.Torture {
		return 1
	}
	return n
}

// TestFolderFaults lets each operation on the file system fail, fill the disk, or end the process:
// the remote stays whole, and the next push works.
func TestFolderFaults(t *testing.T) {
	s := newSource(t)
	first := s.commit(2)
	tip := s.commit(1)
	step := sample(16)
	template := newBare(t)
	if err := s.push(template, "refs/heads/main", first, transport.Options{}); err != nil {
		t.Fatal(err)
	}
	remote := filepath.Join(repotest.InMemory(t), "remote.git")
	for _, how := range repotest.AllFaults {
		done := false
		for at := rand.Intn(step); !done && at < 500; at += step {
			if err := os.RemoveAll(remote); err != nil {
				t.Fatal(err)
			}
			if err := exec.Command("cp", "-a", template, remote).Run(); err != nil {
				t.Fatal(err)
			}
			faults := &repotest.Faults{At: at, How: how}
			undo := durable.SetSeam(faults)
			err := s.push(remote, "refs/heads/main", tip, transport.Options{})
			undo()
			op, hit := faults.Hit()
			if done = !hit && faults.Count() <= at; done {
				break
			}
			if err == nil && hit && how != repotest.Fails {
				if got := idOf(t, remote, "main"); got != tip {
					t.Errorf("%s at %d (%s %s): no error, and %s", how, at, op.Kind, op.Path, got.Short())
				}
			}
			repotest.Git(t, remote, "fsck", "--strict", "--full", "--no-dangling")
			if got := idOf(t, remote, "main"); got != first && got != tip {
				t.Fatalf("%s at %d (%s %s): %s", how, at, op.Kind, op.Path, got.Short())
			}
			if err := s.push(remote, "refs/heads/main", tip, transport.Options{}); err != nil {
				t.Fatalf("%s at %d (%s %s): the next push: %v", how, at, op.Kind, op.Path, err)
			}
			s.has(remote, "main", tip)
		}
		if !done {
			t.Errorf("%s: no end of operations", how)
		}
	}
}

// TestFolderCancelled ends a push while it waits for another one to the same branch, and in the
// midst of its pack.
func TestFolderCancelled(t *testing.T) {
	s, remote := newSource(t), newBare(t)
	tip := s.commit(1)
	open := func() *transport.Session {
		session, err := transport.Open(ctx, remote, transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { session.Close() })
		return session
	}
	ended, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	err := open().Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, func(_ context.Context, w io.Writer) (int64, error) {
		err := open().Push(ended, transport.Update{Ref: "refs/heads/main", New: tip}, s.pack(tip))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beside another push: %v", err)
		}
		return s.pack(tip)(ctx, w)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.has(remote, "main", tip)
	broken := errors.New("cannot be read")
	next := s.commit(1)
	err = open().Push(ctx, transport.Update{Ref: "refs/heads/main", Old: tip, New: next}, func(context.Context, io.Writer) (int64, error) { return 0, broken })
	if !errors.Is(err, broken) {
		t.Errorf("with a pack that cannot be made: %v", err)
	}
	s.has(remote, "main", tip)
}

// TestFolderTidied pushes so often that git would merge packs: they stay few, and those that must
// not be touched stay.
func TestFolderTidied(t *testing.T) {
	s, remote := newSource(t), newBare(t)
	repotest.Git(t, remote, "config", "gc.autoPackLimit", "10")
	packs := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(remote, "objects/pack/*.pack"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	kept, most := "", 0
	tip := s.commit(1)
	for n := range 40 {
		if err := s.push(remote, []string{"refs/heads/main", "refs/heads/other"}[n%2], tip, transport.Options{}); err != nil {
			t.Fatal(err)
		}
		if n == 2 {
			kept = strings.TrimSuffix(packs()[0], ".pack")
			if err := os.WriteFile(kept+".keep", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		most = max(most, len(packs()))
		tip = s.commit(1)
	}
	if most > 12 || most < 10 {
		t.Errorf("up to %d packs", most)
	}
	if _, err := os.Stat(kept + ".pack"); err != nil {
		t.Error(err)
	}
	s.has(remote, "other", s.id("HEAD~1"))
	s.has(remote, "main", s.id("HEAD~2"))
	before := len(packs())
	repotest.Git(t, remote, "config", "gc.auto", "0")
	for range 15 {
		if err := s.push(remote, "refs/heads/main", tip, transport.Options{}); err != nil {
			t.Fatal(err)
		}
		tip = s.commit(1)
	}
	if n := len(packs()); n < before+15 {
		t.Errorf("%d packs merged though gc.auto is off", before+15-n)
	}
	if out := repotest.Git(t, remote, "count-objects", "-v"); !strings.Contains(out, "garbage: 0\n") {
		t.Error(out)
	}
}

// TestFolderTidyFaults lets each operation of a push that merges packs go wrong.
func TestFolderTidyFaults(t *testing.T) {
	s := newSource(t)
	var tips []object.ID
	for range 6 {
		tips = append(tips, s.commit(1))
	}
	last := tips[len(tips)-1]
	step := sample(12)
	for _, how := range []repotest.Fault{repotest.Fails, repotest.Kill} {
		done := false
		for at := 20 + rand.Intn(step); !done && at < 500; at += step {
			remote := newBare(t)
			repotest.Git(t, remote, "config", "gc.autoPackLimit", "3")
			for _, tip := range tips[:3] {
				if err := s.push(remote, "refs/heads/main", tip, transport.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			faults := &repotest.Faults{At: at, How: how}
			undo := durable.SetSeam(faults)
			err := s.push(remote, "refs/heads/main", tips[3], transport.Options{})
			undo()
			_, hit := faults.Hit()
			done = !hit && faults.Count() <= at
			repotest.Git(t, remote, "fsck", "--strict", "--full", "--no-dangling")
			if err == nil {
				s.has(remote, "main", tips[3])
			}
			for _, tip := range []object.ID{tips[4], last} {
				if err := s.push(remote, "refs/heads/main", tip, transport.Options{}); err != nil {
					t.Fatalf("%s at %d: the next push: %v", how, at, err)
				}
			}
			s.has(remote, "main", last)
		}
		if !done {
			t.Errorf("%s: no end of operations", how)
		}
	}
}

// TestFolderPower takes the power away before each operation of a push, also of one that merges
// packs: the branch is at the old or the new commit, whole, and the next push works.
func TestFolderPower(t *testing.T) {
	s := newSource(t)
	tips := []object.ID{s.commit(2), s.commit(1), s.commit(1), s.commit(1)}
	for _, limit := range []string{"50", "2"} {
		remote := newBare(t)
		repotest.Git(t, remote, "config", "gc.autoPackLimit", limit)
		push := func(remote string, tip object.ID) {
			t.Helper()
			if err := s.push(remote, "refs/heads/main", tip, transport.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		push(remote, tips[0])
		push(remote, tips[1])
		before, after := tips[1], tips[2]
		images := t.TempDir()
		var cuts []string
		p := repotest.NewPower(t, remote)
		keep := func() {
			for _, loss := range repotest.AllLosses {
				to := filepath.Join(images, fmt.Sprint(len(cuts)))
				p.Cut(t, to, loss)
				cuts = append(cuts, to)
			}
		}
		step := sample(12)
		ops := rand.Intn(step)
		p.Watch(func(*durable.Op) {
			if ops++; ops%step == 0 {
				keep()
			}
		})
		undo := durable.SetSeam(p)
		err := s.push(remote, "refs/heads/main", after, transport.Options{})
		undo()
		if err != nil {
			t.Fatal(err)
		}
		keep()
		for i, image := range cuts {
			repotest.Git(t, image, "fsck", "--strict", "--full", "--no-dangling")
			got := idOf(t, image, "main")
			if i >= len(cuts)-len(repotest.AllLosses) && got != after || got != before && got != after {
				t.Errorf("image %d of %d: at %s", i, len(cuts), got.Short())
			}
			push(image, tips[3])
			s.has(image, "main", tips[3])
		}
	}
}
