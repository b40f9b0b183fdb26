package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
	"timemachine/repo/verify"
)

const ourAttributes = "* -text -ident -filter -working-tree-encoding !eol !diff !merge\n"

// replaceWith removes a path and calls put, which makes something else there.
func (w *world) replaceWith(place string, put func() error) {
	w.t.Helper()
	w.check(os.RemoveAll(place))
	w.check(put())
}

// TestInfoIsRewritten checks that verify sees a foreign change to .git/info, and that a run undoes
// it and keeps foreign lines.
func TestInfoIsRewritten(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(w *world, info string)
		says string // what the run says
		then string // .git/info/attributes, afterwards
	}{
		{"attributes changed", func(w *world, info string) {
			w.check(os.WriteFile(filepath.Join(info, "attributes"), []byte("* text eol=crlf\n"), 0o600))
		}, "info/attributes", "* text eol=crlf\n" + ourAttributes},
		{"a line after ours", func(w *world, info string) {
			w.check(os.WriteFile(filepath.Join(info, "attributes"), []byte("# mine\n*.c diff=cpp\n"+ourAttributes+"* eol=crlf"), 0o600))
		}, "info/attributes", "# mine\n*.c diff=cpp\n* eol=crlf\n" + ourAttributes},
		{"attributes missing", func(w *world, info string) { w.check(os.Remove(filepath.Join(info, "attributes"))) }, "info/attributes", ourAttributes},
		{"attributes a FIFO", func(w *world, info string) {
			name := filepath.Join(info, "attributes")
			w.replaceWith(name, func() error { return syscall.Mkfifo(name, 0o600) })
		}, "info/attributes", ourAttributes},
		{"attributes a folder", func(w *world, info string) {
			name := filepath.Join(info, "attributes")
			w.replaceWith(name, func() error { return os.MkdirAll(filepath.Join(name, "x"), 0o700) })
		}, "info/attributes", ourAttributes},
		{"exclude a FIFO", func(w *world, info string) {
			name := filepath.Join(info, "exclude")
			w.replaceWith(name, func() error { return syscall.Mkfifo(name, 0o600) })
		}, "info/exclude", ourAttributes},
		{"exclude empty", func(w *world, info string) { w.check(os.Truncate(filepath.Join(info, "exclude"), 0)) }, "", ourAttributes},
		{"info a file", func(w *world, info string) {
			w.replaceWith(info, func() error { return os.WriteFile(info, nil, 0o600) })
		}, "info", ourAttributes},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "1\n")
			w.run(1)
			info := filepath.Join(w.dest, ".git/info")
			row.do(w, info)
			if found, _ := w.verify(verify.Options{}); len(found) == 0 || !strings.HasPrefix(found[0].Path, ".git/info/") {
				t.Errorf("found %+v", found)
			}
			w.write("a", "2\n")
			if p := w.run(1); row.says != "" && !w.says(p, ".git/"+row.says, "") {
				t.Errorf("it says %v", p)
			}
			if b, err := os.ReadFile(filepath.Join(info, "attributes")); err != nil || string(b) != row.then {
				t.Errorf("attributes are %q, %v", b, err)
			}
			if got := repotest.Git(t, w.dest, "check-attr", "text", "eol", "--", "files/x"); got != "files/x: text: unset\nfiles/x: eol: unspecified\n" {
				t.Errorf("git takes them for %q", got)
			}
			if p := w.run(0); len(p) > 0 {
				t.Errorf("the next run says %v", p)
			}
			row.do(w, info)
			if found, sum := w.verify(verify.Options{Repair: true}); sum.Findings == 0 || sum.Repaired != sum.Findings {
				t.Errorf("repair: %+v", found)
			}
			if found, _ := w.verify(verify.Options{}); len(found) > 0 {
				t.Errorf("after the repair: %+v", found)
			}
		})
	}
}

// TestAttributesAreRewritten checks that a run writes .gitattributes in the work tree again, but
// not where a foreign commit has another one, or during a merge.
func TestAttributesAreRewritten(t *testing.T) {
	for name, do := range map[string]func(w *world, name string){
		"deleted": func(w *world, name string) { w.check(os.Remove(name)) },
		"edited":  func(w *world, name string) { w.check(os.WriteFile(name, []byte("* text eol=crlf\n"), 0o600)) },
		"staged": func(w *world, name string) {
			w.check(os.WriteFile(name, []byte("* text eol=crlf\n"), 0o600))
			repotest.Git(w.t, w.dest, "add", ".gitattributes")
		},
		"a FIFO": func(w *world, name string) { w.replaceWith(name, func() error { return syscall.Mkfifo(name, 0o600) }) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("a", "1")
			w.run(1)
			name := filepath.Join(w.dest, ".gitattributes")
			for _, versions := range []int{0, 1} {
				do(w, name)
				if versions > 0 {
					w.write("a", "2")
				}
				s, p, err := w.try()
				w.check(err)
				if fileVersions(s) != versions || !w.says(p, ".gitattributes", "") {
					t.Errorf("%d versions, it says %v", fileVersions(s), p)
				}
				if b, err := os.ReadFile(name); err != nil || string(b) != ourAttributes {
					t.Errorf("it is %q, %v", b, err)
				}
				w.check(os.RemoveAll(name + ".aside"))
				if p := w.run(0); len(p) > 0 {
					t.Errorf("the next run says %v", p)
				}
			}
		})
	}
	w := newWorld(t)
	w.write("a", "1")
	w.run(1)
	name := filepath.Join(w.dest, ".gitattributes")
	w.check(os.WriteFile(name, []byte("*.c diff=cpp\n"), 0o600))
	merge := filepath.Join(w.dest, ".git/MERGE_HEAD")
	w.check(os.WriteFile(merge, nil, 0o600))
	w.try()
	if b, _ := os.ReadFile(name); string(b) != "*.c diff=cpp\n" {
		t.Errorf("in a merge it is changed to %q", b)
	}
	w.check(os.Remove(merge))
	repotest.Git(t, w.dest, "commit", "-qam", "mine")
	w.run(0)
	w.write("a", "2")
	w.run(1)
	if b, _ := os.ReadFile(name); string(b) != "*.c diff=cpp\n" {
		t.Errorf("what was committed is changed to %q", b)
	}
}

// TestAttributesOfTheFirstRun checks that the index has .gitattributes also where the first run
// could not put the file on disk, or not write it.
func TestAttributesOfTheFirstRun(t *testing.T) {
	for _, kind := range []durable.Kind{durable.SyncDir, durable.Rename} {
		w := newWorld(t)
		w.write("a", "1")
		remove := durable.SetSeam(&failsAt{kind: kind, name: filepath.Join(w.dest, ".gitattributes")})
		w.runAny()
		remove()
		w.run(0)
		w.upToDate()
	}
}

// failsAt lets the renaming to a name fail, or what comes next of another kind, once.
type failsAt struct {
	kind durable.Kind
	name string

	mu            sync.Mutex
	renamed, done bool
}

func (f *failsAt) Before(op *durable.Op) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	renames := op.Kind == durable.Rename && op.To == f.name
	if f.done || op.Kind != f.kind || !renames && !f.renamed {
		return nil
	}
	f.done = true
	return syscall.EIO
}

func (f *failsAt) After(op *durable.Op) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renamed = f.renamed || op.Kind == durable.Rename && op.To == f.name
}
