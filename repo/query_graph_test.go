package repo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// touch records a version with another mtime alone: its commit has its parent's tree.
func (h *past) touch(source string) {
	h.Helper()
	tip, err := h.r.Start(context.Background())
	h.check(err)
	before, _, err := h.r.work.Version(h.last[source])
	h.check(err)
	tx, err := h.r.Begin(context.Background(), tip, "touch-"+tip.Short(), nil)
	h.check(err)
	rec := before.Record
	rec.Event, rec.Previous, rec.Mtime = record.Touched, before.Commit, h.now
	v, err := tx.Commit(rec, h.now, true)
	h.check(err)
	h.check(tx.Publish())
	h.last[source] = v.Commit
}

// TestLogAlongTheGraph has histories tell the same with the commit-graph and without, and passes
// over commits with it.
func TestLogAlongTheGraph(t *testing.T) {
	t.Parallel()
	h := newPast(t)
	h.run("/etc/early", "/etc/d1/early")
	for i := range 40 {
		h.run(some(25)...)
		if i%9 == 5 {
			h.touch("/etc/early")
			h.run("-/etc/d3/f3", "/etc/d3/f3/x", "/etc/é")
			h.run("-/etc/d3/f3/x")
		}
	}
	h.graph()
	early := h.last["/etc/early"]
	repotest.Git(t, h.dest, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "by hand")
	h.run("/etc/d1/f1")

	clone := filepath.Join(t.TempDir(), "clone.git")
	repotest.Git(t, h.dest, "clone", "-q", "--bare", h.dest, clone)
	paths := []string{"/etc/early", "/etc/d1", "/etc/d3/f3", "/etc/d3/f3/x", "/etc/é", "/etc/d2/f2", "/etc/none", "/etc"}
	with := logs(t, clone, paths)
	hist := openHistory(t, clone)
	cut := hist.Shortcut(history.Only("/etc/early"))
	cut.Asked = history.GraphAfter
	read, id := 0, hist.Tip()
	for id != early {
		c, err := hist.R.Store.ReadCommit(id)
		if err != nil {
			t.Fatal(err)
		}
		id = cut.From(c.FirstParent())
		read++
	}
	// Those on top of the graph, one with a byte that filters do not take, and perhaps one that a
	// filter is wrong about.
	if read > 8 {
		t.Errorf("%d of some 180 commits were read", read)
	}
	if err := os.RemoveAll(filepath.Join(clone, "objects/info/commit-graphs")); err != nil {
		t.Fatal(err)
	}
	for path, without := range logs(t, clone, paths) {
		if !slices.Equal(with[path], without) {
			t.Errorf("%s: %d versions with the graph, %d without", path, len(with[path]), len(without))
		}
	}
	if n := len(with["/etc/early"]); n != 5 {
		t.Errorf("%d versions of the touched file, want 5", n)
	}
}

func openHistory(t *testing.T, dest string) *history.History {
	t.Helper()
	h, err := history.Open(dest, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// logs are the commits of each path's versions, as a log without renames lists them.
func logs(t *testing.T, dest string, paths []string) map[string][]object.ID {
	t.Helper()
	all := map[string][]object.ID{}
	for _, path := range paths {
		h := openHistory(t, dest)
		for e, err := range h.Log(context.Background(), history.LogOptions{Path: path}) {
			if err != nil {
				break // not known: an empty list
			}
			all[path] = append(all[path], e.Commit)
		}
	}
	return all
}
