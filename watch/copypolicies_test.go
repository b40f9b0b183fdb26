package watch_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/verify"
)

// TestVerifyKnowsEarlierPolicies: whatever the configuration has said of copies before, verify
// misses none that was left out then, and misses one that no policy left out.
func TestVerifyKnowsEarlierPolicies(t *testing.T) {
	t.Parallel()
	policies := map[string]repo.CopyPolicy{"none": {None: true}, "all": {}, "10h": {For: 10 * time.Hour}, "30d": {For: 30 * 24 * time.Hour}, "1": {Count: 1}, "4": {Count: 4}}
	names := slices.Sorted(maps.Keys(policies))
	for seed := range uint64(6) {
		w := newWorld(t)
		list := w.config
		random := rand.New(rand.NewPCG(7, seed))
		var p repo.CopyPolicy
		var said []string
		for i := range 12 {
			name := names[random.IntN(len(names))]
			if i == 11 {
				name = "all"
			}
			p, said = policies[name], append(said, name)
			w.config = "copies: " + name + "\nwatch:\n" + list
			if i > 0 && w.missed(p) > 0 { // before a run knows of the change
				t.Errorf("seed %d: %q before a run: copies are missed", seed, said)
			}
			for range 1 + random.IntN(3) {
				name := fmt.Sprintf("f%d", random.IntN(2))
				w.write(name, fmt.Sprint(seed, i, random.Int()))
				w.ahead += time.Duration(random.Int64N(int64(20 * time.Hour)))
				if random.IntN(3) == 0 { // as add and restore do
					w.only = []string{w.path(name)}
				}
				_, _, err := w.try()
				w.check(err)
				w.only = nil
			}
			if w.missed(p) > 0 {
				t.Errorf("seed %d: %q: copies are missed", seed, said)
			}
		}
		w.write("newest", "of all")
		_, _, err := w.try()
		w.check(err)
		copies := slices.DeleteFunc(w.allCopies(), func(c string) bool { return !strings.HasSuffix(c, "-newest") })
		w.check(os.Remove(filepath.Join(w.dest, copies[0])))
		if w.missed(p) != 1 {
			t.Errorf("seed %d: a copy that is wanted is not missed", seed)
		}
		// What was left out can be written, and is missed then.
		w.config = list
		w.check(w.locked(func(r *repo.Writer) error {
			_, err := r.RebuildCopies(t.Context(), repo.RebuildOptions{})
			return err
		}))
		all := w.allCopies()
		if all[0] == copies[0] {
			all = all[1:]
		}
		w.check(os.Remove(filepath.Join(w.dest, all[0])))
		if w.missed(p) != 1 {
			t.Errorf("seed %d: after a rebuild, a copy is not missed", seed)
		}
	}
}

// missed counts the copies that verify misses where the policy is in force.
func (w *world) missed(p repo.CopyPolicy) (n int) {
	w.t.Helper()
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	o := verify.Options{Report: func(f verify.Finding) {
		n++
		if f.Part != verify.PartCopy {
			w.t.Errorf("%+v", f)
		}
	}}
	o.WantCopy, err = r.CopiesExpected(w.t.Context(), p, time.Now().Add(w.ahead))
	w.check(err)
	_, err = r.Verify(w.t.Context(), o)
	w.check(err)
	return n
}

// TestVerifyKnowsPoliciesOfPartialRuns: what add and restore record under one policy is not missed
// under the next one, with or without other runs before, between and after. A partial run that
// changes nothing notes nothing.
func TestVerifyKnowsPoliciesOfPartialRuns(t *testing.T) {
	t.Parallel()
	none, all := repo.CopyPolicy{None: true}, repo.CopyPolicy{}
	two := repo.CopyPolicy{Count: 2}
	for _, before := range []string{"", "none", "all", "1"} {
		w := newWorld(t)
		list := w.config
		w.write("f", "first")
		if before != "" {
			w.config = "copies: " + before + "\nwatch:\n" + list
			w.run(1)
			w.write("f", "next")
		}
		note := filepath.Join(w.dest, ".git/timemachine/pruned")
		w.config = "copies: none\nwatch:\n" + list
		w.ahead += time.Hour
		w.only = []string{w.path("f")}
		w.run(1)
		noted, err := os.Stat(note)
		w.check(err)
		w.run(0)
		if again, err := os.Stat(note); err != nil || !os.SameFile(noted, again) {
			t.Errorf("after %q: noted again: %v", before, err)
		}
		w.config = "copies: 2\nwatch:\n" + list
		w.write("f", "by a number")
		w.run(1)
		newest := filepath.Join(w.dest, w.allCopies()[len(w.allCopies())-1])
		w.check(os.Rename(newest, w.src+"-lost"))
		for _, p := range []repo.CopyPolicy{two, all} {
			if n := w.missed(p); n != 1 {
				t.Errorf("after %q: %d copies are missed of one by %s", before, n, p)
			}
		}
		w.check(os.Rename(w.src+"-lost", newest))
		w.only, w.config = nil, "copies: all\nwatch:\n"+list
		if n := w.missed(all); n > 0 {
			t.Errorf("after %q: %d copies are missed before a run", before, n)
		}
		w.ahead += time.Hour
		w.write("f", "a third")
		w.only = []string{w.path("f")}
		w.run(1)
		if n := w.missed(all); n > 0 {
			t.Errorf("after %q: %d copies are missed", before, n)
		}
		copies := w.allCopies()
		w.check(os.Remove(filepath.Join(w.dest, copies[len(copies)-1])))
		if n := w.missed(all); n != 1 {
			t.Errorf("after %q: %d copies are missed of a partial run that wrote them", before, n)
		}
		if n := w.missed(none); n > 0 {
			t.Errorf("after %q: %d copies are missed by none", before, n)
		}
	}
}

// TestInterruptedRunNotesItsPolicy: what a run records before it fails is not missed either.
func TestInterruptedRunNotesItsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.config
	w.config = "copies: none\nwatch:\n" + list
	w.batch = 30
	for i := range 200 {
		w.write(fmt.Sprint(i), fmt.Sprint(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := w.tryWith(ctx, &cancelling{cancel: cancel}); err == nil {
		t.Fatal("the run did not fail")
	}
	if n := w.missed(repo.CopyPolicy{}); n > 0 || w.tip().Commit.IsZero() {
		t.Errorf("%d copies are missed, or nothing was recorded", n)
	}
}

// TestInterruptedPruneNotesItsPolicy: copies that were removed before the removal was interrupted
// are not missed by a later policy.
func TestInterruptedPruneNotesItsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 6 {
		w.write("f", strings.Repeat("x", i+1))
		w.run(1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := repo.PruneOptions{Policy: repo.CopyPolicy{Count: 1}, Now: time.Now(), Progress: func(int64, int64) { cancel() }}
	err := w.locked(func(r *repo.Writer) error {
		_, err := r.PruneCopies(ctx, o)
		return err
	})
	if have := w.allCopies(); err == nil || len(have) != 5 {
		t.Fatalf("%v: copies %q", err, have)
	}
	if n := w.missed(repo.CopyPolicy{}); n > 0 {
		t.Errorf("%d copies are missed", n)
	}
	w.config = "copies: 1\nwatch:\n" + w.config
	w.run(0)
	if have := w.allCopies(); len(have) != 1 {
		t.Errorf("the next run leaves %q", have)
	}
}

// TestRebuiltCopiesAreMissed: copies that were written again are missed under the policy that they
// were written by, also before a run knows of it. That run removes what the policy does not keep.
func TestRebuiltCopiesAreMissed(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]repo.CopyPolicy{"all": {}, "2": {Count: 2}, "2h": {For: 2 * time.Hour}} {
		for _, before := range []string{"none", "1"} {
			w := newWorld(t)
			list := w.config
			w.config = "copies: all\nwatch:\n" + list
			for i := range 6 {
				if i == 3 {
					w.config = "copies: " + before + "\nwatch:\n" + list
				}
				w.write("f", strings.Repeat("x", i+1))
				w.run(1)
				w.ahead += time.Hour
			}
			now := time.Now().Add(w.ahead)
			w.config = "copies: " + name + "\nwatch:\n" + list
			w.check(w.locked(func(r *repo.Writer) error {
				_, err := r.RebuildCopies(t.Context(), repo.RebuildOptions{Policy: p, Now: now})
				return err
			}))
			if n := w.missed(p); n > 0 {
				t.Errorf("%s after %s: %d copies are missed", name, before, n)
			}
			copies := w.allCopies()
			lost := filepath.Join(w.dest, copies[len(copies)-2])
			w.check(os.Rename(lost, w.src+"-lost"))
			if n := w.missed(p); n != 1 {
				t.Errorf("%s after %s: %d copies are missed of one", name, before, n)
			}
			w.check(os.Rename(w.src+"-lost", lost))
			w.run(0)
			if have, want := w.allCopies(), w.kept(p, now); !slices.Equal(have, want) {
				t.Errorf("%s after %s: a run leaves %q, want %q", name, before, have, want)
			}
		}
	}
}

// TestPolicyUpToALostCommit: where the history was written anew, the time of the note counts.
func TestPolicyUpToALostCommit(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"none", "1"} {
		w := newWorld(t)
		list := w.config
		w.config = "copies: " + before + "\nwatch:\n" + list
		for i := range 3 {
			w.write("f", strings.Repeat("x", i+1))
			w.run(1)
			w.ahead += time.Hour
		}
		w.config = "copies: all\nwatch:\n" + list
		for i := range 2 {
			w.write("f", strings.Repeat("y", i+1))
			w.run(1)
			w.ahead += time.Hour
		}
		note := filepath.Join(w.dest, ".git/timemachine/pruned")
		text, err := os.ReadFile(note)
		w.check(err)
		lost := regexp.MustCompile(`(?m) [0-9a-f]{40}$`).ReplaceAllString(string(text), " "+strings.Repeat("1", 40))
		if lost == string(text) {
			t.Fatalf("no commit in %q", text)
		}
		w.check(os.WriteFile(note, []byte(lost), 0o600))
		if n := w.missed(repo.CopyPolicy{}); n > 0 {
			t.Errorf("after %s: %d copies are missed", before, n)
		}
		copies := w.allCopies()
		w.check(os.Remove(filepath.Join(w.dest, copies[len(copies)-1])))
		if n := w.missed(repo.CopyPolicy{}); n != 1 {
			t.Errorf("after %s: %d copies are missed of one", before, n)
		}
	}
}
