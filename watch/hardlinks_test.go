package watch_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/history"
	"timemachine/watch"
)

// names are three names of one file.
var names = []string{"a/one", "b/two", "c/three"}

// makeNames makes the file and its names, and records them.
func (w *world) makeNames() history.Point {
	w.write(names[0], "one file\n")
	for _, name := range names[1:] {
		w.write(name, "")
		w.check(os.Remove(w.path(name)))
		w.check(os.Link(w.path(names[0]), w.path(name)))
	}
	if _, _, err := w.try(); err != nil {
		w.t.Fatal(err)
	}
	return w.tip()
}

// inodes are the numbers of the names' files.
func (w *world) inodes() (all []uint64) {
	for _, name := range names {
		var st syscall.Stat_t
		w.check(syscall.Lstat(w.path(name), &st))
		all = append(all, st.Ino)
	}
	return all
}

// TestHardLinksComeBackTogether loses each selection of a file's names in each way, and brings them
// back, together or one after the other. They are names of one file again, and a run finds nothing
// that is new.
func TestHardLinksComeBackTogether(t *testing.T) {
	t.Parallel()
	ways := map[string]func(w *world, name string){
		"deleted":  func(w *world, name string) { w.check(os.Remove(w.path(name))) },
		"replaced": func(w *world, name string) { w.check(os.Remove(w.path(name))); w.write(name, "another one\n") },
		"cut off": func(w *world, name string) {
			body, err := os.ReadFile(w.path(name))
			w.check(err)
			st, err := os.Stat(w.path(name))
			w.check(err)
			w.check(os.Remove(w.path(name)))
			w.write(name, string(body))
			w.check(os.Chtimes(w.path(name), time.Time{}, st.ModTime()))
		},
	}
	for way, lose := range ways {
		for mask := 1; mask < 1<<len(names); mask++ {
			for _, together := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %03b %v", way, mask, together), func(t *testing.T) {
					w := newWorld(t)
					then := w.makeNames()
					var lost []string
					for i, name := range names {
						if mask&(1<<i) != 0 {
							lose(w, name)
							lost = append(lost, w.path(name))
						}
					}
					if way == "cut off" && mask == 1<<len(names)-1 {
						lost = lost[1:] // three files: the first one is the others' again
					}
					if _, _, err := w.try(); err != nil {
						t.Fatal(err)
					}
					groups := [][]string{lost}
					if !together {
						groups = slices.Collect(slices.Chunk(lost, 1))
					}
					if way == "cut off" { // an equal file by itself is nothing to be restored
						groups = [][]string{{w.src}}
					}
					for _, paths := range groups {
						plan, err := w.restore(then, watch.RestoreOptions{}, paths...)
						w.check(err)
						for _, note := range plan.Notes {
							if mask != 1<<len(names)-1 {
								t.Error(note)
							}
						}
					}
					if all := w.inodes(); all[0] != all[1] || all[0] != all[2] {
						t.Errorf("inodes %d", all)
					}
					w.run(0)
				})
			}
		}
	}
}

// TestHardLinkIsCutAloud restores a name of a file whose other names are other files by now: that
// is said, and they stay.
func TestHardLinkIsCutAloud(t *testing.T) {
	t.Parallel()
	for i, name := range names {
		w := newWorld(t)
		then := w.makeNames()
		w.check(os.Remove(w.path(name)))
		w.write(names[(i+1)%3], "one file, changed\n")
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		plan, err := w.restore(then, watch.RestoreOptions{}, w.path(name))
		w.check(err)
		if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "was a hard link of") || !strings.Contains(plan.Notes[0], "is another file now") {
			t.Errorf("%s: notes %q", name, plan.Notes)
		}
		if all := w.inodes(); all[i] == all[(i+1)%3] || all[(i+1)%3] != all[(i+2)%3] {
			t.Errorf("%s: inodes %d", name, all)
		}
		w.run(0)
	}
}

// TestHardLinksAreTakenApart makes two files names of a third one, and brings all back: each is a
// file of its own again.
func TestHardLinksAreTakenApart(t *testing.T) {
	t.Parallel()
	for _, third := range names {
		w := newWorld(t)
		for _, name := range names {
			w.write(name, "the file "+name+"\n")
		}
		before := listing(t, w.src)
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		then := w.tip()
		for _, name := range names {
			if name != third {
				w.check(os.Remove(w.path(name)))
				w.check(os.Link(w.path(third), w.path(name)))
			}
		}
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
		w.must(then)
		if after := listing(t, w.src); after != before {
			t.Errorf("%s: got\n%s\nwant\n%s", third, after, before)
		}
		if all := w.inodes(); all[0] == all[1] || all[0] == all[2] || all[1] == all[2] {
			t.Errorf("%s: inodes %d", third, all)
		}
		w.run(0)
	}
}
