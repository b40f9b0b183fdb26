package watch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo"
	"timemachine/repo/refusal"
	"timemachine/repo/verify"
)

// TestSkippedCopiesAreWritten checks that a run with enough free space writes the copies that an
// earlier run left out. Only the run that leaves them out reports it. Copies that the configuration
// excludes are not pending.
func TestSkippedCopiesAreWritten(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		w := newWorld(t)
		roomy := w.config
		tight := "watch: [" + w.src + "]\ncopies: {min-free: 100%}\n"
		w.write("a", "1")
		w.write("b", "1")
		w.run(2)
		owed := filepath.Join(w.dest, ".git/timemachine/owed")
		w.config = tight
		for _, text := range []string{"two", "three!"} {
			w.write("a", text)
			if p := w.run(1); len(p) != 1 || !strings.Contains(p[0].Msg, "no copies are written") {
				t.Errorf("it says %v", p)
			}
		}
		w.check(os.Remove(w.path("b")))
		w.run(1)
		if p := w.run(0); len(p) > 0 {
			t.Errorf("a run with nothing to do says %v", p)
		}
		found, _ := w.verify(verify.Options{})
		for _, f := range found {
			if f.Part != verify.PartCopy || f.Remedy != (refusal.Remedy{Kind: refusal.RebuildCopies, Dest: w.dest, Bare: true}) {
				t.Errorf("found %+v", f)
			}
		}
		if len(found) != 2 {
			t.Errorf("found %+v", found)
		}
		if damaged {
			w.check(os.WriteFile(owed, []byte("zzz"), 0o600))
		}
		w.config = roomy
		if p := w.run(0); len(p) > 0 {
			t.Errorf("the run that makes up says %v", p)
		}
		if found, _ := w.verify(verify.Options{}); len(found) > 0 {
			t.Errorf("afterwards: %+v", found)
		}
		if _, err := os.Lstat(owed); err == nil {
			t.Error("it is still owed")
		}
		old, err := os.Lstat(w.file("a"))
		w.check(err)
		if now, err := os.Lstat(w.newestCopy("a")); err != nil || now.ModTime() != old.ModTime() {
			t.Errorf("the newest copy is of %v, %v", now.ModTime(), err)
		}
		w.config = "watch: [" + w.src + "]\ncopies: none\n"
		w.write("a", "four")
		w.run(1)
		if _, err := os.Lstat(owed); err == nil {
			t.Error("what is not wanted is owed")
		}
	}
}

// TestSkippedCopiesAreRebuilt checks that copies rebuild writes them too.
func TestSkippedCopiesAreRebuilt(t *testing.T) {
	w := newWorld(t)
	w.config = "watch: [" + w.src + "]\ncopies: {min-free: 100%}\n"
	w.write("a", "1")
	w.run(1)
	w.check(w.locked(func(r *repo.Writer) error {
		_, err := r.RebuildCopies(t.Context(), repo.RebuildOptions{})
		return err
	}))
	if _, err := os.Lstat(filepath.Join(w.dest, ".git/timemachine/owed")); err == nil {
		t.Error("it is still owed")
	}
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}
