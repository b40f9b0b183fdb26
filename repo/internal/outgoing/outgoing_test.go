package outgoing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/outgoing"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

var ctx = context.Background()

// history is a destination that runs add to.
type history struct {
	testing.TB
	dest string
	now  time.Time
	last map[string]head
	runs int
}

type head struct{ commit, blob object.ID }

func newHistory(t testing.TB) *history {
	h := &history{TB: t, dest: filepath.Join(repotest.InMemory(t), "dest"), now: time.Unix(1_700_000_000, 0), last: map[string]head{}}
	h.check(repo.Init(h.dest, repo.Options{}))
	return h
}

func (h *history) check(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// run records a version of each source with the content that body gives.
func (h *history) run(sources []string, body func(source string) []byte) object.ID {
	h.Helper()
	h.runs++
	h.now = h.now.Add(time.Minute)
	r, err := repo.Open(h.dest, repo.Options{Clock: func() time.Time { return h.now }})
	h.check(err)
	defer r.Close()
	w, err := r.TryLock(repo.WriteOptions{Copies: func(durable.Space) bool { return false }})
	h.check(err)
	tip, err := w.Start(ctx)
	h.check(err)
	tx, err := w.Begin(ctx, tip, fmt.Sprint("scan-", h.runs), nil)
	h.check(err)
	for _, source := range sources {
		content, before := body(source), h.last[source]
		id, err := tx.Blob(content, before.blob)
		h.check(err)
		rec := record.Record{Event: record.Modified, Source: source, Mtime: h.now, Mode: 0o644, Size: int64(len(content)), Blob: id, Previous: before.commit}
		if before.commit.IsZero() {
			rec.Event = record.Added
		}
		v, err := tx.Commit(rec, h.now, true)
		h.check(err)
		h.last[source] = head{v.Commit, id}
	}
	h.check(tx.Publish())
	h.check(w.RollUp(ctx, tx.Tip(), len(sources)))
	return tx.Tip()
}

// grow makes runs that each record some of the sources, with contents that resemble each other.
func (h *history) grow(runs, each int) object.ID {
	h.Helper()
	rnd := rand.New(rand.NewSource(int64(h.runs)))
	var tip object.ID
	for range runs {
		var sources []string
		for range each {
			sources = append(sources, fmt.Sprintf("/etc/dir%02d/sub/file%03d", rnd.Intn(9), rnd.Intn(200)))
		}
		slices.Sort(sources)
		tip = h.run(slices.Compact(sources), func(source string) []byte {
			text := strings.Repeat("a line of "+source+"\n", 40)
			return fmt.Appendf([]byte(text), "%d\n", rnd.Intn(1<<30))
		})
	}
	return tip
}

// commitsOf opens any repository's commits.
func commitsOf(t testing.TB, path string) *commits.Commits {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c := commits.New(dest.New(path, dest.Options{Clock: time.Now, Log: func(string, ...any) {}, Warn: func(string, string, refusal.Remedy) {}}), nil)
	_, err := c.OpenFolders()
	check(err)
	check(c.ReadConfig())
	c.Refs = ref.New(c.Git, nil)
	check(c.OpenObjects())
	check(c.FindBranch())
	t.Cleanup(func() { c.Close() })
	return c
}

// remote is a bare repository that real git keeps.
type remote struct {
	testing.TB
	path string
}

func newRemote(t testing.TB) *remote {
	r := &remote{t, filepath.Join(repotest.InMemory(t), "remote.git")}
	repotest.Git(t, repotest.InMemory(t), "init", "-q", "--bare", "-b", "main", r.path)
	return r
}

// take lets git read a pack, as receive-pack does, and moves the branch.
func (r *remote) take(pack []byte, tip object.ID) {
	r.Helper()
	if out, err := r.index(pack); err != nil {
		r.Fatalf("index-pack: %v: %s", err, out)
	}
	repotest.Git(r, r.path, "update-ref", "refs/heads/main", tip.String())
	repotest.Git(r, r.path, "rev-list", "--objects", "--quiet", "main")
}

func (r *remote) index(pack []byte) ([]byte, error) {
	cmd := exec.Command("git", "-C", r.path, "index-pack", "--stdin", "--fix-thin", "--strict")
	cmd.Stdin = bytes.NewReader(pack)
	return cmd.CombinedOutput()
}

// equals checks the remote's objects, and compares its branch with the tip of a repository.
func (r *remote) equals(dest string, tip object.ID) {
	r.Helper()
	repotest.Git(r, r.path, "fsck", "--strict", "--full", "--no-dangling")
	want := repotest.Git(r, dest, "log", "--format=%H %T", tip.String())
	if got := repotest.Git(r, r.path, "log", "--format=%H %T", "main"); got != want {
		r.Errorf("the remote has other commits:\n%s\nnot\n%s", got, want)
	}
}

// push sends what the remote lacks of tip in batches, and returns what was found and the packs.
func (r *remote) push(c *commits.Commits, tip object.ID, most int, has ...object.ID) (*outgoing.Outgoing, [][]byte) {
	r.Helper()
	o, err := outgoing.Find(ctx, c, tip, has)
	if err != nil {
		r.Fatal(err)
	}
	var packs [][]byte
	n := 0
	for _, b := range o.Batches(most, 0) {
		var pack bytes.Buffer
		size, err := o.WritePack(ctx, &pack, b)
		if err != nil {
			r.Fatal(err)
		}
		if size != int64(pack.Len()) {
			r.Errorf("%d bytes said, %d written", size, pack.Len())
		}
		r.take(pack.Bytes(), b.Tip)
		packs = append(packs, pack.Bytes())
		n += b.Objects
	}
	if n != o.Objects() {
		r.Errorf("%d objects in batches, %d found", n, o.Objects())
	}
	return o, packs
}

func total(packs [][]byte) (n int) {
	for _, p := range packs {
		n += len(p)
	}
	return n
}

// TestFirstAndMore sends a whole history in batches, and then what was added to it.
func TestFirstAndMore(t *testing.T) {
	for _, most := range []int{0, 40, 1} {
		h, r := newHistory(t), newRemote(t)
		runs := 10
		if most == 1 {
			runs = 2
		}
		tip := h.grow(runs, 15)
		c := commitsOf(t, h.dest)
		o, packs := r.push(c, tip, most)
		want := len(repotest.Lines(t, h.dest, "rev-list", "--objects", tip.String()))
		if o.Objects() != want || !o.Base().IsZero() {
			t.Errorf("%d objects onto %s, not %d", o.Objects(), o.Base().Short(), want)
		}
		r.equals(h.dest, tip)
		if most == 40 && len(packs) < 6 {
			t.Errorf("%d batches only", len(packs))
		}

		next := h.grow(3, 3)
		o, packs = r.push(c, next, most, object.ID{1}, tip)
		if n := len(repotest.Lines(t, h.dest, "rev-list", tip.String()+".."+next.String())); o.Commits() != n || o.Base() != tip {
			t.Errorf("%d commits onto %s, not %d", o.Commits(), o.Base().Short(), n)
		}
		r.equals(h.dest, next)
		if n := total(packs); n > 12_000 {
			t.Errorf("%d bytes for small changes", n)
		}
		if o, _ := r.push(c, next, most, next); o.Commits() != 0 || o.Objects() != 0 {
			t.Errorf("%d commits found where nothing is lacking", o.Commits())
		}
	}
}

// TestDeltas sends packs without thin deltas, and without offsets, as some remotes want them.
func TestDeltas(t *testing.T) {
	h := newHistory(t)
	first := h.grow(3, 10)
	tip := h.grow(2, 5)
	c := commitsOf(t, h.dest)
	for _, form := range []outgoing.Batch{{NoThin: true}, {NoOffsets: true}, {NoThin: true, NoOffsets: true}} {
		r := newRemote(t)
		r.push(c, first, 0)
		o, err := outgoing.Find(ctx, c, tip, []object.ID{first})
		h.check(err)
		for _, b := range o.Batches(10, 0) {
			b.NoThin, b.NoOffsets = form.NoThin, form.NoOffsets
			var pack bytes.Buffer
			_, err := o.WritePack(ctx, &pack, b)
			h.check(err)
			if form.NoThin {
				cmd := exec.Command("git", "-C", r.path, "index-pack", "--stdin", "--strict")
				cmd.Stdin = bytes.NewReader(pack.Bytes())
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("a pack that must not be thin: %v: %s", err, out)
				}
			}
			r.take(pack.Bytes(), b.Tip)
		}
		r.equals(h.dest, tip)
	}
}

// TestLargeFolder changes files of a folder whose tree takes many bytes, after git has stored the
// newest trees whole.
func TestLargeFolder(t *testing.T) {
	repotest.OneAtATime(t)
	h, r := newHistory(t), newRemote(t)
	var sources []string
	for n := range 800 {
		sources = append(sources, fmt.Sprintf("/etc/folder/file%04d", n))
	}
	first := h.run(sources, func(source string) []byte { return []byte(source) })
	tip := h.run(sources[5:10], func(source string) []byte { return []byte("more of " + source) })
	repotest.Git(t, h.dest, "gc", "-q", "--aggressive")
	c := commitsOf(t, h.dest)
	r.push(c, first, 0)
	_, packs := r.push(c, tip, 0, first)
	r.equals(h.dest, tip)
	if n := total(packs); n > 6000 {
		t.Errorf("%d bytes", n)
	}
}

// TestHostileNames sends sources whose names git takes for its own, or cannot print: the remote
// checks all objects as they arrive.
func TestHostileNames(t *testing.T) {
	h, r := newHistory(t), newRemote(t)
	names := []string{"/x/.git/config", "/x/.GIT/hooks/update", "/x/git~1/HEAD", "/x/.gitmodules", "/x/.gitattributes", "/x/new\nline", "/x/tab\t\"quoted\"", "/x/\xff\xfe",
		"/x/\x1b[31m", "/x/-rf", "/x/..name", "/x/trailing ", "/x/\u202egpj.exe", "/x/" + strings.Repeat("n", 255), "/x/.g\u200cit/config"}
	slices.Sort(names)
	c := func(source string) []byte { return []byte("content of " + source) }
	first := h.run(names, c)
	tip := h.run(names[:5], func(source string) []byte { return []byte("other content of " + source) })
	all := commitsOf(t, h.dest)
	r.push(all, first, 7)
	r.push(all, tip, 7, first)
	r.equals(h.dest, tip)
}

// TestForeignPacks sends what git has packed, where versions are deltas of later ones, and what
// lies loose.
func TestForeignPacks(t *testing.T) {
	repotest.OneAtATime(t)
	h := newHistory(t)
	middle := h.grow(4, 15)
	tip := h.grow(4, 15)
	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, repotest.InMemory(t), "clone", "-q", "--bare", h.dest, clone)
	for _, how := range []string{"gc", "loose"} {
		if how == "gc" {
			repotest.Git(t, clone, "gc", "-q", "--aggressive")
		} else {
			unpack(t, clone)
		}
		c := bareCommits(t, clone)
		for _, most := range []int{0, 60} {
			r := newRemote(t)
			_, packs := r.push(c, tip, most)
			r.equals(h.dest, tip)
			if n := total(packs); n > 120_000 {
				t.Errorf("%s, %d objects at once: %d bytes", how, most, n)
			}
			r = newRemote(t)
			r.push(c, middle, most)
			o, packs := r.push(c, tip, most, middle)
			if o.Base() != middle {
				t.Errorf("%s: onto %s", how, o.Base())
			}
			if n := total(packs); n > 50_000 {
				t.Errorf("%s, %d objects at once: %d bytes for a half", how, most, n)
			}
			r.equals(h.dest, tip)
		}
	}
}

// unpack makes all objects of a repository loose.
func unpack(t testing.TB, repository string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(repository, "objects/pack/*.pack"))
	if err != nil || len(packs) == 0 {
		t.Fatal(packs, err)
	}
	for _, p := range packs {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{p, strings.TrimSuffix(p, ".pack") + ".idx"} {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("git", "-C", repository, "unpack-objects", "-q")
		cmd.Stdin = bytes.NewReader(data)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func bareCommits(t testing.TB, path string) *commits.Commits {
	t.Helper()
	c := commits.New(dest.New(path, dest.Options{Clock: time.Now, Log: func(string, ...any) {}, Warn: func(string, string, refusal.Remedy) {}}), nil)
	if _, err := c.OpenFolders(); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.Git, err = durable.OpenDir(path); err == nil {
		err = c.OpenObjects()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Refs = ref.New(c.Git, nil)
	c.Branch = "refs/heads/main"
	t.Cleanup(func() { c.Close() })
	return c
}

// TestForeignMerges sends histories with merges that another program made: what the remote has of a
// side is not sent again, and the branch only moves to commits that descend from where it was.
func TestForeignMerges(t *testing.T) {
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	n := 0
	commit := func(args ...string) object.ID {
		n++
		name := filepath.Join(dir, fmt.Sprintf("file%d", n))
		if err := os.WriteFile(name, bytes.Repeat([]byte(name), n), 0o600); err != nil {
			t.Fatal(err)
		}
		repotest.Git(t, dir, "add", ".")
		return commitNow(t, dir, n, args...)
	}
	var main []object.ID
	for range 5 {
		main = append(main, commit())
	}
	repotest.Git(t, dir, "checkout", "-q", "-b", "side", main[1].String())
	side := []object.ID{commit(), commit()}
	repotest.Git(t, dir, "checkout", "-q", "main")
	n++
	repotest.Git(t, dir, "merge", "-q", "--no-ff", "--no-commit", "side")
	merge := commitNow(t, dir, n)
	tip := commit()
	repotest.Git(t, dir, "gc", "-q")
	c := bareCommits(t, filepath.Join(dir, ".git"))

	for _, has := range [][]object.ID{nil, {main[0]}, {main[3]}, {side[0]}, {side[1]}, {side[0], main[4]}, {merge}, {main[2], side[1]}} {
		for _, most := range []int{0, 1} {
			r := newRemote(t)
			for _, id := range has {
				repotest.Git(t, dir, "push", "-q", r.path, id.String()+":refs/heads/"+id.Short())
			}
			for _, old := range has {
				o, err := outgoing.Find(ctx, c, tip, has)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range o.Batches(most, 0) {
					repotest.Git(t, dir, "merge-base", "--is-ancestor", old.String(), b.Tip.String())
				}
			}
			o, _ := r.push(c, tip, most, has...)
			args := []string{"rev-list", tip.String(), "--not"}
			for _, id := range has {
				args = append(args, id.String())
			}
			if want := len(repotest.Lines(t, dir, args...)); o.Commits() != want {
				t.Errorf("%d commits beside %v, not %d", o.Commits(), has, want)
			}
			r.equals(dir, tip)
		}
	}
}

// commitNow commits the index with a date of its own.
func commitNow(t testing.TB, dir string, n int, args ...string) object.ID {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "commit", "-q", "--allow-empty", "-m", fmt.Sprint("commit ", n)}, args...)...)
	date := fmt.Sprintf("%d +0000", 1_700_000_000+60*n)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id, err := object.ParseID(strings.TrimSpace(repotest.Git(t, dir, "rev-parse", "HEAD")))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestDamage flips bytes of the repository: the pack either is not finished, or holds the right
// objects.
func TestDamage(t *testing.T) {
	h := newHistory(t)
	tip := h.grow(4, 10)
	files, err := filepath.Glob(filepath.Join(h.dest, ".git/objects/pack/*.*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	rnd := rand.New(rand.NewSource(3))
	failed := 0
	for range 60 {
		name := files[rnd.Intn(len(files))]
		whole, err := os.ReadFile(name)
		h.check(err)
		damaged := bytes.Clone(whole)
		damaged[rnd.Intn(len(damaged))] ^= 1 << rnd.Intn(8)
		h.check(os.Chmod(name, 0o600))
		h.check(os.WriteFile(name, damaged, 0o600))
		if err := sendDamaged(t, h.dest, tip); err != nil {
			failed++
		}
		h.check(os.WriteFile(name, whole, 0o600))
	}
	if failed < 40 {
		t.Errorf("%d pushes of 60 failed only", failed)
	}
}

func sendDamaged(t *testing.T, dest string, tip object.ID) error {
	c, r := commitsOf(t, dest), newRemote(t)
	defer c.Close()
	o, err := outgoing.Find(ctx, c, tip, nil)
	if err != nil {
		return err
	}
	var pack bytes.Buffer
	_, err = o.WritePack(ctx, &pack, o.Batches(0, 0)[0])
	if err != nil {
		if _, git := r.index(pack.Bytes()); git == nil {
			t.Errorf("git takes a pack that failed: %v", err)
		}
		return err
	}
	r.take(pack.Bytes(), tip)
	repotest.Git(t, r.path, "fsck", "--strict", "--full")
	return nil
}

// TestLargeBlobs sends contents over the size of which deltas are made, packed and loose.
func TestLargeBlobs(t *testing.T) {
	h, r := newHistory(t), newRemote(t)
	noise := make([]byte, 9<<20)
	rand.New(rand.NewSource(1)).Read(noise)
	body := func(string) []byte { return bytes.Clone(noise) }
	first := h.run([]string{"/var/a"}, body)
	noise[5_000_000]++
	tip := h.run([]string{"/var/a", "/var/b"}, body)
	c := commitsOf(t, h.dest)
	r.push(c, first, 0)
	r.push(c, tip, 0, first)
	r.equals(h.dest, tip)

	clone := filepath.Join(repotest.InMemory(t), "clone")
	repotest.Git(t, repotest.InMemory(t), "clone", "-q", "--bare", h.dest, clone)
	unpack(t, clone)
	r = newRemote(t)
	r.push(bareCommits(t, clone), tip, 0)
	r.equals(h.dest, tip)
}

// TestCancelled ends Find and WritePack early.
func TestCancelled(t *testing.T) {
	h := newHistory(t)
	tip := h.grow(3, 20)
	c := commitsOf(t, h.dest)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := outgoing.Find(ended, c, tip, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Find: %v", err)
	}
	o, err := outgoing.Find(ctx, c, tip, nil)
	h.check(err)
	if _, err := o.WritePack(ended, io.Discard, o.Batches(0, 0)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("WritePack: %v", err)
	}
	broken := errors.New("connection lost")
	if _, err := o.WritePack(ctx, &limited{n: 5000, err: broken}, o.Batches(0, 0)[0]); !errors.Is(err, broken) {
		t.Errorf("WritePack: %v", err)
	}
}

// limited takes so many bytes.
type limited struct {
	n   int
	err error
}

func (w *limited) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, w.err
	}
	return len(p), nil
}
