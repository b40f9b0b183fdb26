package watch_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// allCopies lists the files below copies/.
func (w *world) allCopies() (all []string) {
	w.t.Helper()
	w.check(filepath.WalkDir(filepath.Join(w.dest, "copies"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, strings.TrimPrefix(path, w.dest+"/"))
		}
		return err
	}))
	slices.Sort(all)
	return all
}

// kept lists the copies that a policy keeps at a moment, as its words say.
func (w *world) kept(p repo.CopyPolicy, now time.Time) (all []string) {
	w.t.Helper()
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	bySource := map[string][]record.Version{} // newest first
	w.check(r.Walk(w.t.Context(), w.tip().Commit, object.ID{}, func(v record.Version, ours bool) error {
		if ours && !v.Folder {
			v.Source = strings.Clone(v.Source)
			bySource[v.Source] = append(bySource[v.Source], v)
		}
		return nil
	}))
	for _, versions := range bySource {
		have := 0
		for i, v := range versions {
			if v.Copy == "" {
				continue
			}
			have++
			newest := i == 0
			lately := newest || now.Sub(versions[i-1].Captured) < p.For
			if newest || p.For > 0 && lately || p.Count >= have || p.KeepsAll() {
				all = append(all, strings.Clone(v.Copy))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestCopiesAreKeptAsConfigured: after each run, copies/ holds what the policy keeps, verify misses
// nothing, and copies that are kept again can be written again.
func TestCopiesAreKeptAsConfigured(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	for name, p := range map[string]repo.CopyPolicy{"10h": {For: 10 * time.Hour}, "90d": {For: 90 * 24 * time.Hour}, "1": {Count: 1}, "3": {Count: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			list := w.config
			random := rand.New(rand.NewPCG(1, uint64(p.Count)))
			w.config = "copies: " + name + "\nwatch:\n" + list
			step := 20 * time.Minute
			if p.For > 24*time.Hour {
				step = 5 * 24 * time.Hour
			}
			interval := min(24*time.Hour, p.For/10)
			lastly := time.Time{}
			w.write("stays", "here")
			for i := range 60 {
				for range random.IntN(4) {
					name := fmt.Sprintf("d%d/f%d", random.IntN(2), random.IntN(3))
					switch random.IntN(5) {
					case 0:
						_ = os.Remove(w.path(name))
					case 1:
						w.write(name, "")
						w.check(os.Chmod(w.path(name), 0o600+os.FileMode(random.IntN(8))))
					default:
						w.write(name, fmt.Sprint(i))
					}
				}
				w.ahead += time.Duration(random.Int64N(int64(step)))
				if i%10 == 5 { // as if a run were killed before; a later one makes up for it
					w.config = list
					_, _, err := w.try()
					w.check(err)
					w.config = "copies: " + name + "\nwatch:\n" + list
					w.ahead += 25 * time.Hour
				}
				s, _, err := w.try()
				w.check(err)
				now := time.Now().Add(w.ahead)
				if s.Pruned.Failed > 0 || s.Pruned.Differ > 0 || s.Pruned.Unfinished {
					t.Fatalf("%+v", s.Pruned)
				}
				have, must := w.allCopies(), w.kept(p, now)
				may := must
				if p.For > 0 { // what was kept when it was looked at last
					may = w.kept(p, now.Add(-interval-time.Second))
				}
				for _, c := range must {
					if !slices.Contains(have, c) {
						t.Fatalf("run %d: %s is not there", i, c)
					}
				}
				for _, c := range have {
					if !slices.Contains(may, c) {
						t.Fatalf("run %d: %s is still there", i, c)
					}
				}
				lastly = now
			}
			w.verifyCopies(p, lastly)
			w.config = list
			w.check(w.locked(func(r *repo.Writer) error {
				_, err := r.RebuildCopies(t.Context(), repo.RebuildOptions{})
				return err
			}))
			if have, want := w.allCopies(), w.kept(repo.CopyPolicy{}, lastly); !slices.Equal(have, want) {
				t.Fatalf("after a rebuild: %q, want %q", have, want)
			}
			w.verifyCopies(repo.CopyPolicy{}, lastly)
			w.config = "copies: {keep: 2}\nwatch:\n" + list // then everything is looked at
			_, _, err := w.try()
			w.check(err)
			if have, want := w.allCopies(), w.kept(repo.CopyPolicy{Count: 2}, lastly); !slices.Equal(have, want) {
				t.Fatalf("by another policy: %q, want %q", have, want)
			}
		})
	}
}

// verifyCopies checks that verify finds nothing wrong where the policy is in force.
func (w *world) verifyCopies(p repo.CopyPolicy, now time.Time) {
	w.t.Helper()
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	o := verify.Options{WantCopy: r.CopiesKept(w.t.Context(), p, now), Report: func(f verify.Finding) { w.t.Errorf("verify: %+v", f) }}
	_, err = r.Verify(w.t.Context(), o)
	w.check(err)
}

// TestPruneLeavesWhatIsNotOurs: a copy that somebody has changed stays, and so does what is no
// copy. A dry run removes nothing and counts the same.
func TestPruneLeavesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.write("f", strings.Repeat("x", i+1))
		w.write("d/g", strings.Repeat("y", i+1))
		w.run(2)
	}
	w.check(os.RemoveAll(w.path("d")))
	w.run(1)
	all := w.allCopies()
	if len(all) != 10 {
		t.Fatalf("copies %q", all)
	}
	changed := slices.IndexFunc(all, func(c string) bool { return strings.HasSuffix(c, "-f") })
	w.check(os.Chmod(filepath.Join(w.dest, all[changed]), 0o600))
	w.check(os.WriteFile(filepath.Join(w.dest, all[changed]), []byte("a note of mine"), 0o600))
	mine := filepath.Join(w.dest, filepath.Dir(all[changed]), "mine")
	w.check(os.WriteFile(mine, nil, 0o600))

	prune := func(o repo.PruneOptions) (done repo.Pruned) {
		o.Now = time.Now().Add(time.Hour)
		w.check(w.locked(func(r *repo.Writer) (err error) {
			done, err = r.PruneCopies(context.Background(), o)
			return err
		}))
		return done
	}
	minute := repo.CopyPolicy{For: time.Minute}
	dry := prune(repo.PruneOptions{Policy: minute, DryRun: true})
	if len(w.allCopies()) != 11 {
		t.Error("a dry run removes copies")
	}
	if done := prune(repo.PruneOptions{Policy: minute}); done != dry || done.Copies != 8 || done.Differ != 1 || done.Bytes == 0 {
		t.Errorf("pruned %+v, a dry run says %+v", done, dry)
	}
	if have := w.allCopies(); len(have) != 3 || !slices.Contains(have, all[changed]) {
		t.Errorf("copies %q", have)
	}
	if _, err := os.Lstat(filepath.Join(w.dest, "copies", w.path("d"))); !os.IsNotExist(err) {
		t.Errorf("the empty folder stays: %v", err)
	}
	if done := prune(repo.PruneOptions{Policy: repo.CopyPolicy{None: true}}); done.Copies != 1 || done.Differ != 1 {
		t.Errorf("with none: %+v", done)
	}
	w.run(0)
}
