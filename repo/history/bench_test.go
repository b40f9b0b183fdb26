package history_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// BenchmarkLog lists the 100 versions of one file among 100,000 commits: with the hint that a
// destination has, in a clone without one, and by git; then all that again with a commit-graph, and
// everything.
func BenchmarkLog(b *testing.B) {
	dest, heads := longHistory(b, 1000, 100)
	const source = "/etc/dir07/file0507"
	file := history.LogOptions{Path: source, Follow: true}
	for _, graph := range []string{"", "+graph"} {
		if graph != "" {
			compact(b, dest)
		}
		b.Run("hint"+graph, func(b *testing.B) { logLoop(b, dest, heads, file, 100) })
		b.Run("clone"+graph, func(b *testing.B) { logLoop(b, dest, nil, file, 100) })
		b.Run("git"+graph, func(b *testing.B) {
			for b.Loop() {
				repotest.Git(b, dest, "log", "--format=%h %cI %s", "--", "files"+source)
			}
		})
	}
	b.Run("everything", func(b *testing.B) { logLoop(b, dest, nil, history.LogOptions{}, 100_000) })
	b.Run("git-everything", func(b *testing.B) {
		for b.Loop() {
			repotest.Git(b, dest, "log", "--format=%h %cI %s", "--", ".")
		}
	})
}

func logLoop(b *testing.B, dest string, hint func(*durable.Dir, string) history.Heads, o history.LogOptions, want int) {
	for b.Loop() {
		h, err := history.Open(dest, history.Options{Heads: hint})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range h.Log(ctx, o) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != want {
			b.Fatalf("%d versions", n)
		}
		h.Close()
	}
}

func compact(b testing.TB, dest string) {
	b.Helper()
	r, err := repo.Open(dest, repo.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	w, err := r.TryLock(repo.WriteOptions{})
	if err != nil {
		b.Fatal(err)
	}
	tip, err := w.Start(ctx)
	if err == nil {
		_, err = w.Compact(ctx, tip)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// longHistory commits so many versions of so many files, a run of one version of each at a time.
func longHistory(b *testing.B, files, versions int) (dest string, heads func(*durable.Dir, string) history.Heads) {
	b.Helper()
	dest = filepath.Join(b.TempDir(), "dest")
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	check(repo.Init(dest, repo.Options{}))
	newest := history.Heads{Sources: map[string]history.Head{}}
	for n := range versions {
		when := day0.Add(time.Duration(n) * time.Minute)
		r, err := repo.Open(dest, repo.Options{Clock: func() time.Time { return when }})
		check(err)
		w, err := r.TryLock(repo.WriteOptions{Copies: func(durable.Space) bool { return false }})
		check(err)
		tip, err := w.Start(ctx)
		check(err)
		tx, err := w.Begin(ctx, tip, fmt.Sprint("scan-", n), nil)
		check(err)
		for i := range files {
			source := fmt.Sprintf("/etc/dir%02d/file%04d", i%100, i)
			body := fmt.Appendf(nil, "%s version %d\n", source, n)
			before := newest.Sources[source]
			id, err := tx.Blob(body, before.Blob)
			check(err)
			rec := record.Record{Event: record.Modified, Source: source, Mtime: when, Mode: 0o644, Size: int64(len(body)), Blob: id, Previous: before.Commit}
			if n == 0 {
				rec.Event = record.Added
			}
			v, err := tx.Commit(rec, when, true)
			check(err)
			newest.Sources[source] = history.Head{Commit: v.Commit, Blob: id}
		}
		newest.Tip = tx.Tip()
		check(tx.Publish())
		check(r.Close())
	}
	return dest, func(_ *durable.Dir, path string) history.Heads {
		hint := history.Heads{Tip: newest.Tip, Sources: map[string]history.Head{}}
		for source, head := range newest.Sources {
			if path == "/" || source == path {
				hint.Sources[source] = head
			}
		}
		return hint
	}
}
