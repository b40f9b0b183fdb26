package index

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestMergeAsGit merges into indexes real git made and lets real git say what came of it.
func TestMergeAsGit(t *testing.T) {
	long := strings.Repeat("d", 255)
	deep := strings.Repeat(long+"/", 17) + "end" // 4355 bytes
	tests := []struct {
		name           string
		prepare        func(r *gitRepo)
		add, remove    []string
		valid, invalid int // folders in the cache tree
	}{
		{name: "first commit", add: []string{"files/etc/hosts", "files/etc/nginx/a", ".gitattributes"}, valid: 4},
		{name: "nothing", prepare: tracked("a/b", "c"), valid: 2},
		{name: "replace", prepare: tracked("a/b", "a/c", "d/e"), add: []string{"a/b"}, valid: 3},
		{name: "new folder", prepare: tracked("a/b", "d/e"), add: []string{"a/x/y/z"}, valid: 5},
		{name: "remove", prepare: tracked("a/b", "a/c", "d/e"), remove: []string{"a/b"}, valid: 3},
		{name: "remove folder", prepare: tracked("a/b/c", "d"), remove: []string{"a/b/c"}, valid: 1},
		{name: "remove all", prepare: tracked("a/b"), remove: []string{"a/b"}, valid: 1},
		{name: "remove absent", prepare: tracked("a/b"), remove: []string{"a", "a/c", "x/y", "a/b/c"}, valid: 2},
		{name: "file to folder", prepare: tracked("a", "a-b", "a0"), add: []string{"a-b/c", "a/b/c"}, valid: 4},
		{name: "folder to file", prepare: tracked("a-", "a/b", "a/c/d", "a0"), add: []string{"a", "a-b"}, valid: 1},
		{name: "hostile names", prepare: tracked("x\ny/a", "\xff\xfe", `q"uo\te`),
			add: []string{"x\ny/b", "\xff\xfd/\x01", "-n", ":(top)x", long + "/" + long, " "}, valid: 4},
		{name: "long names", prepare: tracked(deep+"x", strings.Repeat("n", 4095), strings.Repeat("n", 4094)),
			add: []string{deep, strings.Repeat("o", 4095)}, valid: 18},
		{name: "version 4", prepare: version("4", "a/b", "a/bc", "a/c/d", "e"), add: []string{"a/bb"}, valid: 3},
		{name: "skip-worktree", prepare: flagged("--skip-worktree"), add: []string{"a/b"}, valid: 2},
		{name: "assume-unchanged", prepare: flagged("--assume-unchanged"), add: []string{"a/b"}, valid: 2},
		{name: "intent to add", prepare: intended, add: []string{"a/b"}, valid: 2, invalid: 2},
		{name: "intent replaced", prepare: intended, add: []string{"i/t"}, valid: 4},
		{name: "staged elsewhere", prepare: staged("s/t"), add: []string{"a/b"}, valid: 2, invalid: 2},
		{name: "staged beside", prepare: staged("a/t"), add: []string{"a/b"}, valid: 1, invalid: 2},
		{name: "staged, then written", prepare: func(r *gitRepo) { staged("a/t")(r); r.git("write-tree") },
			add: []string{"a/b"}, valid: 1, invalid: 2},
		{name: "staged, then committed by us", prepare: staged("a/t"), add: []string{"a/t"}, valid: 3},
		{name: "no cache tree", prepare: untreed, add: []string{"a/b"}, valid: 3},
		{name: "skipped checksum", prepare: unsummed, add: []string{"a/b"}, valid: 2},
		{name: "caches dropped", prepare: cached, add: []string{"a/b"}, valid: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newGitRepo(t)
			if tt.prepare != nil {
				tt.prepare(r)
			}
			ours := r.blob("ours")
			var changes []Change
			for i, p := range tt.add {
				changes = append(changes, Change{Path: p, Mode: []uint32{0100644, 0100755, 0120000}[i%3], ID: ours})
			}
			for _, p := range tt.remove {
				changes = append(changes, Change{Path: p, Remove: true})
			}
			index := r.mergeAsGit(changes)
			if valid, invalid := r.checkTree(index); valid != tt.valid || invalid != tt.invalid {
				t.Errorf("%d valid folders, %d not; want %d and %d", valid, invalid, tt.valid, tt.invalid)
			}
			r.git("fsck", "--strict")
		})
	}
}

// mergeAsGit merges changes into the repository's index, and into a copy with git, and compares the
// two.
func (r *gitRepo) mergeAsGit(changes []Change) []byte {
	r.t.Helper()
	old := r.readIndex()
	if old != nil {
		if err := os.WriteFile(r.path("expected"), old, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, c := range changes {
		// git keeps some flags of entries it replaces, and puts none back on new ones
		r.feed(changeInfo([]Change{{Path: c.Path, Remove: true}}), "expected", "update-index", "-z", "--index-info")
	}
	r.feed(changeInfo(changes), "expected", "update-index", "-z", "--replace", "--index-info")
	index, err := Merge(old, changes, r.committed(changes))
	if err != nil {
		r.t.Fatal(err)
	}
	var updated bytes.Buffer
	if err := LookAhead(old).Update(&updated, changes, r.committed(changes)); err != nil || !bytes.Equal(updated.Bytes(), index) {
		r.t.Errorf("Update gives another index than Merge, or %v", err)
	}
	r.writeIndex(index)
	for _, args := range [][]string{{"ls-files", "--stage", "-v", "-z"}, {"ls-files", "-t", "-z"}, {"write-tree"}} {
		if got, want := r.git(args...), r.feed("", "expected", args...); got != want {
			r.t.Errorf("git %q:\n got %q\nwant %q", args, got, want)
		}
	}
	r.writeIndex(index) // write-tree has put in a cache tree of its own
	return index
}

func tracked(paths ...string) func(r *gitRepo) {
	return func(r *gitRepo) {
		r.stage(r.blob("theirs"), paths...)
		r.commit()
	}
}

func version(n string, paths ...string) func(r *gitRepo) {
	return func(r *gitRepo) {
		tracked(paths...)(r)
		r.git("update-index", "--index-version", n)
	}
}

func flagged(flag string) func(r *gitRepo) {
	return func(r *gitRepo) {
		tracked("a/b", "a/c", "d")(r)
		r.git("update-index", flag, "a/b", "a/c")
	}
}

func staged(path string) func(r *gitRepo) {
	return func(r *gitRepo) {
		tracked("a/b", "e/f")(r)
		r.stage(r.blob("theirs"), path)
	}
}

func intended(r *gitRepo) {
	tracked("a/b", "e/f")(r)
	if err := os.Mkdir(r.dir+"/i", 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.dir+"/i/t", []byte("later"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.git("add", "-N", "i/t")
}

// untreed leaves an index that never had a cache tree.
func untreed(r *gitRepo) {
	tracked("a/b", "e/f")(r)
	entries := r.git("ls-files", "--stage", "-z")
	os.Remove(r.path("index"))
	r.feed(entries, "index", "update-index", "-z", "--index-info")
}

func unsummed(r *gitRepo) {
	tracked("a/b", "c")(r)
	b := r.readIndex()
	clear(b[len(b)-checksumSize:])
	r.writeIndex(b)
}

// cached leaves extensions that tell of the old state or offsets in the old file.
func cached(r *gitRepo) {
	r.git("config", "index.threads", "2")
	tracked("a/b", "c")(r)
	r.git("update-index", "--force-untracked-cache")
	r.git("status", "--porcelain")
	b := string(r.readIndex())
	if !strings.Contains(b, "UNTR") || !strings.Contains(b, "EOIE") {
		r.t.Fatalf("git made no caches: %q", b)
	}
}

func TestMergeRefuses(t *testing.T) {
	conflict := func(r *gitRepo) {
		id := r.blob("x").String()
		var info string
		for _, stage := range []string{"1", "2", "3"} {
			info += "100644 " + id + " " + stage + "\tc/d\x00"
		}
		r.feed(info, "index", "update-index", "-z", "--index-info")
	}
	split := func(r *gitRepo) {
		tracked("a/b", "c")(r)
		r.git("update-index", "--split-index")
		r.stage(r.blob("y"), "a/b")
	}
	sparse := func(r *gitRepo) {
		tracked("a/b", "c/d/e")(r)
		r.git("config", "index.sparse", "true")
		r.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")
	}
	tests := []struct {
		name    string
		prepare func(r *gitRepo)
		path    string
		want    error
	}{
		{"conflict", conflict, "c/d", ErrUnmerged},
		{"conflict below", conflict, "c", ErrUnmerged},
		{"conflict in the way", conflict, "c/d/e", ErrUnmerged},
		{"conflict elsewhere", conflict, "c/e", nil},
		{"split", split, "a/b", ErrSplit},
		{"sparse", sparse, "a/b", ErrSparse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newGitRepo(t)
			tt.prepare(r)
			old := r.readIndex()
			index, err := Merge(old, []Change{{Path: tt.path, Mode: 0100644, ID: r.blob("ours")}}, nil)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			r.writeIndex(index)
			if got := r.git("ls-files", "--stage"); strings.Count(got, "c/d") != 3 || !strings.Contains(got, "c/e") {
				t.Errorf("entries after the merge:\n%s", got)
			}
		})
	}
}

// TestMergeKeepsUndo: how a user resolved a conflict can still be undone.
func TestMergeKeepsUndo(t *testing.T) {
	r := newGitRepo(t)
	tracked("a", "b")(r)
	id := r.blob("theirs").String()
	r.feed("0 "+id+"\tb\x00100644 "+id+" 2\tb\x00100644 "+id+" 3\tb\x00", "index", "update-index", "-z", "--index-info")
	r.git("update-index", "--cacheinfo", "100644,"+id+",b")
	want := r.git("ls-files", "--resolve-undo")
	index, err := Merge(r.readIndex(), []Change{{Path: "a", Mode: 0100644, ID: r.blob("ours")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.writeIndex(index)
	if got := r.git("ls-files", "--resolve-undo"); got != want || want == "" {
		t.Errorf("resolve-undo %q, want %q", got, want)
	}
}
