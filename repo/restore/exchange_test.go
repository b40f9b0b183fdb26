package restore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/restore/reach"
)

// meanwhile is another user who does something once, before the first operation that he waits for.
type meanwhile struct {
	t    *testing.T
	when func(*durable.Op) bool
	do   func() error
	done bool
}

func (m *meanwhile) Before(op *durable.Op) error {
	if !m.done && m.when(op) {
		m.done = true
		if err := m.do(); err != nil {
			m.t.Error(err)
		}
	}
	return nil
}

func (*meanwhile) After(*durable.Op) {}

// failed lists the targets that a restore beside m could not bring back, below a folder.
func (m *meanwhile) failed(s *snapshot, path string) (failed []string) {
	m.t.Helper()
	defer durable.SetSeam(m)()
	p := s.restore(Options{}, path)
	if !m.done {
		m.t.Fatal("nothing was done meanwhile")
	}
	for st := range p.all {
		if errors.Is(st.Err, reach.ErrChanged) {
			failed = append(failed, strings.TrimPrefix(st.Target, path+"/"))
		}
	}
	return failed
}

// TestFolderExchanged: a folder that a restore has made is exchanged for another one while it is
// filled, and others are. What comes later does not go into that.
func TestFolderExchanged(t *testing.T) {
	tree := filepath.Join(tempDir(t), "t")
	sh(t, "/", "mkdir -p "+tree+"/d/x "+tree+"/d/y; cd "+tree+"/d; for f in $(seq 200); do echo $f >x/$f; echo $f >y/$f; done")
	s := take(t, tree)
	sh(t, tree, "rm -r d")
	m := &meanwhile{t: t, when: func(op *durable.Op) bool { return op.Kind == durable.Rename && strings.Contains(op.To, "/x/") },
		do: func() error {
			return errors.Join(os.Rename(tree+"/d/y", tree+"/d/theirs"), os.Mkdir(tree+"/d/y", 0o777))
		}}
	failed := m.failed(s, tree+"/d")
	if got := sh(t, tree, "ls d/y"); got != "" {
		t.Errorf("the other folder holds %q", got)
	}
	if len(failed) < 100 || failed[0] != "y" {
		t.Errorf("failed: %q", failed)
	}
}

// TestLeaderExchanged: a file is exchanged for another one before its further names are made. They
// do not become names of that, and come back as a file of their own.
func TestLeaderExchanged(t *testing.T) {
	tree := filepath.Join(tempDir(t), "t")
	sh(t, "/", "mkdir -p "+tree+"/d; cd "+tree+"/d; echo same >a; ln a b; echo same >other; touch -r a other")
	s := take(t, tree)
	sh(t, tree, "rm d/a d/b")
	named := 0 // looks at the first name since it was given
	when := func(op *durable.Op) bool {
		if strings.HasSuffix(op.To, "/d/a") || named > 0 && op.Kind == durable.Lstat && strings.HasSuffix(op.Path, "/d/a") {
			named++
		}
		return named == 3 // after it was compared with the version
	}
	m := &meanwhile{t: t, when: when, do: func() error {
		return errors.Join(os.Remove(tree+"/d/a"), os.Link(tree+"/d/other", tree+"/d/a"))
	}}
	if failed := m.failed(s, tree+"/d"); len(failed) > 0 || sh(t, tree, "cat d/b") != "same\n" {
		t.Errorf("failed: %q", failed)
	}
	if got := sh(t, tree, "test d/b -ef d/other && echo joined || true"); got != "" {
		t.Error("the other file has got a name more")
	}
}

// TestNoListOfTheFolderAbove: the default access list of a folder, and that of a file in the way,
// open no file that is restored, also where its attributes are not recorded.
func TestNoListOfTheFolderAbove(t *testing.T) {
	tree := filepath.Join(tempDir(t), "t")
	sh(t, "/", "mkdir -p "+tree+"/d; cd "+tree+"/d; echo secret >f; chmod 0640 f")
	s := take(t, tree)
	for what, prepare := range map[string]string{
		"of the folder":   "rm -f d/f; setfacl -d -m u:1234:rwx d",
		"of another file": "setfacl -k d; rm -f d/f; echo theirs >d/f; chmod 0666 d/f; setfacl -m u:1234:rw d/f",
	} {
		for known, attributes := range map[string]func(string) bool{"recorded": nil, "not recorded": func(name string) bool { return !strings.HasPrefix(name, "system.") }} {
			sh(t, tree, prepare)
			o := Options{Attributes: attributes, FolderOf: func(string) (history.Entry, bool, error) { return history.Entry{}, false, nil }}
			s.restore(o, tree+"/d/f")
			if got := sh(t, tree, "getfacl -cn d/f; stat -c %a d/f"); strings.Contains(got, "1234") || !strings.HasSuffix(got, "640\n") {
				t.Errorf("%s, %s: the file has the list\n%s", what, known, got)
			}
		}
	}
}

// TestStandingLeaderChanges: a name that stays, by which a restored one is to be joined, becomes
// another file, or holds another content with the same mtime, before that is done. The restored
// name holds the version's content.
func TestStandingLeaderChanges(t *testing.T) {
	for what, do := range map[string]string{
		"rewritten": "echo EVIL >d/a; touch -r d/other d/a",
		"exchanged": "echo EVIL >d/x; touch -r d/other d/x; mv d/x d/a",
		"removed":   "rm d/a",
		"closed":    "chmod 600 d/a",
		"larger":    "truncate -s 1T d/a; touch -r d/other d/a",
	} {
		tree := filepath.Join(tempDir(t), "t")
		sh(t, "/", "mkdir -p "+tree+"/d; cd "+tree+"/d; echo same >a; ln a b; echo more >other; echo first >c; touch -d 2020-01-01 a other")
		s := take(t, tree)
		sh(t, tree, "rm d/b d/c")
		m := &meanwhile{t: t, when: func(op *durable.Op) bool { return op.Kind == durable.Rename && strings.HasSuffix(op.To, "/d/c") },
			do: func() error { sh(t, tree, do); return nil }}
		if failed := m.failed(s, tree+"/d"); len(failed) > 0 {
			t.Errorf("%s: failed: %q", what, failed)
		}
		if got := sh(t, tree, "cat d/b"); got != "same\n" {
			t.Errorf("%s: the restored name holds %.20q", what, got)
		}
	}
}
