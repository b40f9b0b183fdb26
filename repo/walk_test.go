package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

// How package commits walks: alone at first, then with commits read ahead in stretches, and along
// the commit-graph after so many.
const (
	soloWalk   = 32
	stretchLen = 64
	hintsAfter = 4096
)

// longPast is one run of so many versions.
func longPast(t testing.TB, n int) *past {
	h := newPast(t)
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("/etc/f%d", i%50))
	}
	h.run(names...)
	return h
}

// walked is what Walk visits.
func (h *past) walked(base object.ID) (ids []string, err error) {
	err = h.r.work.Walk(context.Background(), h.tip(), base, func(v record.Version, ours bool) error {
		if !ours || v.Source == "" {
			h.Errorf("commit %s: no record", v.Commit)
		}
		ids = append(ids, v.Commit.String())
		return nil
	})
	return ids, err
}

func TestWalk(t *testing.T) {
	t.Parallel()
	const n = hintsAfter + 3*stretchLen
	h := longPast(t, n)
	want := repotest.Lines(t, h.dest, "rev-list", "main")
	check := func(what string) {
		t.Helper()
		got, err := h.walked(object.ID{})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s: %d commits visited, %d there: %v", what, len(got), len(want), err)
		}
	}
	check("without a graph")
	h.graph()
	check("with a graph")
	for _, i := range []int{0, 1, soloWalk, soloWalk + 1, soloWalk + stretchLen, n - 1} {
		base, err := object.ParseID(want[i])
		h.check(err)
		if got, err := h.walked(base); err != nil || !slices.Equal(got, want[:i]) {
			t.Errorf("to commit %d: %d visited: %v", i, len(got), err)
		}
	}
	var state *refusal.Error
	if got, err := h.walked(object.ID{1}); !errors.As(err, &state) || state.Kind != refusal.Rewritten || len(got) != n {
		t.Errorf("to a commit that is not there: %d visited, %v", len(got), err)
	}
	h.lie(want)
	check("with a graph that lies")
	h.check(os.Remove(h.info("commit-graph")))
	repotest.Git(t, h.dest, "repack", "-adfq") // commits may be deltas now
	check("packed by git")
}

// lie writes a graph in which every third commit is left out.
func (h *past) lie(newestFirst []string) {
	var list []commitgraph.Commit
	for i, hex := range newestFirst {
		if i%3 == 2 {
			continue
		}
		id, err := object.ParseID(hex)
		h.check(err)
		c := commitgraph.Commit{ID: id}
		if n := len(list); n > 0 {
			list[n-1].Parents = []object.ID{id}
		}
		list = append(list, c)
	}
	var b bytes.Buffer
	_, err := commitgraph.Encode(&b, &commitgraph.Chain{}, 0, list)
	h.check(err)
	h.check(os.WriteFile(h.info("commit-graph"), b.Bytes(), 0o600))
}

func TestWalkStops(t *testing.T) {
	h := longPast(t, 40*stretchLen)
	tip := h.tip()
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	enough := errors.New("enough")
	for at, want := range map[int]error{3: enough, soloWalk + 5: enough, 10 * stretchLen: enough, 7: context.Canceled, 12 * stretchLen: context.Canceled} {
		n := 0
		ctx, cancel := context.WithCancel(ctx)
		err := h.r.work.Walk(ctx, tip, object.ID{}, func(record.Version, bool) error {
			if n++; n < at {
				return nil
			}
			if want == context.Canceled {
				cancel()
				return nil
			}
			return want
		})
		cancel()
		if !errors.Is(err, want) || n != at {
			t.Errorf("stopped at %d: %d visited, %v", at, n, err)
		}
	}
	cancel()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestWalkDamaged(t *testing.T) {
	t.Parallel()
	h := longPast(t, 3*stretchLen)
	want := repotest.Lines(t, h.dest, "rev-list", "main")
	pack, err := filepath.Glob(filepath.Join(h.dest, ".git/objects/pack/*.pack"))
	if err != nil || len(pack) != 1 {
		t.Fatal(pack, err)
	}
	moved := filepath.Join(repotest.InMemory(h), "pack")
	h.check(os.Rename(pack[0], moved))
	h.check(os.Remove(strings.TrimSuffix(pack[0], "pack") + "idx"))
	f, err := os.Open(moved)
	h.check(err)
	defer f.Close()
	cmd := exec.Command("git", "-C", h.dest, "unpack-objects", "-q")
	cmd.Stdin = f
	h.check(cmd.Run())
	lost := want[2*stretchLen]
	h.check(os.Remove(filepath.Join(h.dest, ".git/objects", lost[:2], lost[2:])))
	got, err := h.walked(object.ID{})
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Damaged || !slices.Equal(got, want[:2*stretchLen]) {
		t.Errorf("%d visited, %v", len(got), err)
	}
}
