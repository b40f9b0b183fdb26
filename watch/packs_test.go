package watch_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

// packs returns the number of packs, and the bytes of packs and idx.
func (w *world) packs() (n int, size int64) {
	w.t.Helper()
	files, err := os.ReadDir(filepath.Join(w.dest, ".git/objects/pack"))
	w.check(err)
	for _, f := range files {
		st, err := f.Info()
		w.check(err)
		size += st.Size()
		if strings.HasSuffix(f.Name(), ".pack") {
			n++
		}
	}
	return n, size
}

// text makes a text of about n bytes that deflate can hardly compress.
func text(r *rand.Rand, n int) string {
	var b strings.Builder
	var line [16]byte
	for b.Len() < n {
		binary.BigEndian.PutUint64(line[:], r.Uint64())
		binary.BigEndian.PutUint64(line[8:], r.Uint64())
		b.WriteString(hex.EncodeToString(line[:8]) + " " + hex.EncodeToString(line[8:]) + "\n")
	}
	return b.String()
}

// small makes runs without a check by git after each, which would take most of the time.
func (w *world) small(versions int) {
	w.t.Helper()
	s, p, err := w.try()
	w.check(err)
	if fileVersions(s) != versions || len(p) > 0 {
		w.t.Fatalf("%d versions, want %d: %v", fileVersions(s), versions, p)
	}
}

// TestManyRunsStaySmall edits a large file, a small one and the list of a folder in each run, until
// packs are merged several times. It compares every version with what was written.
func TestManyRunsStaySmall(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(1, 2))
	large := text(r, 120_000)
	for i := range 200 {
		w.write(fmt.Sprintf("folder/%03d", i), "x")
	}
	w.write("large", large)
	w.small(201)
	_, first := w.packs()
	rounds := 80
	if *repotest.Torture {
		rounds = 400
	}
	wrote := map[string]string{}
	for i := range rounds {
		at := r.IntN(len(large))
		large = large[:at] + fmt.Sprintf("round %d", i) + large[at:]
		w.write("large", large)
		w.write("folder/007", text(r, 900))
		w.write(fmt.Sprintf("folder/n%03d", i), "")
		wrote[fmt.Sprintf("HEAD~%d", 3*(rounds-1-i))] = large
		w.small(3)
	}
	repotest.MustCheck(t, w.dest)
	n, size := w.packs()
	if grown := size - first; n > 12 || grown > int64(rounds)*6000 {
		t.Errorf("%d packs, grown by %d bytes in %d runs", n, grown, rounds)
	}
	if loose := strings.TrimSpace(repotest.Git(t, w.dest, "count-objects")); !strings.HasPrefix(loose, "0 objects") {
		t.Errorf("loose objects: %s", loose)
	}
	repotest.Git(t, w.dest, "commit-graph", "verify")
	w.compareLarge(wrote)
	w.compact()
	if n, less := w.packs(); n != 1 || less >= size {
		t.Errorf("compacted: %d packs of %d bytes, before %d", n, less, size)
	}
	w.compareLarge(wrote)
	repotest.MustCheck(t, w.dest)
	w.run(0)
}

// compareLarge finds each version of the large file in the newest commit that has it. A run makes
// three commits.
func (w *world) compareLarge(wrote map[string]string) {
	w.t.Helper()
	path := "files" + w.path("large")
	var names, all strings.Builder
	for rev, want := range wrote {
		fmt.Fprintln(&names, rev+":"+path)
		fmt.Fprintf(&all, "blob %d\n%s\n", len(want), want)
	}
	cmd := exec.Command("git", "-C", w.dest, "cat-file", "--batch=%(objecttype) %(objectsize)")
	cmd.Stdin = strings.NewReader(names.String())
	out, err := cmd.Output()
	w.check(err)
	if string(out) != all.String() {
		w.t.Fatal("a version has another content")
	}
}

func (w *world) compact() {
	w.t.Helper()
	r, err := repo.Open(w.dest, repo.Options{})
	w.check(err)
	defer r.Close()
	writer, err := r.Lock(context.Background(), repo.WriteOptions{})
	w.check(err)
	tip, err := writer.Start(context.Background())
	w.check(err)
	_, err = writer.Compact(context.Background(), tip)
	w.check(err)
}

// TestForeignPacksAreLeft has a pack with a .keep, a pack made by git, and packs in a layered
// multi-pack-index. None is removed.
func TestForeignPacksAreLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := func() map[string]bool {
		all := map[string]bool{}
		files, err := filepath.Glob(filepath.Join(w.dest, ".git/objects/pack/*.pack"))
		w.check(err)
		for _, f := range files {
			all[strings.TrimSuffix(filepath.Base(f), ".pack")] = true
		}
		return all
	}
	stay := func(before map[string]bool) {
		t.Helper()
		for i := range 3 {
			w.write("a", fmt.Sprint(len(before), i))
			w.run(1)
		}
		w.compact()
		repotest.MustCheck(t, w.dest)
		now := names()
		for p := range before {
			if !now[p] {
				t.Errorf("%s is gone", p)
			}
		}
	}
	w.write("a", "1")
	w.run(1)
	for p := range names() {
		w.check(os.WriteFile(filepath.Join(w.dest, ".git/objects/pack", p+".keep"), nil, 0o600))
	}
	stay(names())
	repotest.Git(t, w.dest, "repack", "-q", "-d")
	repotest.Git(t, w.dest, "gc", "-q")
	stay(names())
	layers := filepath.Join(w.dest, ".git/objects/pack/multi-pack-index.d") // of newer gits
	w.check(os.Mkdir(layers, 0o700))
	stay(names())
	if p := w.pile(12); len(p) != 1 || !strings.Contains(p[0].Msg, "not merged") {
		t.Errorf("it says: %v", p)
	}
	w.check(os.Remove(layers))
	w.pile(2)
	if now := names(); len(now) > 8 {
		t.Errorf("%d packs are left when the layers are gone", len(now))
	}
}

// pile makes so many runs with a change each, and returns the problems of the last one.
func (w *world) pile(n int) (p problems) {
	w.t.Helper()
	for i := range n {
		w.write("a", fmt.Sprint("pile ", i, " of ", n))
		p = w.run(1)
	}
	return p
}

// TestLostListOfPacks removes the list of packs. Then no pack counts as timemachine's, none is
// merged or removed, and the history goes on.
func TestLostListOfPacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	w.check(os.WriteFile(filepath.Join(w.dest, ".git/timemachine/packs"), []byte("pack-../../x\nrubbish\x00\n"), 0o600))
	w.write("a", "2")
	w.run(1)
	if n, _ := w.packs(); n != 2 {
		t.Errorf("%d packs, want 2", n)
	}
	w.write("a", "3")
	w.run(1)
	if n, _ := w.packs(); n != 2 {
		t.Errorf("%d packs, want 2", n)
	}
}

// TestListOfPacksAfterAKill loses the list of packs in a power failure, while a run moves the
// branch. The .keep beside the run's pack says that it is timemachine's, so the next run lists and
// merges it. A pack that the branch does not lead to, and a foreign one, are not listed.
func TestListOfPacksAfterAKill(t *testing.T) {
	for _, branch := range []string{"moved", "to be moved", "moved by git"} {
		w := newWorld(t)
		w.write("a", "1")
		w.run(1)
		w.write("a", "2")
		if branch == "moved" {
			w.cutShort()
		} else {
			w.killed(&killAfter{kind: durable.Rename, suffix: ".idx"})
		}
		if branch == "moved by git" {
			mine := strings.TrimSpace(repotest.Git(t, w.dest, "commit-tree", "-m", "mine", "-p", "main", "main^{tree}"))
			repotest.Git(t, w.dest, "update-ref", "refs/heads/main", mine)
		}
		list := filepath.Join(w.dest, ".git/timemachine/packs")
		w.check(os.Remove(list))
		before := w.packFiles()
		w.runAny()
		w.write("a", "3")
		w.run(1)
		left := 0
		for _, f := range w.packFiles() {
			if slices.Contains(before, f) && strings.HasSuffix(f, ".pack") {
				left++
			}
		}
		// The first run's pack stays: only the lost list had it.
		if want := map[string]int{"moved": 1, "to be moved": 1, "moved by git": 2}[branch]; left != want {
			t.Errorf("branch %s: %d of the packs are left, want %d", branch, left, want)
		}
	}
}

// killed makes a run that is killed at a moment.
func (w *world) killed(f *killAfter) {
	w.t.Helper()
	defer durable.SetSeam(f)()
	if _, _, err := w.try(); err == nil || !f.dead.Load() {
		w.t.Fatalf("the run was to be killed: %v", err)
	}
}

// TestMergeThatWasCutShort restores the packs that an interrupted compaction was about to remove.
// The next compaction makes the same pack, which must stay.
func TestMergeThatWasCutShort(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 3 {
		w.write(fmt.Sprintf("large%d", i), text(r, 600_000))
		w.small(1)
	}
	n, _ := w.packs()
	if n < 2 {
		t.Fatalf("%d packs", n)
	}
	folder, list := filepath.Join(w.dest, ".git/objects/pack"), filepath.Join(w.dest, ".git/timemachine/packs")
	before := filepath.Join(t.TempDir(), "pack")
	w.check(os.CopyFS(before, os.DirFS(folder)))
	old, err := os.ReadFile(list)
	w.check(err)
	w.compact()
	repotest.MustCheck(t, w.dest)
	now, err := os.ReadFile(list)
	w.check(err)
	w.check(os.CopyFS(folder, os.DirFS(before)))
	w.check(os.WriteFile(list, append(old, now...), 0o600))
	w.compact()
	repotest.MustCheck(t, w.dest)
	if n, _ := w.packs(); n != 1 {
		t.Errorf("%d packs, want 1", n)
	}
	w.write("large0", "small")
	w.run(1)
}

// TestUnreliableMultiPackIndex has a multi-pack-index that git wrote while packs were merged. It
// names packs that are missing or were written again, so git finds nothing in them. The next run
// removes one that names a missing pack, or a pack of timemachine.
func TestUnreliableMultiPackIndex(t *testing.T) {
	w := newWorld(t)
	name := filepath.Join(w.dest, ".git/objects/pack/multi-pack-index")
	removed := func(what string) {
		t.Helper()
		w.run(0)
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("one that speaks of %s is still there", what)
		}
		repotest.MustCheck(t, w.dest)
	}
	for i := range 3 {
		w.write("a", strings.Repeat(fmt.Sprintln("line of", i), 1000))
		w.run(1)
	}
	repotest.Git(t, w.dest, "multi-pack-index", "write")
	removed("a pack of ours")

	repotest.Git(t, w.dest, "gc", "-q")
	repotest.Git(t, w.dest, "multi-pack-index", "write")
	w.run(0)
	stale, err := os.ReadFile(name) // over git's packs only, so it is left
	w.check(err)
	w.write("b", "1")
	w.run(1)
	repotest.Git(t, w.dest, "gc", "-q")
	w.check(os.WriteFile(name, stale, 0o600))
	removed("a pack that is gone")
}
