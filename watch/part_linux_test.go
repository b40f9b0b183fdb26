package watch_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/watch"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// twins are two destinations of the same sources. One has runs over everything, the other runs over
// what has changed.
type twins struct {
	*world
	other  *world
	random *rand.Rand
	dirty  []scan.Path
	roots  []string
	links  bool // all names are watched: a change by another name has no event

	parts, undecided int
}

// note notes a path as an event would, which leads through no link. An entry that is a link has the
// events of what it leads to.
func (w *twins) note(path string, whole bool) {
	w.dirty = append(w.dirty, scan.Path{Name: path, Whole: whole})
	for _, root := range w.roots {
		to, err := os.Readlink(root)
		if to = target(filepath.Join(filepath.Dir(root), to)); err == nil && disk.Inside(path, to) {
			w.dirty = append(w.dirty, scan.Path{Name: root + path[len(to):], Whole: whole})
		}
	}
}

// real returns a path with the links on the way to it resolved.
func real(path string) string {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(folder, filepath.Base(path))
}

// target returns what a path leads to.
func target(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return real(path)
}

// draw draws a path below the sources.
func (w *twins) draw() string {
	names := []string{"a", "b", "c.txt", "d", "e", "link"}
	name := names[w.random.IntN(len(names))]
	for range min(w.random.IntN(4), w.random.IntN(4)) {
		name += "/" + names[w.random.IntN(len(names))]
	}
	return name
}

// change does something and notes the events of it. What cannot be done does nothing.
func (w *twins) change() {
	a, b := w.path(w.draw()), w.path(w.draw())
	switch w.random.IntN(12) {
	case 0, 1, 2, 3:
		for p := filepath.Dir(a); p != w.src; p = filepath.Dir(p) {
			w.note(real(p), true)
		}
		_ = os.MkdirAll(filepath.Dir(a), 0o755)
		_ = os.WriteFile(a, fmt.Append(nil, w.random.IntN(9)), 0o644)
		w.note(target(a), false)
	case 4:
		w.note(real(a), false)
		_ = os.RemoveAll(a)
	case 5, 6:
		w.note(real(a), false)
		w.note(real(b), true)
		_ = os.Rename(a, b)
	case 7:
		_ = os.Chmod(a, 0o700+os.FileMode(w.random.IntN(8)))
		w.note(target(a), false)
	case 8:
		if !w.links {
			return
		}
		w.note(real(b), false)
		_ = os.Link(a, b)
	case 9:
		w.note(real(a), false)
		_ = os.Symlink(filepath.Base(b), a)
	case 10:
		at := time.Unix(1_700_000_000+w.random.Int64N(1000), 0)
		_ = os.Chtimes(a, at, at)
		w.note(target(a), false)
	case 11:
		w.note(real(a), true)
		_ = os.Mkdir(a, 0o755)
	}
}

// comparable is what two histories of the same sources must have in common.
func comparable(versions []record.Version) (all []string) {
	for i := range versions {
		v := &versions[i]
		text := fmt.Sprintf("%s %s: mode %o, size %d, blob %s, renamed from %q, linked with %q, leads on %v, folder %v, link %v", v.Event, v.Source,
			v.Mode, v.Size, v.Blob.Short(), v.RenamedFrom, v.LinkedWith, v.LeadsOn, v.Folder, v.Link)
		if v.Event != record.Deleted && !v.LeadsOn {
			text += v.Mtime.String() + v.Changed.String()
		}
		all = append(all, text)
	}
	slices.Sort(all) // a part that a run over everything completes has another order
	return all
}

// runBoth runs on both destinations, and compares what they record.
func (w *twins) runBoth() {
	w.t.Helper()
	_, full := w.other.recordSummary(watch.RunOptions{})
	var versions []record.Version
	for range 3 {
		got, l := w.recordPart(w.dirty)
		versions = append(versions, l.versions...)
		w.parts++
		if !got {
			break
		}
		w.undecided++
		_, l = w.recordSummary(watch.RunOptions{})
		versions = append(versions, l.versions...)
	}
	if got, want := comparable(versions), comparable(full.versions); !slices.Equal(got, want) {
		w.t.Fatalf("%s\npaths %v\ngot  %s\nwant %s", w.config, w.dirty, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	w.dirty = nil
}

func (w *twins) recordPart(paths []scan.Path) (undecided bool, l *versionLog) {
	w.t.Helper()
	if paths == nil {
		paths = []scan.Path{}
	}
	s, l := w.recordSummary(watch.RunOptions{Part: paths})
	return s.Undecided, l
}

// TestPartsRecordWhatFullRunsDo makes random changes and compares a history of runs over everything
// with one of runs over the paths that changed.
func TestPartsRecordWhatFullRunsDo(t *testing.T) {
	repotest.OneAtATime(t)
	rounds, seeds := 60, uint64(5)
	switch {
	case *repotest.Torture:
		seeds = 60
	case testing.Short():
		rounds, seeds = 25, 3
	}
	lists := []string{
		"- %[1]s\n",
		"- %[1]s/a\n- %[1]s/b/c.txt\n- %[1]s/d\n- \"!e/\"\n",
		"- %[1]s/**/*.txt\n- %[1]s/a\n",
		"- %[1]s/d?/**\n- %[1]s/*/b\n- \"!c.txt\"\n",
	}
	var parts, undecided atomic.Int64
	t.Run("worlds", func(t *testing.T) {
		for i, list := range lists {
			for seed := range seeds {
				t.Run(fmt.Sprint(i, " ", seed), func(t *testing.T) {
					t.Parallel()
					w := newTwins(t)
					w.config = fmt.Sprintf(list, w.src)
					w.other.config, w.links = w.config, i == 0
					w.random = rand.New(rand.NewPCG(seed, uint64(i)))
					w.roots = []string{w.path("a"), w.path("b/c.txt"), w.path("d")}
					for range 12 {
						w.change()
					}
					w.recordSummary(watch.RunOptions{})
					w.other.recordSummary(watch.RunOptions{})
					w.dirty = nil
					for range rounds {
						for range 1 + w.random.IntN(4) {
							w.change()
						}
						w.runBoth()
					}
					parts.Add(int64(w.parts))
					undecided.Add(int64(w.undecided))
				})
			}
		}
	})
	t.Logf("%d parts, of which %d left something to a full run", parts.Load(), undecided.Load())
	if undecided.Load() > parts.Load()/2 {
		t.Error("most parts leave something to a full run")
	}
}

func newTwins(t *testing.T) *twins {
	w := &twins{world: newWorld(t)}
	other := *w.world
	other.dest, w.other = w.dest+"2", &other
	w.check(repo.Init(other.dest, repo.Options{}))
	return w
}

// TestPartSeesNamesOfALink: a link that has several names changes under all of them.
func TestPartSeesNamesOfALink(t *testing.T) {
	w := newTwins(t)
	w.check(os.Symlink("anywhere", w.path("a")))
	w.check(os.Link(w.path("a"), w.path("b")))
	w.recordSummary(watch.RunOptions{})
	w.other.recordSummary(watch.RunOptions{})
	at := unix.NsecToTimespec(1_700_000_000_000_000_000)
	w.check(unix.UtimesNanoAt(unix.AT_FDCWD, w.path("a"), []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW))
	w.note(w.path("a"), false)
	w.runBoth()
}

// TestPartSeesNamesOfWhatWasReplaced: the name that stands for all names of a file is replaced. The
// others are looked at, though nothing has happened to their names.
func TestPartSeesNamesOfWhatWasReplaced(t *testing.T) {
	for what, put := range map[string]func(w *twins, path string){
		"a file": func(w *twins, path string) { w.check(os.WriteFile(path, []byte("1"), 0o644)) },
		"a link": func(w *twins, path string) { w.check(os.Symlink("anywhere", path)) },
	} {
		for by, replace := range map[string]func(w *twins, path string){
			"another file": func(w *twins, path string) { w.check(os.WriteFile(path, []byte("2"), 0o644)) },
			"a folder":     func(w *twins, path string) { w.check(os.Mkdir(path, 0o755)) },
			"a FIFO":       func(w *twins, path string) { w.check(unix.Mkfifo(path, 0o600)) },
		} {
			t.Run(what+" by "+by, func(t *testing.T) {
				w := newTwins(t)
				first, again := w.path("a"), w.path("b")
				put(w, first)
				w.check(os.Link(first, again))
				w.recordSummary(watch.RunOptions{})
				w.other.recordSummary(watch.RunOptions{})
				w.check(os.Remove(first))
				replace(w, first)
				w.note(first, true)
				w.runBoth()
				if w.undecided > 0 {
					t.Error("it is left to a run over everything")
				}
			})
		}
	}
}
