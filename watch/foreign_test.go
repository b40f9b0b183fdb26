package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/refusal"
	"timemachine/repo/verify"
)

// TestForeignFolderAtACopy has a foreign folder at the path of a copy. The folder stays with its
// content. The copy is reported with the reason, and leaves no temporary file.
func TestForeignFolderAtACopy(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.write("b", "1")
	w.run(2)
	for _, name := range []string{"a", "b"} {
		w.write(name, "2")
	}
	when := time.Unix(1_700_000_000, 5000)
	w.check(os.Chtimes(w.path("a"), when, when))
	name, err := layout.Usual.CopyPath(w.path("a"), when, 0)
	w.check(err)
	place := filepath.Join(w.dest, name)
	w.check(os.MkdirAll(filepath.Join(place, "somebody's"), 0o700))

	s, p, err := w.try()
	w.check(err)
	if fileVersions(s) != 2 || len(p) != 1 || p[0].Path != w.path("a") || !strings.Contains(p[0].Msg, "has no copy beside the history: directory not empty") {
		t.Errorf("%d versions, it says %v", fileVersions(s), p)
	}
	if staged, err := os.ReadDir(filepath.Join(w.dest, ".git/timemachine/stage")); err != nil || len(staged) > 0 {
		t.Errorf("left in the stage: %v %v", staged, err)
	}
	if _, err := os.Stat(filepath.Join(place, "somebody's")); err != nil {
		t.Error(err)
	}
	w.check(os.RemoveAll(place))
	w.run(0)
	if b, err := os.ReadFile(place); err != nil || string(b) != "2" {
		t.Errorf("the copy is %q, %v", b, err)
	}
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("verify: %+v", found)
	}
}

// TestForeignFileInFiles has a foreign file in files/ at the path of a new source. It is kept under
// another name.
func TestForeignFileInFiles(t *testing.T) {
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	for _, name := range []string{"b", "b.aside"} {
		w.check(os.WriteFile(w.file(name), []byte("my own "+name), 0o600))
	}
	w.check(os.Symlink("elsewhere", w.file("c")))
	w.write("b", "2")
	w.write("c", "3")
	_, p, err := w.try()
	w.check(err)
	if len(p) != 2 || !p[0].Warning || !strings.Contains(p[0].Msg, "foreign file") {
		t.Errorf("it says: %v", p)
	}
	for name, want := range map[string]string{"b": "2", "c": "3", "b.aside": "my own b.aside", "b.aside2": "my own b"} {
		if got, err := os.ReadFile(w.file(name)); err != nil || string(got) != want {
			t.Errorf("files/ has %s as %q: %v", name, got, err)
		}
	}
	if to, err := os.Readlink(w.file("c.aside")); err != nil || to != "elsewhere" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	w.sound()
}

// TestReplacedFolders replaces files/ or copies/ by something foreign. A run records, moves that
// aside and makes the folder again.
func TestReplacedFolders(t *testing.T) {
	for _, name := range []string{"files", "copies"} {
		for kind, put := range map[string]func(w *world, place string){
			"link": (*world).linkAway,
			"file": func(w *world, place string) {
				w.check(os.RemoveAll(place))
				w.check(os.WriteFile(place, []byte("somebody's"), 0o600))
			},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				w := variedWorld(t)
				place := filepath.Join(w.dest, name)
				put(w, place)
				was, _ := os.Readlink(place)
				before := namesBelow(t, was)
				w.write("a", "three")
				s, p, err := w.try()
				w.check(err)
				if fileVersions(s) != 1 || !w.says(p, name, `is no folder, and was moved to "`+name+`.aside"`) && !w.says(p, name, "is no folder, and was moved to "+name+".aside") {
					t.Errorf("%d versions, it says %v", fileVersions(s), p)
				}
				for _, q := range p {
					if name == "copies" && q.Remedy != (refusal.Remedy{Kind: refusal.RebuildCopies, Dest: w.dest}) {
						t.Errorf("the remedy is %+v", q.Remedy)
					}
				}
				if st, err := os.Lstat(place); err != nil || st.Mode() != os.ModeDir|0o700 {
					t.Errorf("%v %v", st.Mode(), err)
				}
				if after := namesBelow(t, was); after != before {
					t.Errorf("where the link leads there is %s, before %s", after, before)
				}
				w.check(os.Remove(place + ".aside"))
				if name == "copies" {
					w.check(w.locked(func(r *repo.Writer) error {
						_, err := r.RebuildCopies(t.Context(), repo.RebuildOptions{})
						return err
					}))
				}
				if found, _ := w.verify(verify.Options{}); len(found) > 0 {
					t.Errorf("verify: %+v", found)
				}
				w.run(0)

				put(w, place)
				if found, sum := w.verify(verify.Options{Repair: true}); sum.Repaired != sum.Findings {
					t.Errorf("repair: %+v", found)
				}
				w.check(os.Remove(place + ".aside"))
				if found, _ := w.verify(verify.Options{}); len(found) > 0 {
					t.Errorf("after the repair: %+v", found)
				}
			})
		}
	}
}

// namesBelow lists all below a folder.
func namesBelow(t *testing.T, folder string) string {
	t.Helper()
	if folder == "" {
		return ""
	}
	var all []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return strings.Join(all, "\n")
}

// TestFolderThatCannotBeMovedAside has a foreign folder in place of copies/ that cannot be renamed.
// It is reported with the command, and the history goes on.
func TestFolderThatCannotBeMovedAside(t *testing.T) {
	w := variedWorld(t)
	place := filepath.Join(w.dest, "copies")
	w.linkAway(place)
	was, err := os.Readlink(place)
	w.check(err)
	before := namesBelow(t, was)
	w.write("a", "three")
	remove := durable.SetSeam(refuse(place))
	s, p, err := w.try()
	remove()
	w.check(err)
	if fileVersions(s) != 1 || !w.says(p, "copies", "could not be moved aside: operation not permitted") || w.committed("a") != "three" {
		t.Errorf("%d versions, it says %v", fileVersions(s), p)
	}
	if after := namesBelow(t, was); after != before {
		t.Errorf("where the link leads there is %s, before %s", after, before)
	}
	if _, p, err := w.try(); err != nil || !w.says(p, "copies", "was moved to") {
		t.Errorf("the next run says %v, %v", p, err)
	}
}

// refuse is a seam that refuses to rename a path.
type refuse string

func (r refuse) Before(op *durable.Op) error {
	if op.Kind == durable.Rename && op.Path == string(r) {
		return unix.EPERM
	}
	return nil
}

func (refuse) After(*durable.Op) {}

// TestForeignFileStays checks that a run leaves a foreign file at the path of a version, and
// reports the command that moves it aside.
func TestForeignFileStays(t *testing.T) {
	w := variedWorld(t)
	w.linkAway(w.file("d"))
	w.write("d/b", "three")
	s, p, err := w.try()
	w.check(err)
	if fileVersions(s) != 1 || len(p) != 1 || p[0].Remedy != (refusal.Remedy{Kind: refusal.MoveAsideByRepair, Dest: w.dest}) {
		t.Errorf("%d versions, it says %v", fileVersions(s), p)
	}
	if found, sum := w.verify(verify.Options{Repair: true}); sum.Repaired != sum.Findings {
		t.Errorf("repair: %+v", found)
	}
	w.check(os.Remove(w.file("d.aside")))
	if p := w.run(0); len(p) > 0 {
		t.Errorf("it says %v", p)
	}
}
