package watch_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/watch/config"
	"timemachine/watch/preview"
)

// recordedFiles is a Reporter that collects the files that a run records.
type recordedFiles struct {
	problems
	files map[string]bool
}

func (r *recordedFiles) Version(v record.Version) { r.files[v.Source] = !v.Folder }

// TestExplainTellsWhatRunsDo makes random trees and configurations. Explain says of a path that it
// is recorded where a run records it, and of no other.
func TestExplainTellsWhatRunsDo(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	reasons := map[preview.Reason]int{}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 16))
		w := newWorldIn(t, repotest.InMemory(t))
		w.plantTree(r)
		w.config = w.randomConfig(r)
		c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
		w.check(err)
		paths := w.allPaths()
		before := map[string]preview.Reason{}
		for _, path := range paths {
			x, err := preview.Explain(t.Context(), c, nil, w.dest, w.own, path, time.Now())
			w.check(err)
			before[path] = x.Reason
			reasons[x.Reason]++
			if x.Path != path || x.Reason == preview.Excluded && x.Rule == nil || x.Reason != preview.Unwatched && x.Entry == nil {
				t.Errorf("seed %d: %s: %+v", seed, path, x)
			}
		}
		rep := &recordedFiles{files: map[string]bool{}}
		w.check(w.tryWith(t.Context(), rep))
		for _, path := range paths {
			info, err := os.Lstat(path)
			if isFolder := err == nil && info.IsDir(); !isFolder && rep.files[path] != (before[path] == preview.Recorded) {
				t.Fatalf("seed %d: %s is %s, and a run recorded it: %v\n%s\n%v", seed, path, before[path], rep.files[path], w.config, rep.problems)
			}
		}
	}
	for _, reason := range []preview.Reason{preview.Recorded, preview.FolderScanned, preview.Unwatched, preview.Excluded, preview.Own, preview.BehindLink, preview.LedThrough,
		preview.Missing, preview.NoFolder, preview.Special, preview.TooLarge, preview.Unreadable} {
		if reasons[reason] == 0 {
			t.Errorf("no path of any tree is %s", reason)
		}
	}
}

// plantTree makes a random tree in the watched folder.
func (w *world) plantTree(r *rand.Rand) {
	names := []string{"a", "b", "c.md", "d.swp", "e~", "4913", "run.log", "temporary", ".git"}
	var folders []string
	var grow func(folder string, depth int)
	grow = func(folder string, depth int) {
		w.check(os.MkdirAll(folder, 0o755))
		folders = append(folders, folder)
		for _, name := range names {
			path := filepath.Join(folder, name)
			switch r.IntN(12) {
			case 0, 1, 2:
				if depth < 3 {
					grow(path, depth+1)
				}
			case 3:
				w.check(syscall.Mkfifo(path, 0o600))
			case 4:
				w.check(os.WriteFile(path, make([]byte, 5000), 0o644))
			case 5:
				w.check(os.Symlink(folders[r.IntN(len(folders))], path))
			case 6:
				w.check(os.Symlink([]string{"nowhere", "a", "b", "c.md"}[r.IntN(4)], path))
			case 7, 8, 9, 10:
				w.check(os.WriteFile(path, []byte(path), 0o644))
			}
		}
	}
	grow(w.src, 0)
	w.own.LogFolder, w.own.IsLog = folders[r.IntN(len(folders))], func(name string) bool { return name == "run.log" }
	w.own.IsTemporary = func(name string) bool { return name == "temporary" }
	if len(folders) > 3 {
		w.own.Folders = []string{folders[len(folders)-1]}
	}
}

// allPaths returns the paths of the tree, some that lead through links, and some that do not exist.
func (w *world) allPaths() (paths []string) {
	w.check(filepath.WalkDir(filepath.Dir(w.src), func(path string, d fs.DirEntry, err error) error {
		if path == w.dest+"/.git" {
			return filepath.SkipDir
		}
		paths = append(paths, path)
		if d.Type()&fs.ModeSymlink != 0 {
			paths = append(paths, path+"/a", path+"/c.md")
		}
		return err
	}))
	return append(paths, w.path("none"), w.path("a/none/b"), "/")
}

// randomConfig returns a configuration with entries in the tree.
func (w *world) randomConfig(r *rand.Rand) string {
	paths := w.allPaths()
	pick := func() string { return paths[r.IntN(len(paths)-1)] }
	var b strings.Builder
	b.WriteString("watch:\n")
	for range 1 + r.IntN(4) {
		entry := pick()
		switch r.IntN(6) {
		case 0:
			entry = w.src
		case 1:
			entry += "/*"
		case 2:
			entry += "/**/*.{md,swp}"
		case 3:
			entry = w.src + "/?/**"
		}
		fmt.Fprintf(&b, "- path: %s\n", strconv.Quote(entry))
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "  exclude: [%s]\n", []string{`"*.md"`, `"a/"`, `"/**/b", "!a/b"`, `"4*"`}[r.IntN(4)])
		}
	}
	for range r.IntN(3) {
		rule := []string{"*.md", "b/", "a/b", "!*.swp", "c*", "**/a/*.md", "!e~"}[r.IntN(7)]
		if r.IntN(3) == 0 {
			rule = pick()
		}
		fmt.Fprintf(&b, "- %s\n", strconv.Quote("!"+rule))
	}
	if r.IntN(3) == 0 {
		b.WriteString("max-size: 4KiB\n")
	}
	if r.IntN(4) == 0 {
		b.WriteString("default-exclusions: false\n")
	}
	return b.String()
}
