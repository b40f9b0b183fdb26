package repo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/refusal"
)

// TestNothingUncoveredGoes: a pack is not removed for one that lacks an object of its, is cut
// short, or is not there, whatever the caller says.
func TestNothingUncoveredGoes(t *testing.T) {
	h := newPast(t)
	h.run("/etc/a")
	first := strings.TrimSuffix(filepath.Base(h.newestPack()), ".pack")
	// is not added to
	h.check(os.WriteFile(filepath.Join(h.dest, ".git/objects/pack", first+".keep"), nil, 0o600))
	h.run("/etc/b")
	second := strings.TrimSuffix(filepath.Base(h.newestPack()), ".pack")
	h.check(os.Remove(filepath.Join(h.dest, ".git/objects/pack", first+".keep")))
	if first == second {
		t.Fatal("one pack")
	}
	h.run("/etc/c") // begins with all of second
	third := strings.TrimSuffix(filepath.Base(h.newestPack()), ".pack")
	path := func(name, suffix string) string { return filepath.Join(h.dest, ".git/objects/pack", name+suffix) }
	there := func(name string) bool {
		_, err := os.Lstat(path(name, ".pack"))
		return err == nil
	}
	if there(second) || !there(first) {
		t.Fatal("second is not in third")
	}
	var said []string
	h.r.work.SetWarn(func(_, msg string, _ refusal.Remedy) { said = append(said, msg) })
	h.check(h.r.work.Retire(third, first))
	h.check(h.r.work.Retire("pack-"+strings.Repeat("0", 40), first))
	if !there(first) || len(said) != 1 || !strings.Contains(said[0], "not all that it holds") {
		t.Errorf("it is gone, or nothing is said: %q", said)
	}
	twin := "pack-" + strings.Repeat("1", 40) // the same, cut short
	for _, suffix := range []string{".pack", ".idx"} {
		b, err := os.ReadFile(path(third, suffix))
		h.check(err)
		if suffix == ".pack" {
			b = b[:len(b)-1]
		}
		h.check(os.WriteFile(path(twin, suffix), b, 0o600))
	}
	h.check(h.r.work.Retire(twin, third))
	if !there(third) {
		t.Error("it went for one that is cut short")
	}
}
