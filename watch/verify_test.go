package watch_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

// verify returns the findings of Verify.
func (w *world) verify(o verify.Options) (found []verify.Finding, sum *verify.Summary) {
	w.t.Helper()
	r, err := repo.Open(w.dest, repo.Options{Boot: w.boot, Warn: func(path, msg string, _ refusal.Remedy) { w.t.Logf("warning: %s: %s", path, msg) }})
	w.check(err)
	defer r.Close()
	check := r.Verify
	if o.Repair {
		writer, err := r.TryLock(repo.WriteOptions{})
		w.check(err)
		check = writer.Repair
	}
	o.Report = func(f verify.Finding) { found = append(found, f) }
	sum, err = check(context.Background(), o)
	w.check(err)
	return found, sum
}

// variedWorld returns a world with versions of every kind.
func variedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.write("a", "1")
	w.write("d/b", "2")
	w.write("d/e/c", strings.Repeat("line\n", 3000))
	w.write("gone", "g")
	w.write(".gitmodules", "escaped")
	w.check(os.Symlink("target", w.path("link")))
	w.write("locked", "nobody may read")
	w.check(os.Chmod(w.path("locked"), 0o200))
	w.run(7)
	w.write("a", "two")
	w.write("d/e/c", strings.Repeat("line\n", 3000)+"more")
	w.check(os.Chmod(w.path("d/b"), 0o755))
	w.check(os.Remove(w.path("gone")))
	w.run(4)
	w.check(os.Chtimes(w.path("a"), time.Unix(1, 0), time.Unix(1, 5)))
	w.run(1)
	return w
}

func TestVerifyWhole(t *testing.T) {
	w := variedWorld(t)
	for _, o := range []verify.Options{{}, {Quick: true}, {Repair: true}} {
		found, sum := w.verify(o)
		if len(found) > 0 || sum.Versions != 15 || sum.Copies != 11 || sum.Files != 6 || sum.Objects == 0 {
			t.Errorf("%+v: %+v %v", o, sum, found)
		}
	}
	repotest.Git(t, w.dest, "gc", "-q", "--prune=now")
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("after gc: %v", found)
	}
	repotest.Git(t, w.dest, "commit", "-q", "--allow-empty", "-m", "mine")
	repotest.Git(t, w.dest, "revert", "--no-edit", "HEAD~2")
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("beside commits of others: %v", found)
	}
}

// TestVerifyLeavesRevertsAsTheyAre checks that verify asks for nothing, and a repair stages
// nothing, where a commit of another program took a version, a deletion or .gitattributes back of a
// source that is watched no more.
func TestVerifyLeavesRevertsAsTheyAre(t *testing.T) {
	for name, which := range map[string]string{"added": "HEAD~1", "deleted": "HEAD", "first": "HEAD~2"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "1")
			w.run(1)
			w.write("b", "1")
			w.run(1)
			w.check(os.Remove(w.path("a")))
			w.run(1)
			w.list(w.path("c"))
			repotest.Git(t, w.dest, "checkout", "-q", "main")
			if name == "first" { // its file is deleted already
				repotest.Git(t, w.dest, "rm", "-q", ".gitattributes")
				repotest.Git(t, w.dest, "commit", "-q", "-m", "mine")
			} else {
				repotest.Git(t, w.dest, "revert", "--no-edit", which)
			}
			w.runAny()
			if found, _ := w.verify(verify.Options{}); len(found) > 0 {
				t.Errorf("found %+v", found)
			}
			w.verify(verify.Options{Repair: true})
			if status := repotest.Git(t, w.dest, "status", "--porcelain"); status != "" {
				t.Errorf("git status: %s", status)
			}
		})
	}
}

// damage is one kind of damage outside the history.
type damage struct {
	name  string
	do    func(w *world)
	quick bool // found without reading contents
	part  verify.Part
	n     int // number of findings
}

// inTheWay has foreign files at paths of timemachine. They are moved aside, and what the table says
// of damage holds for them too.
var inTheWay = []struct {
	damage
	aside func(w *world) string // the path that the foreign file is moved to
}{
	{damage{"full folder for a file", func(w *world) { w.fullFolder(w.file("a")) }, true, verify.PartFile, 1},
		func(w *world) string { return w.file("a.aside") }},
	{damage{"file for a folder", func(w *world) {
		w.check(os.RemoveAll(w.file("d")))
		w.check(os.WriteFile(w.file("d"), []byte("somebody's"), 0o600))
	}, true, verify.PartFile, 2}, func(w *world) string { return w.file("d.aside") }},
	{damage{"link for a folder", func(w *world) { w.linkAway(w.file("d")) }, true, verify.PartFile, 2},
		func(w *world) string { return w.file("d.aside") }},
	{damage{"FIFO for a file", func(w *world) {
		w.check(os.Remove(w.file("a")))
		w.check(syscall.Mkfifo(w.file("a"), 0o600))
	}, true, verify.PartFile, 1}, func(w *world) string { return w.file("a.aside") }},
	{damage{"link for a file", func(w *world) {
		w.check(os.Remove(w.file("a")))
		w.check(os.Symlink("/etc/passwd", w.file("a")))
	}, true, verify.PartFile, 1}, func(w *world) string { return w.file("a.aside") }},
	{damage{"full folder for a copy", func(w *world) { w.fullFolder(w.newestCopy("gone")) }, true, verify.PartCopy, 1},
		func(w *world) string { return w.newestCopy("gone") + ".aside" }},
	{damage{"link for a folder of copies", func(w *world) { w.linkAway(w.copies("d")) }, true, verify.PartCopy, 4},
		func(w *world) string { return w.copies("d.aside") }},
}

func (w *world) copies(name string) string { return filepath.Join(w.dest, "copies", w.src, name) }

// fullFolder replaces a file by a folder that is not empty.
func (w *world) fullFolder(place string) {
	w.t.Helper()
	w.check(os.Remove(place))
	w.check(os.MkdirAll(filepath.Join(place, "somebody's"), 0o700))
}

// linkAway moves a folder out of the destination and leaves a link to it.
func (w *world) linkAway(place string) {
	w.t.Helper()
	away := filepath.Join(repotest.InMemory(w.t), "away")
	w.check(os.Rename(place, away))
	w.check(os.Symlink(away, place))
}

// TestVerifyMovesAside has a foreign file at each path that timemachine writes. verify --repair
// moves it aside and does not touch what a link leads to.
func TestVerifyMovesAside(t *testing.T) {
	t.Parallel()
	w := variedWorld(t)
	for _, d := range inTheWay {
		t.Run(d.name, func(t *testing.T) {
			w := w.within(t)
			aside := d.aside(w)
			d.do(w)
			if found, _ := w.verify(verify.Options{}); len(found) != d.n || found[0].Part != d.part {
				t.Errorf("found %+v", found)
			}
			if found, sum := w.verify(verify.Options{Repair: true}); sum.Repaired != sum.Findings {
				t.Errorf("repair: %+v %+v", sum, found)
			}
			if _, err := os.Lstat(aside); err != nil {
				t.Error(err)
			}
			if found, _ := w.verify(verify.Options{}); len(found) > 0 {
				t.Errorf("after the repair: %+v", found)
			}
			if away, err := os.Readlink(aside); err == nil && strings.HasSuffix(away, "away") {
				if all, err := os.ReadDir(away); err != nil || len(all) < 2 || len(all) > 3 {
					t.Errorf("where the link leads: %v %v", all, err)
				}
			}
			w.check(os.RemoveAll(aside))
			w.run(0)
		})
	}
}

func (w *world) file(name string) string { return filepath.Join(w.dest, "files", w.src, name) }

// newestCopy returns the path of the newest copy of a source.
func (w *world) newestCopy(name string) string {
	w.t.Helper()
	all, err := filepath.Glob(filepath.Join(w.dest, "copies", w.src, filepath.Dir(name), "*Z*-"+filepath.Base(name)))
	if err != nil || len(all) == 0 {
		w.t.Fatalf("no copy of %s: %v", name, err)
	}
	return all[len(all)-1]
}

// spoil changes a file's content and keeps its mode and mtime. Hard links to it change with it.
func (w *world) spoil(file string) {
	w.t.Helper()
	st, err := os.Lstat(file)
	w.check(err)
	b, err := os.ReadFile(file)
	w.check(err)
	w.check(os.Remove(file))
	w.check(os.WriteFile(file, bytes.Repeat([]byte("?"), len(b)), st.Mode()))
	w.check(os.Chtimes(file, st.ModTime(), st.ModTime()))
}

var besideHistory = []damage{
	{"file missing", func(w *world) { w.check(os.Remove(w.file("a"))) }, true, verify.PartFile, 1},
	{"file's content", func(w *world) { w.spoil(w.file("d/e/c")) }, false, verify.PartFile, 1},
	// The copy shares the storage, and with it the mode.
	{"file's mode", func(w *world) { w.check(os.Chmod(w.file("d/e/c"), 0o777)) }, true, verify.PartFile, 2},
	{"file's mtime", func(w *world) { w.check(os.Chtimes(w.file("locked"), time.Unix(5, 5), time.Unix(5, 5))) }, true, verify.PartFile, 1},
	{"link's target", func(w *world) {
		w.check(os.Remove(w.file("link")))
		w.check(os.Symlink("/other", w.file("link")))
	}, true, verify.PartFile, 1},
	{"folder missing", func(w *world) { w.check(os.RemoveAll(w.file("d"))) }, true, verify.PartFile, 2},
	{"folder for a file", func(w *world) {
		w.check(os.Remove(w.file("a")))
		w.check(os.Mkdir(w.file("a"), 0o700))
	}, true, verify.PartFile, 1},
	{"what was deleted", func(w *world) {
		old := w.newestCopy("gone")
		w.check(os.Link(old, w.file("gone")))
	}, true, verify.PartFile, 1},
	{"attributes", func(w *world) {
		w.check(os.WriteFile(filepath.Join(w.dest, ".gitattributes"), []byte("* text\n"), 0o600))
	}, true, verify.PartFile, 1},
	{"copy missing", func(w *world) { w.check(os.Remove(w.newestCopy("a"))) }, true, verify.PartCopy, 1},
	{"copy's content", func(w *world) { w.spoil(w.newestCopy("d/b")) }, false, verify.PartCopy, 1},
	{"copy's mtime", func(w *world) { w.check(os.Chtimes(w.newestCopy("gone"), time.Unix(5, 5), time.Unix(5, 5))) }, true, verify.PartCopy, 1},
	{"copy cut", func(w *world) { w.check(os.Truncate(w.newestCopy("gone"), 0)) }, true, verify.PartCopy, 1},
	{"index missing", func(w *world) { w.check(os.Remove(filepath.Join(w.dest, ".git/index"))) }, true, verify.PartIndex, 1},
	{"index cut", func(w *world) { w.check(os.Truncate(filepath.Join(w.dest, ".git/index"), 100)) }, true, verify.PartIndex, 1},
	{"index empty", func(w *world) { w.check(os.Truncate(filepath.Join(w.dest, ".git/index"), 0)) }, true, verify.PartIndex, 1},
	{"index lacks an entry", func(w *world) { repotest.Git(w.t, w.dest, "rm", "-q", "--cached", "files"+w.path("a")) }, true, verify.PartIndex, 1},
}

// TestVerifyRepairs does each kind of damage outside the history. Verify names it, and --repair
// undoes it.
func TestVerifyRepairs(t *testing.T) {
	t.Parallel()
	w := variedWorld(t)
	tip := repotest.Git(t, w.dest, "rev-parse", "HEAD")
	for _, d := range besideHistory {
		t.Run(d.name, func(t *testing.T) {
			w := w.within(t)
			d.do(w)
			found, _ := w.verify(verify.Options{})
			parts := map[verify.Part]int{}
			for _, f := range found {
				parts[f.Part]++
			}
			if parts[d.part] == 0 || len(found) != d.n {
				t.Errorf("found %+v", found)
			}
			if found, _ := w.verify(verify.Options{Quick: true}); len(found) > 0 != d.quick {
				t.Errorf("quick: %+v", found)
			}
			// A missing index is recovered before verify looks.
			if found, sum := w.verify(verify.Options{Repair: true}); sum.Repaired != sum.Findings {
				t.Errorf("repair: %+v %+v", sum, found)
			}
			if found, _ := w.verify(verify.Options{}); len(found) > 0 {
				t.Errorf("after the repair: %+v", found)
			}
			repotest.MustCheck(t, w.dest)
			w.run(0)
			if now := repotest.Git(t, w.dest, "rev-parse", "HEAD"); now != tip {
				t.Errorf("the history moved from %s to %s", tip, now)
			}
		})
	}
}

// within returns the world for a subtest.
func (w *world) within(t *testing.T) *world {
	in := *w
	in.t = t
	return &in
}

// TestVerifyFindsStrays has a file below copies/ with the name of a copy that the history does not
// have. Verify reports it and leaves it alone. It ignores files with other names.
func TestVerifyFindsStrays(t *testing.T) {
	w := variedWorld(t)
	w.check(os.WriteFile(w.copies("notes.txt"), nil, 0o600))
	w.check(os.WriteFile(w.copies("d/mine"), nil, 0o600))
	w.check(os.Symlink("/", w.copies("d/link")))
	w.check(os.WriteFile(w.copies("d/2001-02-03-mine"), nil, 0o600))
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("of somebody's: %+v", found)
	}
	stray := w.copies("2001-02-03T04-05-06.000007Z-a")
	w.check(os.WriteFile(stray, []byte("never was"), 0o600))
	for _, o := range []verify.Options{{}, {Quick: true}, {Repair: true}, {}} {
		found, sum := w.verify(o)
		if len(found) != 1 || sum.Repaired != 0 || found[0].Part != verify.PartCopy || found[0].Path != strings.TrimPrefix(stray, w.dest+"/") || found[0].Msg != "is no version's copy" {
			t.Errorf("%+v: %+v", o, found)
		}
		if _, err := os.Stat(stray); err != nil {
			t.Error(err)
		}
	}
	if p := w.run(0); len(p) > 0 {
		t.Errorf("a run says %v", p)
	}
	w.check(os.Remove(stray))
	repotest.Git(t, w.dest, "update-ref", "refs/heads/main", "main~1") // no version has the newest
	repotest.Git(t, w.dest, "reset", "-q", "--hard")
	found, _ := w.verify(verify.Options{Quick: true})
	if !slices.ContainsFunc(found, func(f verify.Finding) bool { return strings.HasSuffix(f.Path, "/1970-01-01T00-00-01.000000Z-a") }) {
		t.Errorf("of a version that is no more: %+v", found)
	}
}

// TestVerifyReadsRecords changes the messages of single commits. Verify names each.
func TestVerifyReadsRecords(t *testing.T) {
	for name, change := range map[string]func(w *world) string{
		"wrong mode":      func(w *world) string { return w.amend("Mode: 0644", "Mode: 0755") },
		"wrong size":      func(w *world) string { return w.amend("Size: 3", "Size: 4") },
		"no number":       func(w *world) string { return w.amend("Size: 3", "Size: three") },
		"wrong source":    func(w *world) string { return w.amend("Source: "+w.path("a"), "Source: "+w.path("z")) },
		"unknown content": func(w *world) string { return w.amend("Blob: ", "Blob: 0123456789012345678901234567890123456789 ") },
		"wrong previous": func(w *world) string {
			return w.amend("Previous: ", "Previous: 0123456789012345678901234567890123456789 ")
		},
		"copy elsewhere": func(w *world) string { return w.amend("Copy: copies/", "Copy: copies/etc/") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "one")
			w.run(1)
			w.write("a", "two")
			w.run(1)
			before := repotest.Git(t, w.dest, "log", "-1", "--format=%B")
			if after := change(w); after == before {
				t.Fatal("nothing was changed")
			}
			found, _ := w.verify(verify.Options{})
			for _, f := range found {
				if f.Part == verify.PartRecord || f.Part == verify.PartTree {
					return
				}
			}
			t.Errorf("found %+v", found)
		})
	}
}

// amend changes lines in the message of the newest commit: it replaces the prefix from by to. Where
// to ends in a space, it drops the rest of the line.
func (w *world) amend(from, to string) string {
	w.t.Helper()
	var lines []string
	for line := range strings.Lines(repotest.Git(w.t, w.dest, "log", "-1", "--format=%B")) {
		if rest, ok := strings.CutPrefix(line, from); ok {
			line = to + rest
			if strings.HasSuffix(to, " ") {
				line = strings.TrimSuffix(to, " ") + "\n"
			}
		}
		lines = append(lines, line)
	}
	message := strings.Join(lines, "")
	repotest.Git(w.t, w.dest, "commit", "-q", "--amend", "--allow-empty", "--cleanup=verbatim", "-m", message)
	return repotest.Git(w.t, w.dest, "log", "-1", "--format=%B")
}

// TestVerifyReadsTrees has a commit of timemachine whose tree changes more than its record says.
func TestVerifyReadsTrees(t *testing.T) {
	w := variedWorld(t)
	w.write("a", "three")
	w.run(1)
	w.check(os.WriteFile(w.file("d/b"), []byte("slipped in"), 0o600))
	repotest.Git(t, w.dest, "add", "files")
	repotest.Git(t, w.dest, "commit", "-q", "--amend", "--no-edit")
	found, _ := w.verify(verify.Options{})
	for _, f := range found {
		if f.Part == verify.PartTree && strings.Contains(f.Msg, "beside") {
			return
		}
	}
	t.Errorf("found %+v", found)
}

// TestVerifyReadsObjects damages each pack and idx. The history cannot be repaired, and verify
// leaves it alone.
func TestVerifyReadsObjects(t *testing.T) {
	w := variedWorld(t)
	files, err := filepath.Glob(filepath.Join(w.dest, ".git/objects/pack/pack-*"))
	w.check(err)
	if len(files) == 0 {
		t.Fatal("no packs")
	}
	for _, file := range files {
		good, err := os.ReadFile(file)
		w.check(err)
		bad := bytes.Clone(good)
		bad[len(bad)*2/3] ^= 1
		w.check(os.Remove(file))
		w.check(os.WriteFile(file, bad, 0o400))
		isIdx := strings.HasSuffix(file, ".idx") // made again from its pack
		for _, o := range []verify.Options{{}, {Repair: true}} {
			found, sum := w.verify(o)
			if sum.Findings == 0 || (sum.Repaired > 0) != (isIdx && o.Repair) {
				t.Errorf("%s: %+v", filepath.Base(file), sum)
			}
			ofObject := 0
			for _, f := range found {
				if f.Part == verify.PartObject {
					ofObject++
				}
			}
			if ofObject == 0 {
				t.Errorf("%s: %+v", filepath.Base(file), found)
			}
		}
		want := bad
		if isIdx {
			want = good
			w.check(os.Remove(file + ".aside"))
		}
		if now, _ := os.ReadFile(file); !bytes.Equal(now, want) {
			t.Errorf("%s is not as it should be", filepath.Base(file))
		}
		w.check(os.Remove(file))
		w.check(os.WriteFile(file, good, 0o400))
	}
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("with all put back: %v", found)
	}
}

// TestVerifyReadsTheGraph damages git's commit-graph, which is written again from the commits.
func TestVerifyReadsTheGraph(t *testing.T) {
	w := variedWorld(t)
	w.check(w.locked(func(r *repo.Writer) error {
		tip, err := r.Start(t.Context())
		if err != nil {
			return err
		}
		_, err = r.Compact(t.Context(), tip)
		return err
	}))
	layers, err := filepath.Glob(filepath.Join(w.dest, ".git/objects/info/commit-graphs/*.graph"))
	w.check(err)
	if len(layers) == 0 {
		t.Fatal("no commit-graph")
	}
	good, err := os.ReadFile(layers[0])
	w.check(err)
	for _, bad := range [][]byte{good[:len(good)/2], append(bytes.Clone(good[:len(good)-25]), make([]byte, 25)...), {}} {
		w.check(os.Remove(layers[0]))
		w.check(os.WriteFile(layers[0], bad, 0o400))
		if found, _ := w.verify(verify.Options{}); len(found) != 1 || found[0].Part != verify.PartGraph {
			t.Errorf("found %+v", found)
		}
		if found, sum := w.verify(verify.Options{Repair: true}); sum.Repaired != 1 {
			t.Errorf("repair: %+v", found)
		}
		repotest.Git(t, w.dest, "commit-graph", "verify")
		if found, _ := w.verify(verify.Options{}); len(found) > 0 {
			t.Errorf("after the repair: %+v", found)
		}
	}
}
