package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo"
	"timemachine/repo/repotest"
)

// TestNamesThatFold has a destination that was found at init to fold names and to have no links (which this one does not
// need to: nothing but git's settings says so). All is recorded; of names that are one there the first has the place in
// files/, the others are named; a link's target stands in a file.
func TestNamesThatFold(t *testing.T) {
	w := newWorld(t)
	repotest.Git(t, w.dest, "config", "core.ignorecase", "true")
	repotest.Git(t, w.dest, "config", "core.symlinks", "false")
	for _, name := range []string{"A", "a", "Dir/x", "dir/x", "dir/y", "\u00dc", "\u00fc", "plain"} {
		w.write(name, "content of "+name)
	}
	w.check(os.Symlink("to nowhere", w.path("link")))
	s, p, err := w.try()
	w.check(err)
	var named []string
	for _, q := range p {
		if !q.Warning || !strings.Contains(q.Msg, "no place of its own") {
			t.Errorf("it says: %v", q)
		}
		named = append(named, strings.TrimPrefix(q.Path, w.src+"/"))
	}
	if got := strings.Join(named, " "); got != "a dir/x \u00fc" || s.Versions != 9 {
		t.Errorf("named: %q, %d versions", got, s.Versions)
	}
	for _, name := range []string{"A", "a", "dir/x", "\u00fc"} {
		if got := w.committed(name); got != "content of "+name {
			t.Errorf("%s is recorded as %q", name, got)
		}
	}
	for name, want := range map[string]string{"A": "content of A", "Dir/x": "content of Dir/x", "dir/y": "content of dir/y", "link": "to nowhere"} {
		if got, err := os.ReadFile(w.file(name)); err != nil || string(got) != want {
			t.Errorf("files/ has %s as %q: %v", name, got, err)
		}
	}
	if st, err := os.Lstat(w.file("link")); err != nil || !st.Mode().IsRegular() {
		t.Errorf("the link is %v: %v", st, err)
	}
	for _, name := range []string{"a", "dir/x"} {
		if _, err := os.Lstat(w.file(name)); err == nil {
			t.Errorf("files/ has %s", name)
		}
	}
	if index, head := repotest.Git(t, w.dest, "write-tree"), repotest.Git(t, w.dest, "rev-parse", "HEAD^{tree}"); index != head {
		t.Error("the index is not HEAD's tree")
	}
	if found, _ := w.verify(repo.VerifyOptions{}); len(found) > 0 {
		t.Errorf("verify: %+v", found)
	}
	if _, p, err := w.try(); err != nil || len(p) > 0 {
		t.Errorf("a run with nothing to do: %v %v", p, err)
	}
	w.check(os.Remove(w.path("A")))
	w.write("a", "has the place now")
	if _, p, err := w.try(); err != nil || len(p) > 0 {
		t.Errorf("%v %v", p, err)
	}
	if got, err := os.ReadFile(w.file("a")); err != nil || string(got) != "has the place now" {
		t.Errorf("files/ has a as %q: %v", got, err)
	}
	if copies, err := filepath.Glob(filepath.Join(w.dest, "copies", w.src, "a", "*")); err != nil || len(copies) != 1 {
		t.Errorf("copies of a: %q %v", copies, err)
	}
}
