package watch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/watch"
	"timemachine/watch/config"
	"timemachine/watch/own"
	"timemachine/watch/scan"

	"timemachine/repo"
)

// versionLog is a Reporter that keeps versions.
type versionLog struct {
	problems
	versions []record.Version
}

func (l *versionLog) Version(v record.Version) { l.versions = append(l.versions, v) }

// record makes a run, and returns its versions as "event path", with the folder's own as "src".
func (w *world) record(o watch.RunOptions) ([]string, *versionLog) {
	w.t.Helper()
	_, l := w.recordSummary(o)
	repotest.MustCheck(w.t, w.dest)
	var lines []string
	for _, v := range l.versions {
		name := "src" + strings.TrimPrefix(v.Source, w.src)
		if v.Folder {
			name += "/"
		}
		lines = append(lines, string(v.Event)+" "+name)
	}
	return lines, l
}

// recordSummary makes a run, and returns its summary and what it reported.
func (w *world) recordSummary(o watch.RunOptions) (*watch.Summary, *versionLog) {
	w.t.Helper()
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte(w.config), config.Env{UID: -1})
	w.check(err)
	r, err := repo.Open(w.dest, w.options())
	w.check(err)
	defer r.Close()
	l := &versionLog{}
	o.Config, o.Repo, o.Own, o.Clock, o.Report = c, r, own.Places{}, w.options().Clock, l
	s, err := watch.Run(w.t.Context(), o)
	w.check(err)
	return s, l
}

// records makes a run that must record these versions, and no problem.
func (w *world) records(want ...string) []record.Version {
	w.t.Helper()
	got, l := w.record(watch.RunOptions{})
	if !slices.Equal(got, want) || len(l.problems) > 0 {
		w.t.Fatalf("got  %q\nwant %q\nproblems %v", got, want, l.problems)
	}
	return l.versions
}

// TestFolders: each folder below an entry's root has versions, and so has the root: of what it is,
// and not of what lies in it.
func TestFolders(t *testing.T) {
	w := newWorld(t)
	w.write("d/f", "1")
	w.check(os.MkdirAll(w.path("empty/deep"), 0o755))
	w.check(os.Chmod(w.path("empty"), 0o750|os.ModeSetgid))
	first := w.records("added src/", "added src/d/", "added src/empty/", "added src/empty/deep/", "added src/d/f")
	if v := first[2]; v.Mode != 0o2750 || !v.Mtime.IsZero() || !v.Blob.IsZero() || v.Copy != "" {
		t.Errorf("the version of a folder is %+v", v)
	}
	w.write("d/g", "a new name changes a folder's stat, and makes no version of it")
	w.records("added src/d/g")
	w.check(os.Chmod(w.path("d"), 0o700))
	changed := w.records("metadata src/d/")
	if changed[0].Changed.IsZero() || changed[0].Previous != first[1].Commit {
		t.Errorf("the version is %+v", changed[0])
	}
	w.check(os.Rename(w.path("d"), w.path("e")))
	moved := w.records("added src/e/", "added src/e/f", "added src/e/g", "deleted src/d/f", "deleted src/d/g", "deleted src/d/")
	if moved[0].RenamedFrom != w.path("d") || moved[1].RenamedFrom != w.path("d/f") {
		t.Errorf("renamed from %q and %q", moved[0].RenamedFrom, moved[1].RenamedFrom)
	}
	w.check(os.RemoveAll(w.path("e")))
	w.write("e", "a file in a folder's place")
	w.records("deleted src/e/f", "deleted src/e/g", "type-changed src/e")
	w.check(os.Remove(w.path("e")))
	w.write("e/h", "and a folder again")
	w.records("type-changed src/e/", "added src/e/h")
	w.check(os.RemoveAll(w.path("empty")))
	w.records("deleted src/empty/deep/", "deleted src/empty/")
	if got := w.tree(); !slices.Equal(got, []string{"e/h"}) {
		t.Errorf("the tree holds %q", got)
	}
	w.records()
}

// TestFoldersOfTheCommits: without the cache, folders are known from the commits.
func TestFoldersOfTheCommits(t *testing.T) {
	w := newWorldWithXattrs(t, 100)
	w.write("d/f", "1")
	w.check(unix.Setxattr(w.path("d"), "user.a", []byte("1"), 0))
	w.records("added src/", "added src/d/", "added src/d/f")
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.records()
}

// TestFoldersThatAreNone: what is excluded, the destination, and the folders that a pattern only
// leads through have no versions, also when the exclusion comes later.
func TestFoldersThatAreNone(t *testing.T) {
	w := newWorld(t)
	w.write("d/x/a.md", "1")
	w.write("cache/f", "1")
	w.dest = filepath.Join(w.src, "dest")
	w.check(repo.Init(w.dest, repo.Options{}))
	w.records("added src/", "added src/cache/", "added src/d/", "added src/d/x/", "added src/d/x/a.md", "added src/cache/f")
	w.config = "watch: [" + w.src + "]\nexclude: [cache/]\n"
	w.records()
	w.check(os.RemoveAll(w.path("cache")))
	w.records()
	w.config = "- " + w.src + "/**/*.md\n"
	w.check(os.Chmod(w.path("d"), 0o700))
	w.records()
}

// TestFolderDeletionsAreHeldBack: the deletion of a folder is held back like that of a file.
func TestFolderDeletionsAreHeldBack(t *testing.T) {
	w := newWorld(t)
	w.check(os.MkdirAll(w.path("a/b"), 0o755))
	w.records("added src/", "added src/a/", "added src/a/b/")
	w.check(os.RemoveAll(w.src))
	got, l := w.record(watch.RunOptions{})
	if len(got) > 0 || len(l.problems) != 1 || l.problems[0].Msg != "is missing: not taken for deleted" || l.problems[0].Remedy.Kind != scan.AcceptDeletions {
		t.Fatalf("%q, %v", got, l.problems)
	}
	if got, _ := w.record(watch.RunOptions{AcceptDeletions: []string{w.src}}); !slices.Equal(got, []string{"deleted src/a/b/", "deleted src/a/", "deleted src/"}) {
		t.Errorf("%q", got)
	}
}

// acl is an access list in the kernel's form, with rights for a user.
func acl(uid uint32) []byte {
	b := []byte{2, 0, 0, 0}
	for _, e := range [][3]uint32{{1, 6, ^uint32(0)}, {2, 4, uid}, {4, 4, ^uint32(0)}, {16, 4, ^uint32(0)}, {32, 4, ^uint32(0)}} {
		b = append(b, byte(e[0]), 0, byte(e[1]), 0, byte(e[2]), byte(e[2]>>8), byte(e[2]>>16), byte(e[2]>>24))
	}
	return b
}

// TestXattrs: attributes are in the records of files and folders. A change of them alone is a
// version.
func TestXattrs(t *testing.T) {
	w := newWorldWithXattrs(t, 100)
	w.write("d/f", "1")
	set := func(name, attr string, value []byte) {
		t.Helper()
		w.check(unix.Setxattr(w.path(name), attr, value, 0))
	}
	set("d/f", "user.b", []byte("2\x00"))
	set("d/f", "user.a", nil)
	set("d", "user.folder", []byte("x"))
	v := w.records("added src/", "added src/d/", "added src/d/f")
	if got := v[2].Xattrs; !slices.Equal(got, []record.Xattr{{Name: "user.a"}, {Name: "user.b", Value: "2\x00"}}) {
		t.Errorf("the file's are %q", got)
	}
	if got := v[1].Xattrs; !slices.Equal(got, []record.Xattr{{Name: "user.folder", Value: "x"}}) {
		t.Errorf("the folder's are %q", got)
	}
	set("d/f", "system.posix_acl_access", acl(1234))
	set("d", "system.posix_acl_default", acl(1234))
	v = w.records("metadata src/d/", "metadata src/d/f")
	if got := v[1].Xattrs[0]; got.Name != "system.posix_acl_access" || got.Value != string(acl(1234)) {
		t.Errorf("the access list is %q", got)
	}
	w.check(unix.Removexattr(w.path("d/f"), "user.a"))
	w.records("metadata src/d/f")
	w.want("Change attributes of d/f")

	w.config = "watch: [" + w.src + "]\nexclude-xattrs: [\"user.[bl]*\"]\n"
	w.write("d/f", "2")
	v = w.records("modified src/d/f")
	if got := v[0].Xattrs; len(got) != 1 || got[0].Name != "system.posix_acl_access" {
		t.Errorf("the attributes left are %q", got)
	}
}

// TestLongXattrs: a value over 4 KiB is in a blob. No record is made where it stays. An ext4
// without ea_inode has no room for one, so that the world may be in memory where others are on
// disk.
func TestLongXattrs(t *testing.T) {
	w := newWorldWithXattrs(t, 8000)
	w.write("f", "1")
	w.records("added src/", "added src/f")
	long := strings.Repeat("long", 2000)
	w.check(unix.Setxattr(w.path("f"), "user.long", []byte(long), 0))
	v := w.records("metadata src/f")
	if x := v[0].Xattrs[0]; x.Value != "" || repotest.Git(t, w.dest, "cat-file", "blob", x.Blob.String()) != long {
		t.Errorf("a long value is %+v", x)
	}
	w.records()
	w.config = "watch: [" + w.src + "]\nexclude-xattrs: [\"user.l*\"]\n"
	w.write("f", "2")
	v = w.records("modified src/f")
	if got := v[0].Xattrs; len(got) != 0 {
		t.Errorf("the attributes left are %q", got)
	}
}

// TestXattrsOfAPreview: a preview tells that attributes alone have changed.
func TestXattrsOfAPreview(t *testing.T) {
	w := newWorldWithXattrs(t, 100)
	w.write("f", "1")
	w.settled("f")
	w.records("added src/", "added src/f")
	w.check(unix.Setxattr(w.path("f"), "user.a", []byte("1"), 0))
	w.check(unix.Setxattr(w.src, "user.a", []byte("1"), 0))
	p := w.preview()
	if len(p.Changes) != 2 || !p.Changes[0].Folder || p.Changes[0].Events[0] != record.Metadata || p.Changes[1].Events[0] != record.Metadata || p.Changes[1].Maybe {
		t.Errorf("%+v", p.Changes)
	}
}

// TestHardLinks: names of one file say so in their records, by the name that stands for all.
func TestHardLinks(t *testing.T) {
	w := newWorld(t)
	link := func(old, new string) {
		t.Helper()
		w.check(os.Link(w.path(old), w.path(new)))
	}
	with := func(versions []record.Version) (names []string) {
		for _, v := range versions {
			if !v.Folder && v.Event != record.Deleted {
				names = append(names, strings.TrimPrefix(v.LinkedWith, w.src+"/"))
			}
		}
		return names
	}
	wantWith := func(versions []record.Version, want ...string) {
		t.Helper()
		if got := with(versions); !slices.Equal(got, want) {
			t.Errorf("linked with %q, want %q", got, want)
		}
	}
	w.write("b", "1")
	w.write("single", "2")
	link("b", "c")
	wantWith(w.records("added src/", "added src/b", "added src/c", "added src/single"), "", "b", "")
	link("b", "a") // the one that is recorded stands for all, not the first
	wantWith(w.records("added src/a"), "b")
	link("single", "other")
	wantWith(w.records("added src/other"), "single")
	w.records()
	w.check(os.Remove(w.path("b")))
	w.records("deleted src/b")
	w.write("b", "another file by now")
	w.check(os.Chtimes(w.path("b"), day0, day0))
	w.write("a", "3") // and c, which is the same
	wantWith(w.records("added src/b", "modified src/a", "modified src/c"), "", "", "a")
	w.check(os.Remove(w.path("single")))
	w.write("single", "2")
	w.check(os.Chmod(w.path("other"), 0o600))
	wantWith(w.records("metadata src/other", "touched src/single"), "", "")
	w.check(os.Remove(filepath.Join(w.dest, ".git/timemachine/cache")))
	w.records()
}

// TestRestoredVersions: what a restore has brought back is recorded as such, where it changed.
func TestRestoredVersions(t *testing.T) {
	w := newWorld(t)
	w.write("f", "1")
	w.check(os.Mkdir(w.path("d"), 0o755))
	v := w.records("added src/", "added src/d/", "added src/f")
	w.write("f", "2")
	w.check(os.Chmod(w.path("d"), 0o700))
	w.records("metadata src/d/", "modified src/f")
	w.write("f", "1")
	w.check(os.Chmod(w.path("d"), 0o755))
	o := watch.RunOptions{Only: []string{w.path("f")}, OnlyFolders: []string{w.path("d")}, Restored: map[string]object.ID{w.path("d"): v[1].Commit, w.path("f"): v[2].Commit}}
	got, l := w.record(o)
	if !slices.Equal(got, []string{"restored src/d/", "restored src/f"}) || l.versions[0].RestoredFrom != v[1].Commit || l.versions[1].RestoredFrom != v[2].Commit {
		t.Errorf("%q: %+v", got, l.versions)
	}
	w.write("other", "not looked at")
	if got, _ := w.record(o); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
