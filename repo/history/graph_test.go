package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// TestLogWithTheCommitGraph compares logs with the commit-graph and without it, and counts the
// commits that are read with it.
func TestLogWithTheCommitGraph(t *testing.T) {
	s := newStory(t)
	add := func(n int, sources ...string) {
		var steps []step
		for _, source := range sources {
			steps = append(steps, step{source: source, content: fmt.Sprint(source, n), mtime: at(float64(n))})
		}
		s.run(at(float64(n)), steps...)
	}
	add(0, "/etc/early", "/etc/d1/early")
	for i := 1; i <= 20; i++ {
		var sources []string
		for k := range 10 {
			sources = append(sources, fmt.Sprintf("/etc/d%d/f%d", k%4, k))
		}
		add(3*i, sources...)
		if i%5 == 3 {
			s.run(at(float64(3*i+1)), step{source: "/etc/early", content: "/etc/early0", mtime: at(float64(3*i + 1)), event: record.Touched}, s.gone("/etc/d3/f3"),
				step{source: "/etc/d3/f3/x", content: fmt.Sprint(i), mtime: at(0)}, step{source: "/etc/é", content: fmt.Sprint(i), mtime: at(0)})
			s.run(at(float64(3*i+2)), s.gone("/etc/d3/f3/x"))
		}
	}
	compact(t, s.dest)
	early := s.last["/etc/early"].Commit
	repotest.Git(t, s.dest, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "by hand")
	add(100, "/etc/d1/f1")

	clone := filepath.Join(repotest.InMemory(t), "clone.git")
	repotest.Git(t, s.dest, "clone", "-q", "--bare", s.dest, clone)
	paths := []string{"/etc/early", "/etc/d1", "/etc/d3/f3", "/etc/d3/f3/x", "/etc/é", "/etc/d2/f2", "/etc/none", "/etc"}
	with := logsOf(t, clone, paths)
	// Those on top of the graph, one with a byte that filters do not hold, and perhaps one that a
	// filter is wrong about.
	if n := history.CountReads(openHistory(t, clone), "/etc/early", early); n > 8 {
		t.Errorf("%d of some 30 commits were read", n)
	}
	if err := os.RemoveAll(filepath.Join(clone, "objects/info/commit-graphs")); err != nil {
		t.Fatal(err)
	}
	for path, without := range logsOf(t, clone, paths) {
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

// logsOf lists the commits of each path's versions, as a log without renames has them.
func logsOf(t *testing.T, dest string, paths []string) map[string][]object.ID {
	t.Helper()
	all := map[string][]object.ID{}
	for _, path := range paths {
		for e, err := range openHistory(t, dest).Log(ctx, history.LogOptions{Path: path}) {
			if err != nil {
				break // an unknown path has no versions
			}
			all[path] = append(all[path], e.Commit)
		}
	}
	return all
}

// TestWalkOfLargeAttributes: a commit that changes only a large attribute in its tree is not passed
// over, although its filter does not hold the path of its source.
func TestWalkOfLargeAttributes(t *testing.T) {
	s := newStory(t)
	s.run(at(0), folder("/d"), step{source: "/d/f", content: "f", mtime: at(0)})
	for i := range 3 {
		s.run(at(float64(i+1)), step{source: "/d/g", content: fmt.Sprint(i), mtime: at(float64(i + 1))})
	}
	large := func(c string) []record.Xattr {
		return []record.Xattr{{Name: "user.large", Value: strings.Repeat(c, record.MaxXattr+1)}}
	}
	changed := s.run(at(5), step{source: "/d", folder: true, event: record.Metadata, changed: at(4), xattrs: large("d")},
		step{source: "/d/f", content: "f", mtime: at(0), event: record.Metadata, changed: at(4), xattrs: large("f")})
	s.run(at(6), step{source: "/d/g", content: "g", mtime: at(6)})
	repotest.Git(t, s.dest, "commit-graph", "write", "--reachable", "--changed-paths")
	for _, v := range changed {
		h := openHistory(t, s.dest)
		if n := history.CountReads(h, v.Source, v.Commit); n > 2 {
			t.Errorf("%s: %d commits were read before that of the attribute", v.Source, n)
		}
		if e, err := h.At(ctx, v.Source, history.Point{}); err != nil || e.Commit != v.Commit || len(e.Xattrs) != 1 {
			t.Errorf("%s: %+v, %v", v.Source, e, err)
		}
	}
}
