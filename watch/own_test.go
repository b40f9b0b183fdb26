package watch_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWhatTimemachineWrites is never a source, by whatever path a scan meets it. It does not matter
// whether an entry names it.
func TestWhatTimemachineWrites(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	w := newWorldIn(t, base)
	state, etc := filepath.Join(w.src, "state"), filepath.Join(w.src, "etc")
	w.own.Folders = []string{state}
	w.own.LogFolder, w.own.IsLog = etc, func(name string) bool { return name == "run.log" || name == "run-1.log" }
	w.own.IsTemporary = func(name string) bool { return name == "temporary" }
	for _, name := range []string{"state/a", "state/d/b", "etc/run.log", "etc/run-1.log", "etc/temporary", "etc/config.dat", "etc/run-users.log", "run.log"} {
		w.write(name, name)
	}
	w.check(os.Symlink(filepath.Join(etc, "run.log"), filepath.Join(base, "log")))
	w.check(os.Symlink(etc, filepath.Join(base, "folder")))
	w.check(os.Symlink(state, filepath.Join(base, "state")))
	w.check(os.Symlink(w.dest, filepath.Join(base, "another")))
	want := []string{"etc/config.dat", "etc/run-users.log", "run.log"}
	w.run(len(want))
	w.wantTree(want...)

	for _, entry := range []string{"src/state", "src/state/d", "src/state/d/b", "src/etc/run.log", "src/etc/temporary", "log", "folder/run-1.log", "state", "state/d", "state/a",
		"dest", "dest/files", "dest/files" + w.src, "dest/.git", "dest/.git/config", "dest/copies/", "another", "another/files", "another/.git/config"} {
		w.list(w.src, filepath.Join(base, entry))
		if p := w.run(0); len(p) != 1 {
			t.Errorf("%s: problems %v", entry, p)
		}
	}
	w.list(w.src, filepath.Join(base, "folder")+"/*.log")
	w.run(1)
	w.wantTree(append([]string{"files" + filepath.Join(base, "folder/run-users.log")}, want...)...)
}
