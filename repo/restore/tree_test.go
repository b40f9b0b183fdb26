package restore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
	"timemachine/repo/xattr"
)

// snapshot is a history of one state of a tree, in memory.
type snapshot struct {
	t        *testing.T
	contents map[object.ID][]byte
	entries  []history.Entry
	inodes   map[uint64]string // the first path of a file with more names
}

var everything = func(string) bool { return true }

// take makes a snapshot of all at and below a path.
func take(t *testing.T, root string) *snapshot {
	t.Helper()
	s := &snapshot{t: t, contents: map[object.ID][]byte{}, inodes: map[uint64]string{}}
	s.check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			s.add(path)
		}
		return err
	}))
	return s
}

func (s *snapshot) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *snapshot) store(b []byte) object.ID {
	id, err := object.HashBlob(b)
	s.check(err)
	s.contents[id] = b
	return id
}

func (s *snapshot) add(path string) {
	info, err := os.Lstat(path)
	s.check(err)
	st := info.Sys().(*syscall.Stat_t)
	r := record.Record{Event: record.Added, Source: path, Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid,
		Link: info.Mode()&fs.ModeSymlink != 0, Folder: info.IsDir(), Captured: time.Now()}
	dir, err := durable.OpenDir(filepath.Dir(path))
	s.check(err)
	defer dir.Close()
	attrs, err := xattr.ReadLink(int(dir.Fd()), filepath.Base(path), everything)
	if !errors.Is(err, xattr.ErrUnsupported) {
		s.check(err)
	}
	for _, a := range attrs {
		x := record.Xattr{Name: a.Name, Value: a.Value}
		if len(a.Value) > record.MaxXattr {
			x.Value, x.Blob = "", s.store([]byte(a.Value))
		}
		r.Xattrs = append(r.Xattrs, x)
	}
	if !r.Folder {
		var b []byte
		if r.Link {
			target, err := os.Readlink(path)
			s.check(err)
			b = []byte(target)
		} else {
			b, err = os.ReadFile(path)
			s.check(err)
		}
		r.Blob, r.Size, r.Mtime = s.store(b), int64(len(b)), info.ModTime()
		if first, ok := s.inodes[st.Ino]; ok {
			r.LinkedWith = first
		} else if st.Nlink > 1 {
			s.inodes[st.Ino] = path
		}
	}
	id, err := object.HashBlob([]byte("commit of " + path))
	s.check(err)
	s.entries = append(s.entries, history.Entry{Version: record.Version{Record: r, Commit: id}})
}

func (s *snapshot) Content(v *record.Version) (io.ReadCloser, int64, error) {
	b := s.contents[v.Blob]
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}
func (s *snapshot) Redacted(*record.Version) (object.ID, bool) { return object.ID{}, false }
func (s *snapshot) Has(object.ID) (bool, error)                { return true, nil }
func (s *snapshot) Folder() (durable.Stat, error)              { return durable.Stat{}, os.ErrNotExist }
func (s *snapshot) AttributeValue(x *record.Xattr) (string, error) {
	if x.Blob.IsZero() {
		return x.Value, nil
	}
	return string(s.contents[x.Blob]), nil
}

// folderOf finds folders among the entries.
func (s *snapshot) folderOf(path string) (history.Entry, bool, error) {
	for _, e := range s.entries {
		if e.Folder && e.Source == path {
			return e, true, nil
		}
	}
	return history.Entry{}, false, nil
}

// below are the entries at and below a path.
func (s *snapshot) below(path string) (list []history.Entry) {
	for _, e := range s.entries {
		if e.Source == path || strings.HasPrefix(e.Source, path+"/") {
			list = append(list, e)
		}
	}
	return list
}

// plan plans to restore a path.
func (s *snapshot) plan(o Options, path string) *Plan {
	s.t.Helper()
	if o.FolderOf == nil {
		o.FolderOf = s.folderOf
	}
	p, err := NewPlan(context.Background(), s, []Selection{{Path: path, Entries: s.below(path)}}, o)
	s.check(err)
	return p
}

// restore restores a path. What is replaced counts as recorded.
func (s *snapshot) restore(o Options, path string) *Plan {
	s.t.Helper()
	p := s.plan(o, path)
	defer p.Close()
	s.check(p.ConfirmStored())
	s.check(p.Write(context.Background(), func(*Step) {}))
	return p
}

// must restores a path; no step may fail.
func (s *snapshot) must(o Options, path string) *Plan {
	s.t.Helper()
	p := s.restore(o, path)
	for i := range p.Steps {
		if st := &p.Steps[i]; st.Err != nil || len(st.StillDiffers) > 0 {
			s.t.Errorf("%s: %v, differs %v, %v", st.Target, st.Err, st.StillDiffers, st.Notes)
		}
	}
	return p
}

// sh runs a script in a folder.
func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v %s", script, err, out)
	}
	return string(out)
}

// equal compares two trees with rsync, and the inodes' links by their numbers.
func equal(t *testing.T, want, got string) {
	t.Helper()
	out := sh(t, "/", "rsync -aAXHn --omit-dir-times --delete --itemize-changes "+want+"/ "+got+"/")
	if out != "" {
		t.Errorf("rsync tells:\n%s", out)
	}
}

// plant makes a tree of all kinds.
const plant = `
mkdir -p d/e/empty d/closed 'd/with space' d/é
echo one > d/a; echo two > d/e/b; : > d/e/nothing; echo s > d/closed/secret
echo 3 > 'd/with space/c'; echo n > d/é/ü
ln d/a d/e/hard; ln d/a d/closed/hard2
ln -s a d/link; ln -s nowhere d/e/dangling
echo user > d/u; setfattr -n user.note -v text d/u
echo large > d/l; setfattr -n user.large -v "$(head -c 3000 /dev/zero | tr '\0' x)" d/l
echo ro > d/ro; setfattr -n user.ro -v 1 d/ro; chmod 0400 d/ro
echo acl > d/acl; setfacl -m u:1234:rw,g:4321:r,m::rw d/acl
setfacl -m d:u:1234:rwx,u:1234:rx d/e
setfattr -n user.folder -v f d/é
chmod 0500 d/closed; chmod 2755 'd/with space'
touch -d '2020-01-02 03:04:05.123456789' d/a d/u d/e/b
`

const plantAsRoot = `
chown 1000:1001 d d/e d/u; chown -h 1000:1000 d/link
echo cap > d/cap; chown 77:78 d/cap; setcap cap_net_raw+ep d/cap; chmod 0755 d/cap
echo tr > d/tr; setfattr -n trusted.x -v y d/tr; setfattr -h -n trusted.l -v z d/link
echo suid > d/suid; chown 5:6 d/suid; chmod 6755 d/suid
chmod 1777 d/e/empty
`

// planted makes a tree on a real file system and a copy of it.
func planted(t *testing.T) (tree, want string) {
	base := tempDir(t)
	tree, want = filepath.Join(base, "t"), filepath.Join(base, "want")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	script := plant
	if os.Geteuid() == 0 {
		script += plantAsRoot
	}
	sh(t, tree, script)
	sh(t, base, "rsync -aAXH t/ want/")
	return tree, want
}

// tempDir is a folder on a file system with attributes of users and hard links.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp(os.Getenv("TMPDIR"), "restore")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("chmod", "-R", "u+rwX", dir).Run()
		os.RemoveAll(dir)
	})
	for _, tool := range []string{"rsync", "setfattr", "setfacl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	return dir
}

// TestRestoreTree damages a tree in many ways. Each time one restore brings it back, and another
// one has nothing to do.
func TestRestoreTree(t *testing.T) {
	damages := map[string]string{
		"removed":    `chmod -R u+rwx d; rm -rf d`,
		"partly":     `chmod u+w d/closed; rm -rf d/e d/closed/* d/u`,
		"modes":      `chmod -R u=rwX,go=rwX d`,
		"attributes": `chmod u+w d/ro; setfattr -n user.more -v 1 d/u; setfattr -x user.ro d/ro; setfacl -R -m u:99:rwx d; setfacl -m d:u:99:rwx d/é`,
		"file":       `chmod -R u+rwx d; rm -rf d/e; echo file > d/e`,
		"folder":     `rm d/u d/a; mkdir d/u d/a`,
		"contents":   `for f in d/a d/e/b d/acl d/l; do echo changed > $f; done`,
		"cut":        `cp -p d/a x; mv x d/e/hard`,
		"touched":    `touch d/u d/e/b d/a; touch -h d/link`,
	}
	if os.Geteuid() == 0 {
		damages["owners"] = `chown -Rh 7:7 d`
		damages["capabilities"] = `setcap -r d/cap; setfattr -x trusted.x d/tr; setcap cap_chown+ep d/suid; chmod 0755 d/suid`
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			tree, want := planted(t)
			s := take(t, tree)
			sh(t, tree, damage)
			s.must(Options{}, tree+"/d")
			equal(t, want+"/d", tree+"/d")
			for _, st := range s.must(Options{}, tree+"/d").Steps {
				if st.Action != Keep {
					t.Errorf("again: %s %s %v", st.Action, st.Target, st.Differs)
				}
			}
		})
	}
}

// TestRestoreExact also removes what was not there.
func TestRestoreExact(t *testing.T) {
	tree, want := planted(t)
	s := take(t, tree)
	sh(t, tree, `rm -r d/e/b d/u; mkdir -p d/u/deep/er d/new/empty d/e/b; echo x > d/u/deep/er/x; echo y > d/new/y; ln -s y d/new/l; echo z > d/zzz; echo outside > outside`)
	p := s.plan(Options{}, tree+"/d")
	p.Close()
	failed := 0
	for i := range p.Steps {
		if p.Steps[i].Err != nil {
			failed++
		}
	}
	if failed != 1 || len(p.Extra) == 0 {
		t.Errorf("without: %d failed, extra %q", failed, p.Extra)
	}
	p = s.must(Options{Exact: true}, tree+"/d")
	equal(t, want+"/d", tree+"/d")
	files, folders := 0, 0
	for i := range p.Steps {
		switch s := &p.Steps[i]; {
		case s.Action != Remove || s.Err != nil:
		case s.Folder:
			folders++
		default:
			files++
		}
	}
	if files != 4 || folders != 4 {
		t.Errorf("removed: %d files, %d folders", files, folders)
	}
	if _, err := os.Stat(tree + "/outside"); err != nil {
		t.Error(err)
	}
}

// TestRestoreParents makes the folders above a file as they were recorded, or as the one above.
func TestRestoreParents(t *testing.T) {
	tree, want := planted(t)
	s := take(t, tree)
	sh(t, tree, `chmod -R u+rwx d; rm -rf d`)
	s.must(Options{}, tree+"/d/e/b")
	sh(t, want, `chmod -R u+rwx d/closed; find d -mindepth 1 -maxdepth 1 ! -name e -exec rm -rf {} +; find d/e -mindepth 1 ! -name b -exec rm -rf {} +`)
	equal(t, want+"/d", tree+"/d")
	sh(t, tree, `rm -rf d; chmod 0750 .`)
	p := s.must(Options{FolderOf: func(string) (history.Entry, bool, error) { return history.Entry{}, false, nil }}, tree+"/d/e/b")
	if got := sh(t, tree, `stat -c %a d d/e`); got != "750\n750\n" || len(p.Notes) != 1 {
		t.Errorf("%q, %q", got, p.Notes)
	}
}

// TestRestoreIntoAClosedFolder opens a folder that is closed to its owner, and closes it again.
func TestRestoreIntoAClosedFolder(t *testing.T) {
	tree, want := planted(t)
	s := take(t, tree)
	sh(t, tree, `chmod 0700 d/closed; rm d/closed/secret; chmod 0500 d/closed`)
	s.must(Options{}, tree+"/d/closed/secret")
	equal(t, want+"/d", tree+"/d")
}

// TestRestoreUnderFaults lets operations of a restore fail. The next restore ends as without the
// fault, and a failed one tells so.
func TestRestoreUnderFaults(t *testing.T) {
	base := tempDir(t)
	tree, want := filepath.Join(base, "t"), filepath.Join(base, "want")
	sh(t, base, `mkdir -p t/d/e/f t/d/g want; cd t/d; echo a > a; echo b > e/f/b; ln a e/hard; ln -s a l; setfattr -n user.x -v y a
		echo m > m; chmod 0640 m; setfattr -n user.x -v y g; chmod 0555 e/f; chmod 2750 g`)
	sh(t, base, `rsync -aAXH t/ want/`)
	s := take(t, tree)
	sh(t, tree, `chmod -R u+w d/e; rm -rf d/e d/l; chmod 0777 d/m d/g; echo changed > d/a; mkdir d/new; echo n > d/new/n`)
	sh(t, base, `rsync -aAXH t/ damaged/`)
	under := func(f *repotest.Faults) bool {
		defer durable.SetSeam(f)()
		p, err := NewPlan(t.Context(), s, []Selection{{Path: tree + "/d", Entries: s.below(tree + "/d")}}, Options{Exact: true})
		if err != nil {
			return false
		}
		defer p.Close()
		s.check(p.ConfirmStored())
		err = p.Write(t.Context(), func(*Step) {})
		whole := err == nil
		for i := range p.Steps {
			whole = whole && p.Steps[i].Err == nil && len(p.Steps[i].StillDiffers) == 0
		}
		return whole
	}
	reset := func() { sh(t, base, `chmod -R u+rwx t; rsync -aAXH --delete damaged/ t/`) }
	count := &repotest.Faults{At: -1}
	if !under(count) {
		t.Fatal("without a fault")
	}
	equal(t, want+"/d", tree+"/d")
	for n, how := range repotest.AllFaults {
		step := 1
		if !*repotest.Torture {
			step = max(1, count.Count()/6)
		}
		for i := n % step; i < count.Count() && !t.Failed(); i += step {
			reset()
			f := &repotest.Faults{At: i, How: how}
			whole := under(f)
			op, hit := f.Hit()
			if !hit {
				continue
			}
			if out := sh(t, base, "rsync -aAXHn --omit-dir-times --delete --itemize-changes want/d/ t/d/"); whole && out != "" {
				t.Errorf("called whole, but rsync tells:\n%s", out)
			}
			if !under(&repotest.Faults{At: -1}) {
				t.Error("the next one failed")
			}
			// the next process would remove what this one has left
			for _, left := range strings.Fields(sh(t, base, "find t -name '.#timemachine-*'")) {
				in := filepath.Dir(filepath.Join(base, left))
				st, err := os.Stat(in)
				s.check(err)
				s.check(os.Chmod(in, 0o700)) // it may be closed again
				s.check(os.RemoveAll(filepath.Join(base, left)))
				s.check(os.Chmod(in, st.Mode()))
			}
			equal(t, want+"/d", tree+"/d")
			if t.Failed() {
				t.Logf("operation %d %s: %s %s", i, how, op.Kind, op.Path)
			}
		}
	}
}
