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
	"timemachine/watch"
	"timemachine/watch/scan"
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
			lastly := time.Now() // when the last run was
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
					lastly = time.Now().Add(w.ahead)
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
				if p.For > 0 { // what was kept at the last time, by a clock that is believed
					believed := now
					if most := lastly.Add(24 * time.Hour); now.After(most) {
						believed = most
					}
					may = w.kept(p, believed.Add(-interval-time.Second))
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

// TestPruneReadsNoOldHistory: runs that remove copies by a time read what was recorded within that
// time, and not what was before. A clock that has gone back meanwhile makes them read all.
func TestPruneReadsNoOldHistory(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		w := newWorld(t)
		list := w.config
		w.write("stays", "here")
		day := func(i int) (*watch.Summary, problems) {
			t.Helper()
			w.write("f", fmt.Sprint("day ", i))
			s, p, err := w.try()
			w.check(err)
			w.ahead += 24*time.Hour + time.Minute
			return s, p
		}
		for i := range 8 {
			day(i)
		}
		w.config = "copies: 3d\nwatch:\n" + list
		if s, _ := day(8); s.Pruned.Copies != 5 {
			t.Fatalf("at first: %+v", s.Pruned)
		}
		w.spoilObject(strings.TrimSpace(repotest.Git(t, w.dest, "rev-parse", "HEAD~7")))
		if back {
			w.ahead -= 26 * time.Hour
			w.write("g", "before")
			_, _, err := w.try()
			w.check(err)
			w.ahead += 26 * time.Hour
		}
		s, found := day(9)
		failed := slices.ContainsFunc(found, func(p scan.Problem) bool { return strings.HasPrefix(p.Msg, "copies that are not kept") })
		if failed != back || !back && s.Pruned.Copies != 1 {
			t.Errorf("with a clock that went back %v: %+v, problems %v", back, s.Pruned, found)
		}
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

// pruneNow removes what a policy does not keep, as if much later.
func (w *world) pruneNow(p repo.CopyPolicy) (done repo.Pruned) {
	w.t.Helper()
	w.check(w.locked(func(r *repo.Writer) (err error) {
		done, err = r.PruneCopies(w.t.Context(), repo.PruneOptions{Policy: p, Now: time.Now().Add(1000 * time.Hour)})
		return err
	}))
	return done
}

// TestPruneSparesWhatIsLast: copies stay where the newest one is not there, and where the history
// has lost their content.
func TestPruneSparesWhatIsLast(t *testing.T) {
	t.Parallel()
	one := repo.CopyPolicy{Count: 1}
	w := newWorld(t)
	for i := range 3 {
		w.write("f", fmt.Sprint(i))
		w.run(1)
	}
	all := w.allCopies()
	newest := filepath.Join(w.dest, all[len(all)-1])
	w.check(os.Rename(newest, w.src+"-newest"))
	if done := w.pruneNow(one); done.Copies != 0 || done.Waiting != 2 || done.IsComplete() {
		t.Errorf("without the newest copy: %+v", done)
	}
	w.check(os.Rename(w.src+"-newest", newest))
	blob := strings.TrimSpace(repotest.Git(t, w.dest, "rev-parse", "HEAD~2:files"+w.path("f")))
	w.spoilObject(blob)
	if done := w.pruneNow(one); done.Copies != 1 || done.Needed != 1 || done.Cause == nil {
		t.Errorf("with a damaged content: %+v", done)
	}
	if have := w.allCopies(); len(have) != 2 || have[0] != all[0] {
		t.Errorf("copies %q", have)
	}
}

// spoilObject changes bytes of an object in its pack.
func (w *world) spoilObject(id string) {
	w.t.Helper()
	packs, err := filepath.Glob(w.dest + "/.git/objects/pack/*.pack")
	w.check(err)
	for _, pack := range packs {
		for _, line := range repotest.Lines(w.t, w.dest, "verify-pack", "-v", pack) {
			var name, kind string
			var size, packed, offset int64
			if n, _ := fmt.Sscan(line, &name, &kind, &size, &packed, &offset); n != 5 || name != id {
				continue
			}
			w.check(os.Chmod(pack, 0o600))
			f, err := os.OpenFile(pack, os.O_RDWR, 0)
			w.check(err)
			_, err = f.WriteAt([]byte("spoiled")[:min(packed-2, 7)], offset+2)
			w.check(err)
			w.check(f.Close())
			return
		}
	}
	w.t.Fatalf("no pack has %s", id)
}

// TestPruneBelievesNoPaths: a record that names another source's copy, or another source's version
// before it, removes nothing.
func TestPruneBelievesNoPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("x", "x")
	w.write("y", "y")
	w.run(2)
	all := w.allCopies()
	message := repotest.Git(t, w.dest, "log", "-1", "--format=%B", "--grep", "Source: "+w.path("x"))
	other := repotest.Git(t, w.dest, "log", "-1", "--format=%H", "--grep", "Source: "+w.path("y"))
	forge := func(text string) {
		w.check(os.WriteFile(w.src+"-message", []byte(text), 0o600))
		repotest.Git(t, w.dest, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", w.src+"-message")
	}
	mine := slices.IndexFunc(all, func(c string) bool { return strings.HasSuffix(c, "-y") })
	for range 2 {
		forge(strings.ReplaceAll(strings.ReplaceAll(message, w.path("x"), "/nowhere/f"), all[1-mine], all[mine]))
	}
	w.pruneNow(repo.CopyPolicy{Count: 1})
	if have := w.allCopies(); !slices.Equal(have, all) {
		t.Errorf("by a forged path: %q", have)
	}
	forge(strings.Replace(message, "Scan: ", "Previous: "+strings.TrimSpace(other)+"\nScan: ", 1))
	w.config = "copies: 1\nwatch:\n" + w.config
	w.write("x", "another x")
	_, _, err := w.try()
	w.check(err)
	if have := w.allCopies(); !slices.Contains(have, all[mine]) {
		t.Errorf("by a forged version before: %q", have)
	}
}

// TestFailedPruneIsDoneAgain: what could not be removed is, at the next time that is due.
func TestFailedPruneIsDoneAgain(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root removes what is closed")
	}
	w := newWorld(t)
	for i := range 3 {
		w.write("f", fmt.Sprint(i))
		w.run(1)
	}
	folder := filepath.Join(w.dest, filepath.Dir(w.allCopies()[0]))
	w.check(os.Chmod(folder, 0o500))
	w.config = "copies: 1\nwatch:\n" + w.config
	if p := w.run(0); len(p) != 1 {
		t.Errorf("problems %v", p)
	}
	w.check(os.Chmod(folder, 0o700))
	w.ahead = 25 * time.Hour
	w.run(0)
	if have := w.allCopies(); len(have) != 1 {
		t.Errorf("copies %q", have)
	}
}
