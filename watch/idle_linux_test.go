package watch_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/refusal"
)

// opened calls f and returns the names in the folders that any process opened meanwhile.
func opened(t *testing.T, f func(), folders ...string) []string {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	for _, folder := range folders {
		if _, err := unix.InotifyAddWatch(fd, folder, unix.IN_OPEN); err != nil {
			t.Fatal(err)
		}
	}
	f()
	var names []string
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.Read(fd, buf)
		if err != nil || n <= 0 {
			return names
		}
		for rest := buf[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			size := int(rest[12]) | int(rest[13])<<8
			name, _, _ := bytes.Cut(rest[16:16+size], []byte{0})
			names, rest = append(names, string(name)), rest[16+size:]
		}
	}
}

// TestIdleRunOpensNoPack checks which files a run opens that finds no change. Such a run still sees
// that a pack has changed.
func TestIdleRunOpensNoPack(t *testing.T) {
	w := newWorld(t)
	w.ahead = time.Minute // so that no file is too new to be trusted
	w.write("a", "1")
	w.run(1)
	w.run(0)
	git := filepath.Join(w.dest, ".git")
	idle := func() {
		if _, _, err := w.try(); err != nil {
			t.Fatal(err)
		}
	}
	isPackOrIndex := func(name string) bool {
		return slices.Contains([]string{".pack", ".idx"}, filepath.Ext(name)) || name == "index"
	}
	at := []string{git, filepath.Join(git, "objects/pack")}
	idle() // the clone that w.run makes links the packs, which changes their ctime
	if names := opened(t, idle, at...); slices.ContainsFunc(names, isPackOrIndex) {
		t.Errorf("an idle run opens %q", names)
	}
	w.write("a", "2")
	if names := opened(t, func() { w.run(1) }, at...); !slices.ContainsFunc(names, isPackOrIndex) {
		t.Errorf("a run that commits opens only %q", names)
	}
	idle()

	packs, err := filepath.Glob(filepath.Join(git, "objects/pack/*.pack"))
	w.check(err)
	for _, pack := range packs {
		w.check(os.Rename(pack, pack+"-gone"))
	}
	_, _, err = w.try()
	if state := (*refusal.Error)(nil); !errors.As(err, &state) || state.Kind != refusal.Damaged {
		t.Errorf("packs that are gone: %v", err)
	}
	for _, pack := range packs {
		w.check(os.Rename(pack+"-gone", pack))
		w.check(os.Chmod(pack, 0o600))
		w.check(os.WriteFile(pack, make([]byte, 4096), 0o600))
	}
	_, _, err = w.try()
	if state := (*refusal.Error)(nil); !errors.As(err, &state) || state.Kind != refusal.Damaged {
		t.Errorf("packs that hold zeros: %v", err)
	}
}
